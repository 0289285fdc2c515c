import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Logger } from 'pino';
import { makeEmitter, toReadableSpan } from './readable-span.ts';
import type { Span } from './span.ts';

export interface SenderOptions {
  /** Base address of the collector: `http://127.0.0.1:4318`. */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  /** Where keys are needed every request names its project, as header values are: UTF-8 as Latin-1. */
  namesProject?: boolean;
  /** Of this program. */
  version: string;
  log: Pick<Logger, 'warn'>;
}

/** `refused`: the collector takes no such spans, ever; `away`: it does not take them now. */
export type SendOutcome = { status: 'sent' } | { status: 'refused' | 'away'; message: string };

/** One request, the exporter's own short retries included. */
const sendTimeoutMs = 10_000;
/** Projects that are sent for by one process at a time; another one's exporter is made again. */
const exportersMax = 100;
/** The body itself is what is wrong: malformed, too large. Any other reply may change with the configuration. */
const refusals: ReadonlySet<unknown> = new Set([400, 413, 422]);

/** Sends spans as OTLP over HTTP, one request at a time. */
export class SpanSender {
  readonly #options: SenderOptions;
  readonly #exporters = new Map<string, OTLPTraceExporter>();
  readonly #emitter: ReturnType<typeof makeEmitter>;

  constructor(options: SenderOptions) {
    showWarnings(options.log);
    this.#options = options;
    this.#emitter = makeEmitter(options.version);
  }

  /** Never rejects. */
  send(spans: readonly Span[], project = 'default'): Promise<SendOutcome> {
    const readable = spans.map((span) => toReadableSpan(span, this.#emitter));
    return new Promise((resolve) => {
      this.#exporterOf(project).export(readable, ({ error }) => {
        if (error === undefined) resolve({ status: 'sent' });
        else resolve({ status: isRefusal(error) ? 'refused' : 'away', message: error.message });
      });
    });
  }

  async close(): Promise<void> {
    for (const exporter of this.#exporters.values()) await exporter.shutdown();
  }

  /** The headers of an exporter are its own for good. */
  #exporterOf(project: string): OTLPTraceExporter {
    const { endpoint, headers, namesProject = false } = this.#options;
    const name = namesProject ? project : '';
    const known = this.#exporters.get(name);
    if (known !== undefined) return known;
    const [oldest] = this.#exporters;
    if (oldest !== undefined && this.#exporters.size >= exportersMax) {
      this.#exporters.delete(oldest[0]);
      void oldest[1].shutdown();
    }
    const own = namesProject ? { 'x-sightglass-project': Buffer.from(project).toString('latin1') } : {};
    const exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
      headers: { ...headers, ...own },
      timeoutMillis: sendTimeoutMs,
    });
    this.#exporters.set(name, exporter);
    return exporter;
  }
}

function isRefusal(error: Error): boolean {
  return 'code' in error && refusals.has(error.code);
}

/** A reply that takes only some of the spans is a warning of OpenTelemetry's own log, and nothing else. */
function showWarnings(log: SenderOptions['log']): void {
  const drop = () => undefined;
  const warn = (message: string, ...details: unknown[]) => {
    log.warn({ details }, message);
  };
  diag.setLogger(
    { error: warn, warn, info: drop, debug: drop, verbose: drop },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
