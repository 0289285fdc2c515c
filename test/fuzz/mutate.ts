import fc from 'fast-check';

/** Ways to spoil a body, from a single bit to whole pieces moved about. */
export type Mutation =
  | { kind: 'flip'; at: number; bit: number }
  | { kind: 'set'; at: number; byte: number }
  | { kind: 'cut'; at: number; length: number }
  | { kind: 'repeat'; at: number; length: number; times: number }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'move'; at: number; length: number; to: number };

/** Positions are parts of the body's length, so that they fit every body. */
const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const length = fc.integer({ min: 1, max: 64 });

/** Pieces that decoders trip over: long varints, huge lengths, deep openings, numbers that are none. */
const nastyBytes = fc.constantFrom(
  ...[
    'ffffffffffffffffff01',
    '0a8080808008',
    '0b0b0b0b0b0b0b0b',
    '3a3a3a3a',
    ...[
      '[[[[[[[[',
      '{"a":{"a":',
      '1e999',
      '-0',
      '"\\ud800"',
      '12345678901234567890',
      'null',
      '{}',
      '[]',
      '""',
      ',',
      '\\u0000',
    ],
    ...['"__proto__":', '"constructor":', '"intValue":', '"doubleValue":', '"kvlistValue":{"values":['],
  ].map((text) => (/^[0-9a-f]{8,}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text))),
);

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: part, bit: fc.integer({ min: 0, max: 7 }) }),
    fc.record({ kind: fc.constant('set' as const), at: part, byte: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant('cut' as const), at: part, length }),
    fc.record({ kind: fc.constant('repeat' as const), at: part, length, times: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant('insert' as const), at: part, bytes: fc.oneof(nastyBytes, fc.uint8Array()) }),
    fc.record({ kind: fc.constant('move' as const), at: part, length, to: part }),
  ),
  { minLength: 1, maxLength: 6 },
);

export function mutate(body: Buffer, changes: readonly Mutation[]): Buffer {
  return changes.reduce(apply, body);
}

function apply(body: Buffer, change: Mutation): Buffer {
  const at = Math.floor(change.at * body.length);
  const piece = 'length' in change ? body.subarray(at, at + change.length) : Buffer.alloc(0);
  switch (change.kind) {
    case 'flip':
      return splice(body, at, 1, Buffer.from([(body[at] ?? 0) ^ (1 << change.bit)]));
    case 'set':
      return splice(body, at, 1, Buffer.from([change.byte]));
    case 'cut':
      return splice(body, at, change.length);
    case 'repeat':
      return splice(body, at, 0, ...Array.from({ length: change.times }, () => piece));
    case 'insert':
      return splice(body, at, 0, Buffer.from(change.bytes));
    case 'move':
      return splice(splice(body, at, change.length), Math.floor(change.to * body.length), 0, piece);
  }
}

function splice(body: Buffer, at: number, removed: number, ...inserted: Buffer[]): Buffer {
  return Buffer.concat([body.subarray(0, at), ...inserted, body.subarray(at + removed)]);
}
