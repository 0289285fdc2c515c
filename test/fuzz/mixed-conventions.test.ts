import { randomInt } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conventions, readSpan } from '../../collector/map/conventions.ts';
import { mapSpan } from '../../collector/map/span.ts';
import { decodeTraces as decodeJson } from '../../collector/receive/json.ts';
import type { AnyValue, OtlpSpan } from '../../collector/receive/otlp.ts';
import { decodeTraces as decodeProtobuf } from '../../collector/receive/protobuf.ts';
import { loadCaptures, readCaptureBody } from '../support/captures.ts';

/** For a long run by hand. */
const mapMs = 3_000 * Number(process.env['FUZZ_TIMES'] ?? 1);
/** Give the seed of a failed run in the environment to see it again. */
const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31 - 1));
console.log(`FUZZ_SEED=${seed}`);

const spans: OtlpSpan[] = loadCaptures().flatMap(({ requests }) =>
  requests
    .filter(({ signal }) => signal === 'traces')
    .flatMap((request) => {
      const sent = readCaptureBody(request);
      const body = request.content_encoding === 'gzip' ? gunzipSync(sent) : sent;
      return (request.content_type.includes('json') ? decodeJson : decodeProtobuf)(body).items;
    }),
);

/** Attributes that tables name; half of what a mixed span has beside those of captured ones. */
const named = [
  ...new Set(
    conventions.flatMap((convention) =>
      'table' in convention ? (convention.table as { rows: { from: string }[] }).rows.map(({ from }) => from) : [],
    ),
  ),
].filter((name) => /^[\w.]+$/.test(name));

const json = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record({
    usage: fc.dictionary(fc.constantFrom('input_tokens', 'output_tokens', 'cache_read_input_tokens'), fc.integer()),
  }),
  fc.array(fc.record({ role: fc.string(), content: fc.jsonValue(), parts: fc.jsonValue() }, { requiredKeys: [] })),
);
const value: fc.Arbitrary<AnyValue> = fc.oneof(
  fc.string(),
  json.map((body) => JSON.stringify(body)),
  fc.bigInt({ min: -10n, max: 5_000n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double(),
  fc.boolean(),
  fc.array(fc.string()),
  fc.constantFrom<AnyValue>('', null, '{}', '[]', 'N/A', new Map([['a', 1n]]), new Uint8Array([1])),
);
/** Names that no convention knows. */
const unknown = fc.dictionary(fc.stringMatching(/^zz\.[a-z]{1,8}$/), fc.string({ maxLength: 40 }), { maxKeys: 3 });
const attribute = fc.tuple(
  fc.oneof(
    fc.constantFrom(...named),
    fc
      .constantFrom(...spans)
      .chain((span) => fc.constantFrom(...(span.attributes.size > 0 ? span.attributes.keys() : ['a']))),
  ),
  value,
);

/** A captured span with some attributes of another, and some of anything. */
const mixed = fc
  .record({
    first: fc.constantFrom(...spans),
    second: fc.constantFrom(...spans),
    share: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    spoilt: fc.array(attribute, { maxLength: 8 }),
    others: unknown,
  })
  .map(({ first, second, share, spoilt, others }) => {
    const some = [...second.attributes].filter((_entry, index) => share[index % share.length]);
    const attributes = new Map<string, AnyValue>([...first.attributes, ...some, ...spoilt, ...Object.entries(others)]);
    return { span: { ...first, events: [...first.events, ...second.events], attributes }, others };
  });

describe('a span that speaks several conventions at once', () => {
  it('is mapped, counts within what fits together, and keeps what was not understood', () => {
    fc.assert(
      fc.property(mixed, ({ span, others }) => {
        const { row } = mapSpan(span, 'p');
        expect(row.input_tokens).toBeGreaterThanOrEqual(row.cache_read_tokens + row.cache_write_tokens);
        expect(row.output_tokens).toBeGreaterThanOrEqual(row.reasoning_tokens);
        for (const count of [row.cache_read_tokens, row.cache_write_tokens, row.reasoning_tokens])
          expect(count).toBeGreaterThanOrEqual(0n);
        for (const [name, text] of Object.entries(others)) expect(row.attributes.get(name)).toBe(text);
        expectNothingLost(span, row);
      }),
      { seed, numRuns: 1_000_000, interruptAfterTimeLimit: mapMs, markInterruptAsFailure: false },
    );
  });
});

/** Every attribute is kept, or the reading says that a field holds it. */
function expectNothingLost(span: OtlpSpan, row: ReturnType<typeof mapSpan>['row']): void {
  const { carried } = readSpan(span);
  const kept = new Set([...row.attributes.keys(), ...row.attributes_json.keys(), ...row.content_attributes.keys()]);
  expect([...span.attributes.keys()].filter((name) => !carried.has(name) && !kept.has(name))).toEqual([]);
}
