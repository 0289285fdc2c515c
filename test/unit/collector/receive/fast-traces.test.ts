import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSpanFault, type TimeBounds, timeBounds } from '../../../../collector/map/fault.ts';
import { mapSpan } from '../../../../collector/map/span.ts';
import { FastTraces } from '../../../../collector/receive/fast-traces.ts';
import { describeItem, serviceOf } from '../../../../collector/receive/findings.ts';
import { MalformedBody } from '../../../../collector/receive/otlp.ts';
import { decodeTraces } from '../../../../collector/receive/protobuf.ts';
import { ColumnBatch, type RowSink } from '../../../../collector/write/column-batch.ts';
import { KnownMessages } from '../../../../collector/write/known-messages.ts';
import { createLoadGenerator } from '../../../support/load-generator.ts';
import { loadProfiles } from '../../../support/load-model.ts';
import { mutatedBodies, seedBodies } from '../../../support/mutated-bodies.ts';
import { encodeProtobuf, type WireAttribute, type WireTraces } from '../../../support/otlp-encode.ts';
import { makeSyntheticTraces } from '../../../support/synthetic-traces.ts';

const nowMs = Date.UTC(2026, 10, 23);
const bounds = timeBounds(nowMs, 400);
/** Long work in pieces, each of which a busy machine ends in time. */
const parts = [0, 1, 2, 3, 4];

describe('spans by plans', () => {
  it.each(loadProfiles)('become the rows that decoder and mapping make of them: load profile %s', (profile) => {
    const load = createLoadGenerator({ profile, spans: 6_000, start: nowMs, seed: 5, templates: 2 });
    const bodies = Array.from({ length: profile === 'agent' ? 2 : 3 }, (_, n) => load.make(n).body);
    const fast = new FastTraces();
    expectSame(fast, bodies);
    expect(fast.counts.planned).toBeGreaterThan(fast.counts.mapped);
  });

  it('become the same of what real SDKs sent, at first sight and later', () => {
    const bodies = traceSeeds();
    const fast = new FastTraces();
    expectSame(fast, bodies);
    expectSame(fast, bodies.toReversed());
  });

  it('become the same of traces by mixed frameworks', () => {
    const { early, late } = makeSyntheticTraces(200, { seed: 7, startMs: nowMs - 86_400_000 });
    expectSame(new FastTraces(), [...early, ...late, ...early].map(encodeProtobuf));
  });

  it('become the same, or are refused for the same, of spoilt bodies', () => {
    const fast = new FastTraces();
    expectSame(fast, traceSeeds());
    const spoilt = [...mutatedBodies(11, { count: 1_500 })].filter(
      ({ signal, encoding }) => signal === 'traces' && encoding === 'protobuf',
    );
    for (const { name, bytes } of spoilt) expectSame(fast, [bytes], name);
  });

  it.each(parts)(
    'become the same when any one of their values is another, and all else as in a span before: part %i',
    (part) => {
      const some = captureSpans().filter((_, index) => index % (4 * parts.length) === 4 * part);
      expect(some.length).toBeGreaterThan(0);
      for (const single of some) {
        const count = single.resourceSpans[0]?.scopeSpans[0]?.spans[0]?.attributes?.length ?? 0;
        const others = Array.from({ length: count }, (_, at) => [
          applyChange(single, [at, { stringValue: 'other' }, undefined, undefined]),
          applyChange(single, [at, { intValue: '7' }, undefined, undefined]),
          applyChange(single, [at, { intValue: '8' }, undefined, undefined]),
          applyChange(single, [at, { stringValue: 'error' }, undefined, undefined]),
          applyChange(single, [at, { doubleValue: 0 }, undefined, undefined]),
          applyChange(single, [at, { stringValue: '[{"role":"user","content":"hi"}]' }, undefined, undefined]),
        ]);
        const renamed = applyChange(single, [0, undefined, undefined, 'execute_tool other']);
        expectSame(new FastTraces(), [single, single, ...others.flat(), renamed, single].map(encodeProtobuf));
      }
    },
  );

  it.each(parts)('become the same whatever other values spans of their shape had before: part %i', (part) => {
    const singles = captureSpans();
    const changes = fc.array(
      fc.record({ span: fc.nat(singles.length - 1), changed: fc.array(change, { maxLength: 4 }), again: fc.boolean() }),
      { minLength: 4, maxLength: 12 },
    );
    fc.assert(
      fc.property(changes, (sequence) => {
        const fast = new FastTraces();
        const bodies = sequence.flatMap(({ span, changed, again }) => {
          const single = singles[span];
          if (single === undefined) return [];
          const first = encodeProtobuf(single);
          const second = encodeProtobuf(changed.reduce(applyChange, single));
          return again ? [first, second, first, second] : [first, second];
        });
        expectSame(fast, bodies);
      }),
      { numRuns: Math.ceil(150 / parts.length), ...seedOf(part) },
    );
  });
});

/** Each part has examples of its own, the same ones in every run unless the run asks for random ones. */
function seedOf(part: number): { seed?: number } {
  const { seed } = fc.readConfigureGlobal();
  return seed === undefined ? {} : { seed: seed + part };
}

interface Outcome {
  told: unknown;
  error: string | undefined;
}

/** Both ways of taking the bodies give the same bytes, rejects and counts. */
function expectSame(fast: FastTraces, bodies: readonly Buffer[], name = ''): void {
  // Another body comes in the room of the one before: what is kept of one must not be its bytes.
  const own = bodies.map((body) => Buffer.from(body));
  const quick = takeAll(
    own,
    (body, sink) => {
      const told = fast.append({ body, projectId: 'p', bounds, limitMessages: () => undefined }, sink);
      return told ?? takeSlowly(body, sink, bounds);
    },
    (body) => body.fill(0xa5),
  );
  const slow = takeAll(bodies, (body, sink) => takeSlowly(body, sink, bounds));
  expect(quick.outcomes, name).toEqual(slow.outcomes);
  expect(quick.inserts.length, name).toBe(slow.inserts.length);
  quick.inserts.forEach((bytes, index) => {
    expect(slow.inserts[index]?.equals(bytes), `insert ${String(index)} ${name}`).toBe(true);
  });
}

function takeAll(
  bodies: readonly Buffer[],
  take: (body: Buffer, sink: RowSink) => unknown,
  after: (body: Buffer) => unknown = () => undefined,
) {
  const batch = new ColumnBatch(new KnownMessages());
  const outcomes = bodies.map((body): Outcome => {
    try {
      return { told: batch.append(body.length, (sink) => take(body, sink)), error: undefined };
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
      return { told: undefined, error: error.message };
    } finally {
      after(body);
    }
  });
  const { messages, rest, release } = batch.seal();
  const inserts = [messages, ...rest].map((insert) => Buffer.concat(insert?.data ?? []));
  release();
  return { outcomes: outcomes.map(({ told, error }) => ({ error, told: withoutWeight(told) })), inserts };
}

/** Columns grow in steps, which depend on what was tried before. */
function withoutWeight(told: unknown): unknown {
  return told === undefined ? undefined : { ...(told as object), weightBytes: 0 };
}

function takeSlowly(body: Buffer, sink: RowSink, within: TimeBounds) {
  const { items, places, rejects } = decodeTraces(body);
  const all = [...rejects];
  const taken = new Map<string, number>();
  items.forEach((span, index) => {
    const reason = findSpanFault(span, within);
    const place = places[index];
    if (reason !== undefined && place !== undefined) {
      all.push({ reason, place, item: describeItem(span) });
      return;
    }
    const { row, messages } = mapSpan(span, 'p');
    sink.spans.append(row);
    sink.messages.addRows(messages);
    const service = serviceOf(span.resource);
    taken.set(service, (taken.get(service) ?? 0) + 1);
  });
  return { taken, rejects: all };
}

function traceSeeds(): Buffer[] {
  return seedBodies()
    .filter(({ signal, encoding }) => signal === 'traces' && encoding === 'protobuf')
    .map(({ bytes }) => bytes);
}

/** Requests of one span each, with what a change may change. */
function captureSpans(): WireTraces[] {
  const seeds = seedBodies().filter(({ signal, encoding }) => signal === 'traces' && encoding === 'json');
  return seeds.flatMap(({ bytes }) => {
    const decoded = JSON.parse(bytes.toString()) as WireTraces;
    const spans = decoded.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    return spans.length === 1 ? [decoded] : [];
  });
}

const text = fc.oneof(
  fc.constantFrom('', 'gpt-5', 'chat', 'execute_tool', 'none', 'error', 'TOOL', 'LLM', 'openai', '[Scrubbed due to x]'),
  fc.constantFrom('[', '[]', '["stop","length"]', '{"a":1}', '[{"role":"user","content":"hi"}]', '42', 'null', 'True'),
  fc.constantFrom('x'.repeat(1_024), 'ö'.repeat(1_024), 'x'.repeat(1_025), 'y'.repeat(3_000), '🙂'.repeat(600)),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const value: fc.Arbitrary<WireAttribute['value']> = fc.oneof(
  text.map((stringValue) => ({ stringValue })),
  fc.oneof(fc.nat(100_000), fc.maxSafeInteger(), fc.constant(0)).map((intValue) => ({ intValue: String(intValue) })),
  fc.double().map((doubleValue) => ({ doubleValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.array(text, { maxLength: 3 }).map((list) => ({
    arrayValue: { values: list.map((stringValue) => ({ stringValue })) },
  })),
);
type Change = [at: number, to: WireAttribute['value'], statusCode: number | undefined, name: string | undefined];
const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat(40),
  value,
  fc.option(fc.nat(2), { nil: undefined, freq: 6 }),
  fc.option(text, { nil: undefined, freq: 6 }),
);

/** The request with one attribute of its span changed, of the same kind where that fits: most stay in their shape. */
function applyChange(request: WireTraces, [at, to, code, name]: Change): WireTraces {
  const copy = structuredClone(request);
  const span = copy.resourceSpans[0]?.scopeSpans[0]?.spans[0];
  if (span === undefined) throw new Error('a request without a span');
  const attribute = span.attributes?.[at % Math.max(1, span.attributes.length)];
  if (attribute !== undefined && to !== undefined) attribute.value = to;
  if (code !== undefined) span.status = { code };
  if (name !== undefined) span.name = name;
  return copy;
}
