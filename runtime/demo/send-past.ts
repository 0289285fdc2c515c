import { join } from 'node:path';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { loadAgents } from '../definition/load-agents.ts';
import type { LoadedAgent } from '../definition/read-definition.ts';
import { toReadableSpan } from '../telemetry/readable-span.ts';
import type { Span } from '../telemetry/span.ts';
import { turnSpans } from '../telemetry/turn-spans.ts';
import { playDay } from './past-conversations.ts';
import { listPastDays } from './past-days.ts';

export interface PastOptions {
  todayMs: number;
  days: number;
  otlpUrl: string;
  /** Where it is asked what is there already. */
  uiUrl: string;
  /** Where keys are needed. */
  key?: string | undefined;
  signal: AbortSignal;
  /** After each day that was sent. */
  onDay?: (date: string, conversations: number) => void;
}

const samplesDir = join(import.meta.dirname, '..', 'examples');
const spansPerRequest = 200;
const requestLimitMs = 30_000;
const emitter = {
  resource: resourceFromAttributes({
    'service.name': 'demo-past-conversations',
    'deployment.environment.name': 'demo',
  }),
  scope: { name: 'sightglass.demo', version: '1' },
};

/**
 * Sends the conversations of past days to the collector, as a client of OpenTelemetry does. Ids depend on the day alone, and a
 * day that is there already is left out, so that nothing is ever there twice. Throws when the collector refuses.
 */
export async function sendPast({ todayMs, days, otlpUrl, uiUrl, key, signal, onDay }: PastOptions): Promise<number> {
  const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
  const agents = loadSamples();
  const exporter = new OTLPTraceExporter({ url: `${otlpUrl}/v1/traces`, headers, timeoutMillis: requestLimitMs });
  // Asked anew each time: it changes while requests are under way.
  const isStopped = () => signal.aborted;
  let sent = 0;
  try {
    for (const day of listPastDays(todayMs, days)) {
      if (isStopped()) break;
      const conversations = playDay(day, agents);
      // The last one that is sent tells whether all of them arrived.
      const spans = conversations.map((records) => records.flatMap((record) => turnSpans(record)));
      const last = spans.at(-1)?.[0];
      if (last === undefined || (await isStored(uiUrl, last.traceId, headers))) continue;
      const all = spans.flat();
      for (let i = 0; i < all.length; i += spansPerRequest) {
        if (isStopped()) break;
        await send(exporter, all.slice(i, i + spansPerRequest));
      }
      sent += conversations.length;
      onDay?.(day.date, conversations.length);
    }
  } finally {
    await exporter.shutdown();
  }
  return sent;
}

function loadSamples(): LoadedAgent[] {
  const loaded = loadAgents([samplesDir], undefined);
  if ('faults' in loaded) throw new Error(loaded.faults.join('\n'));
  return loaded.agents;
}

async function isStored(uiUrl: string, traceId: string, headers: Record<string, string>): Promise<boolean> {
  const response = await fetch(`${uiUrl}/api/traces/${traceId}`, {
    headers,
    signal: AbortSignal.timeout(requestLimitMs),
  });
  await response.arrayBuffer();
  return response.ok;
}

function send(exporter: OTLPTraceExporter, spans: readonly Span[]): Promise<void> {
  return new Promise((resolve, reject) => {
    exporter.export(
      spans.map((span) => toReadableSpan(span, emitter)),
      ({ error }) => (error === undefined ? resolve() : reject(error)),
    );
  });
}
