import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { attributesOf, encodeProtobuf, tracesOf } from './otlp-encode.ts';

export interface Freshness {
  /** From the post of a span to an answer of the API that holds it. */
  readableMs: number;
  /** From the post to an answer that holds its cost. */
  bookedMs: number;
}

/** How finely the two are measured. */
const readableEveryMs = 50;
const bookedEveryMs = 200;
const patienceMs = 60_000;
const project = 'probe';

/** Sends one priced model call of a session of its own and asks for it until it is there. Throws when it does not come in a minute. */
export async function probeFreshness({ otlp, api }: { otlp: string; api: string }): Promise<Freshness> {
  const traceId = randomBytes(16).toString('hex');
  const began = performance.now();
  const body = encodeProtobuf(tracesOf([probeSpan(traceId)]));
  const headers = { 'content-type': 'application/x-protobuf', 'x-sightglass-project': project };
  // As any exporter does, again when it was not acknowledged; a connection may be closed just as it is used.
  await waitFor(began, readableEveryMs, async () => {
    const reply = await fetch(`${otlp}/v1/traces`, { method: 'POST', headers, body: new Uint8Array(body) });
    await reply.arrayBuffer();
    return reply.ok;
  });
  const [readableMs, bookedMs] = await Promise.all([
    waitFor(began, readableEveryMs, async () => {
      const answer = await fetch(`${api}/api/traces/${traceId}?project=${project}`);
      await answer.arrayBuffer();
      return answer.ok;
    }),
    waitFor(began, bookedEveryMs, async () => {
      const answer = await fetch(`${api}/api/costs?project=${project}&session=${traceId}`);
      const { totals } = (await answer.json()) as { totals?: { cost: { usd: string | null } } };
      return typeof totals?.cost.usd === 'string';
    }),
  ]);
  return { readableMs, bookedMs };
}

async function waitFor(began: number, everyMs: number, isThere: () => Promise<boolean>): Promise<number> {
  while (performance.now() - began < patienceMs) {
    if (await isThere().catch(() => false)) return performance.now() - began;
    await sleep(everyMs);
  }
  throw new Error(`a span was not there after ${patienceMs} ms`);
}

function probeSpan(traceId: string) {
  const now = BigInt(Date.now()) * 1_000_000n;
  return {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    name: 'chat gpt-4o-mini',
    kind: 3,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 1_000_000n),
    attributes: attributesOf({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o-mini',
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 10,
      'session.id': traceId,
    }),
  };
}
