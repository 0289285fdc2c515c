import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { Logger } from 'pino';
import { makeEmitter, toReadableSpan } from './readable-span.ts';
import type { Span } from './span.ts';

export interface SenderOptions {
  /** Base address of the collector: `http://127.0.0.1:4318`. */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  /** Of this program. */
  version: string;
  log: Pick<Logger, 'warn'>;
}

/** `refused`: the collector takes no such spans, ever; `away`: it does not take them now. */
export type SendOutcome = { status: 'sent' } | { status: 'refused' | 'away'; message: string };

/** One request, the exporter's own short retries included. */
const sendTimeoutMs = 10_000;
/** The body itself is what is wrong: malformed, too large. Any other reply may change with the configuration. */
const refusals: ReadonlySet<unknown> = new Set([400, 413, 422]);

/** Sends spans as OTLP over HTTP, one request at a time. */
export class SpanSender {
  readonly #exporter: OTLPTraceExporter;
  readonly #emitter: ReturnType<typeof makeEmitter>;

  constructor({ endpoint, headers, version, log }: SenderOptions) {
    showWarnings(log);
    const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
    this.#exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: sendTimeoutMs });
    this.#emitter = makeEmitter(version);
  }

  /** Never rejects. */
  send(spans: readonly Span[]): Promise<SendOutcome> {
    const readable = spans.map((span) => toReadableSpan(span, this.#emitter));
    return new Promise((resolve) => {
      this.#exporter.export(readable, ({ error }) => {
        if (error === undefined) resolve({ status: 'sent' });
        else resolve({ status: isRefusal(error) ? 'refused' : 'away', message: error.message });
      });
    });
  }

  async close(): Promise<void> {
    await this.#exporter.shutdown();
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
