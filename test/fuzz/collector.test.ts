import { randomInt } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as json from '../../collector/receive/json.ts';
import { MalformedBody } from '../../collector/receive/otlp.ts';
import * as protobuf from '../../collector/receive/protobuf.ts';
import { tables } from '../../migrations/schema.ts';
import { loadCaptures, readCaptureBody } from '../support/captures.ts';
import { useDatabase } from '../support/database.ts';
import { decodeMessage } from '../support/otlp-encode.ts';
import { type LiveCollector, startLiveCollector } from '../integration/collector/live-collector.ts';
import { mutate, type Mutation, mutations } from './mutate.ts';

/** For a long run by hand. */
const times = Number(process.env['FUZZ_TIMES'] ?? 1);
const decodeMs = 3_000 * times;
const receiveMs = 5_000 * times;
/** Give the seed of a failed run in the environment to see it again. */
const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31 - 1));
console.log(`FUZZ_SEED=${seed}`);

interface Body {
  signal: 'traces' | 'logs';
  contentType: string;
  bytes: Buffer;
}

const bodies: Body[] = loadCaptures().flatMap(({ requests }) =>
  requests.map((request) => ({
    signal: request.signal,
    contentType: request.content_type,
    bytes: request.content_encoding === 'gzip' ? gunzipSync(readCaptureBody(request)) : readCaptureBody(request),
  })),
);
const anyBody = fc.noShrink(fc.constantFrom(...bodies));
const spoilt = fc.tuple(anyBody, mutations);

function run<Value>(arbitrary: fc.Arbitrary<Value>, limitMs: number, check: (value: Value) => Promise<void> | void) {
  return fc.assert(
    fc.asyncProperty(arbitrary, async (value) => check(value)),
    { seed, numRuns: 1_000_000, interruptAfterTimeLimit: limitMs, markInterruptAsFailure: false },
  );
}

/** How many items the body holds, the malformed ones included; 0 where it cannot be read. */
function decode({ signal, contentType }: Body, bytes: Uint8Array): number {
  const decoder = isJson(contentType) ? json : protobuf;
  try {
    const { items, places, rejects } = signal === 'traces' ? decoder.decodeTraces(bytes) : decoder.decodeLogs(bytes);
    expect(places).toHaveLength(items.length);
    return items.length + rejects.length;
  } catch (error) {
    if (error instanceof MalformedBody) return 0;
    throw error;
  }
}

function isJson(contentType: string): boolean {
  return contentType.startsWith('application/json');
}

const replies = {
  traces: { type: 'ExportTraceServiceResponse', field: 'rejectedSpans' },
  logs: { type: 'ExportLogsServiceResponse', field: 'rejectedLogRecords' },
} as const;

/** How many items the reply says were not stored. */
function rejectedIn({ signal, contentType }: Body, reply: Uint8Array): number {
  const { type, field } = replies[signal];
  const decoded = isJson(contentType)
    ? (JSON.parse(Buffer.from(reply).toString()) as object)
    : decodeMessage(type, reply);
  const { partialSuccess } = decoded as { partialSuccess?: Record<string, string> };
  return Number(partialSuccess?.[field] ?? 0);
}

describe('the decoders', () => {
  it(
    'throw nothing but MalformedBody on spoilt bodies',
    () =>
      run(spoilt, decodeMs, ([body, changes]) => {
        decode(body, mutate(body.bytes, changes));
      }),
    10_000 + decodeMs,
  );

  it('throw nothing but MalformedBody on any bytes', () =>
    run(fc.tuple(anyBody, fc.uint8Array({ maxLength: 300 })), 500, ([body, bytes]) => {
      decode(body, bytes);
    }));

  it('throw nothing but MalformedBody on any JSON', () =>
    run(fc.tuple(anyBody, fc.json({ maxDepth: 6 })), 500, ([body, text]) => {
      decode({ ...body, contentType: 'application/json' }, Buffer.from(text));
    }));
});

describe('the receiver', () => {
  let collector: LiveCollector;
  beforeAll(() => {
    collector = startLiveCollector(useDatabase(), { limits: { gatherMs: 0 } });
  });
  afterAll(() => collector.close());

  it(
    'never fails on spoilt bodies, and what it accepts is there to be read',
    async () => {
      const accepted = { traces: 0, logs: 0 };
      const post = async ([body, changes]: [Body, Mutation[]]) => {
        const bytes = mutate(body.bytes, changes);
        const reply = await collector.app.request(`/v1/${body.signal}`, {
          method: 'POST',
          headers: { host: 'localhost', 'content-type': body.contentType, 'x-sightglass-project': collector.projectId },
          body: new Uint8Array(bytes),
        });
        const sent = new Uint8Array(await reply.arrayBuffer());
        if (reply.status === 200) accepted[body.signal] += decode(body, bytes) - rejectedIn(body, sent);
        else expect(reply.status).toBe(400);
      };
      let underWay: Promise<unknown> = Promise.resolve();
      // Many at a time share their inserts, so that seconds are enough for thousands.
      await run(fc.array(spoilt, { minLength: 50, maxLength: 100 }), receiveMs, async (batch) => {
        underWay = Promise.all(batch.map(post));
        await underWay;
      });
      await underWay; // the run that the time limit left behind
      console.log(`accepted ${JSON.stringify(accepted)}`);
      const count = async (table: string) => {
        const query = `SELECT toString(count()) AS n FROM ${table} WHERE project_id = {project:String}`;
        return Number((await collector.rows<{ n: string }>(query))[0]?.n);
      };
      expect(accepted.traces).toBeGreaterThan(0);
      expect({ traces: await count(tables.spans), logs: await count(tables.spanEvents) }).toEqual(accepted);
    },
    20_000 + receiveMs,
  );
});
