import { randomBytes } from 'node:crypto';
import type { SeedBody } from '../support/mutated-bodies.ts';
import { attributesOf, encodings, tracesOf, type WireSpan } from '../support/otlp-encode.ts';

const span = (attributes: Record<string, unknown> = {}): WireSpan => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
  startTimeUnixNano: '1795376864718189541',
  attributes: attributesOf(attributes),
});

/** JSON of a good span with a number of many digits, and one that nests ten thousand levels deep. */
function deepBody(): Buffer {
  const value = `${'{"arrayValue":{"values":['.repeat(10_000)}{}${']}}'.repeat(10_000)}`;
  const deep = JSON.stringify(span()).replace('"attributes":[]', `"attributes":[{"key":"k","value":${value}}]`);
  const good = JSON.stringify(span({ cost: 0.1234567890123456 }));
  return Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${deep},${good}]}]}]}`);
}

const encode = (spans: WireSpan[]) => encodings.protobuf.encode(tracesOf(spans));

/** What the fuzz run or an attack by hand found; each holds this many good spans. */
export const onceFailed: readonly [what: string, body: SeedBody, good: number][] = [
  ['JSON too deep to be walked with a reviver', { signal: 'traces', encoding: 'json', bytes: deepBody() }, 1],
  [
    'a first token in the year 275760',
    {
      signal: 'traces',
      encoding: 'protobuf',
      bytes: encode([
        span({
          'langfuse.observation.type': 'generation',
          'langfuse.observation.completion_start_time': '"+275760-09-13T00:00:00.000Z"',
        }),
        span(),
      ]),
    },
    2,
  ],
  [
    'a megabyte of broken characters',
    {
      signal: 'traces',
      encoding: 'protobuf',
      bytes: encode([span({ a: `${'\uFFFD'.repeat(349_000)}${'x'.repeat(5_000)}` }), span()]),
    },
    2,
  ],
];
