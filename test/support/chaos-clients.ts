import { setTimeout as sleep } from 'node:timers/promises';
import { createLoadGenerator } from './load-generator.ts';
import type { LoadTotals } from './load-template.ts';
import { decodeSpans } from './otlp-decode.ts';

/** What exporters do: keep connections open, and send the same body again until it is acknowledged. */
export interface ChaosClients {
  /** Sums of every body that was acknowledged. */
  acknowledged: LoadTotals;
  /** `trace id span id` of every span of those bodies. */
  ids: Set<string>;
  /** How often each status came; 0: no answer. */
  statuses: Map<number, number>;
  /** Resolves when every body that was begun is acknowledged. */
  stop(): Promise<void>;
}

const clients = 6;
const spansPerBody = 40;
/** As exporters do: a request that takes longer is given up and sent again. */
const patienceMs = 10_000;

/** Sends until it is stopped; `url` is asked before each request, because a killed collector comes back elsewhere. */
export function startChaosClients(url: () => string, seed: number): ChaosClients {
  const generator = createLoadGenerator({
    profile: 'mixed',
    batch: spansPerBody,
    seed,
    spans: 10_000_000,
    templates: 8,
  });
  const acknowledged: LoadTotals = {
    ...{ spans: 0, traces: 0, errors: 0, modelCalls: 0, inputTokens: 0, outputTokens: 0, cachedTokens: 0 },
  };
  const ids = new Set<string>();
  const statuses = new Map<number, number>();
  let next = 0;
  let isRunning = true;
  const run = async () => {
    while (isRunning) {
      const { body, totals } = generator.make(next++);
      for (;;) {
        const status = await post(url(), body);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 200) break;
        await sleep(100 + 200 * Math.random());
      }
      for (const [name, value] of Object.entries(totals) as [keyof LoadTotals, number][]) acknowledged[name] += value;
      const spans = decodeSpans({ body, contentType: 'application/x-protobuf' });
      for (const { traceId, spanId } of spans) ids.add(`${traceId} ${spanId}`);
      await sleep(40 * Math.random());
    }
  };
  const all = Promise.all(Array.from({ length: clients }, run));
  return {
    acknowledged,
    ids,
    statuses,
    stop: async () => {
      isRunning = false;
      await all;
    },
  };
}

async function post(url: string, body: Buffer): Promise<number> {
  try {
    const reply = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(patienceMs),
    });
    const answer = await reply.arrayBuffer();
    // A 200 with a body is a partial success: nothing of this load may be rejected.
    return reply.status === 200 && answer.byteLength > 0 ? 206 : reply.status;
  } catch {
    return 0;
  }
}
