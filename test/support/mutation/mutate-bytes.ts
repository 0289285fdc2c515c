import type { Dice } from './dice.ts';

/** Pieces that decoders trip over: long varints, huge lengths, groups, half a character, deep openings, names. */
const pieces = [
  ...[
    'ffffffffffffffffff01',
    '0a8080808008',
    '0b0b0b0b0b0b0b0b',
    '3a3a3a3a',
    'c3',
    'eda080',
    'f4908080',
    'fffe',
    '00',
  ].map((hex) => Buffer.from(hex, 'hex')),
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
  ].map((text) => Buffer.from(text)),
  ...['"__proto__":', '"constructor":', '"intValue":', '"doubleValue":', '"kvlistValue":{"values":['].map((text) =>
    Buffer.from(text),
  ),
];

/** The body with a few changes to its bytes, whatever they mean; `other` is what pieces are taken from. */
export function mutateBytes(body: Buffer, other: Buffer, dice: Dice): Buffer {
  let changed = body;
  for (let left = 1 + dice.below(3); left > 0; left -= 1) changed = change(changed, other, dice);
  return changed;
}

function change(body: Buffer, other: Buffer, dice: Dice): Buffer {
  const at = dice.below(body.length);
  const length = 1 + dice.below(64);
  const piece = body.subarray(at, at + length);
  switch (dice.below(8)) {
    case 0:
      return splice(body, at, 1, Buffer.from([(body[at] ?? 0) ^ (1 << dice.below(8))]));
    case 1:
      return splice(body, at, 1, Buffer.from([dice.below(256)]));
    case 2:
      return splice(body, at, length);
    case 3:
      return splice(body, at, 0, ...Array.from({ length: 1 + dice.below(20) }, () => piece));
    case 4:
      return splice(body, at, 0, dice.pickAny(pieces) ?? piece);
    case 5:
      return splice(splice(body, at, length), dice.below(body.length), 0, piece);
    case 6:
      return body.subarray(0, at);
    default: {
      const from = dice.below(other.length);
      return Buffer.concat([body.subarray(0, at), other.subarray(from)]);
    }
  }
}

function splice(body: Buffer, at: number, removed: number, ...inserted: Buffer[]): Buffer {
  return Buffer.concat([body.subarray(0, at), ...inserted, body.subarray(at + removed)]);
}
