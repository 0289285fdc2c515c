import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, parseJson, rawDigits } from '../../../../collector/lossless-json.ts';
import {
  json,
  number,
  structured,
  structuredContent,
  text,
  texts,
  typedJson,
} from '../../../../collector/map/value.ts';
import type { AnyValue } from '../../../../collector/receive/otlp.ts';

describe('typedJson', () => {
  it.each([
    [5n, '5'],
    [-9223372036854775808n, '-9223372036854775808'],
    [5, '5.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [1e21, '1e+21'],
    [NaN, '"NaN"'],
    [-Infinity, '"-Infinity"'],
    [true, 'true'],
    [null, 'null'],
    ['x"\n', '"x\\"\\n"'],
    ['\ud800', '"\\ud800"'],
    [Uint8Array.from([0, 255]), '{"bytesValue":"AP8="}'],
    [[1n, [2]], '[1,[2.0]]'],
    [new Map([['__proto__', 'x']]), '{"__proto__":"x"}'],
  ] as [AnyValue, string][])('writes %s as %s', (value, written) => {
    expect(typedJson(value)).toBe(written);
  });

  it('gives any value back when it is read again', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(readTyped(parseJson(typedJson(value)), typedJson(value))).toEqual(withoutNames(value));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps ints and doubles apart', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        expect(typedJson(double)).toMatch(/[.e]/);
        expect(Number(typedJson(double))).toBe(double);
      }),
    );
  });
});

describe('json', () => {
  it('keeps large integers exact', () => {
    expect(JSON.stringify(json([9007199254740993n, 7n]))).toBe('[9007199254740993,7]');
  });
});

describe('structured', () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['42', 42],
    ['plain', 'plain'],
    ['', ''],
    ['{"cut', '{"cut'],
  ] as [string, Json][])('reads %j', (sent, read) => {
    expect(structured(sent)).toEqual(read);
  });

  it('leaves text that only looks like a value alone where it may be text', () => {
    expect(structuredContent('42')).toBe('42');
    expect(structuredContent('null')).toBe('null');
    expect(structuredContent(' [1]')).toEqual([1]);
    expect(structuredContent('"quoted"')).toBe('quoted');
  });
});

describe('text', () => {
  it('takes numbers and booleans as their text and nothing for nothing', () => {
    expect([text(5n), text(1.5), text(false), text(''), text(null), text([])]).toEqual([
      ...['5', '1.5', 'false', undefined, undefined, undefined],
    ]);
  });

  it('cuts ids between characters', () => {
    expect(text('😀'.repeat(5000))).toHaveLength(2048);
    expect(text(`x${'😀'.repeat(5000)}`)?.isWellFormed()).toBe(true);
  });
});

describe('number', () => {
  it.each<[AnyValue | undefined, number | undefined]>([
    [0.5, 0.5],
    [2n, 2],
    ['0.25', 0.25],
    ['', undefined],
    [' ', undefined],
    ['much', undefined],
    [Number.NaN, undefined],
    [true, undefined],
    [undefined, undefined],
  ])('of %s is %s', (value, expected) => {
    expect(number(value)).toBe(expected);
  });
});

describe('texts', () => {
  it.each([
    [
      ['stop', 'length'],
      ['stop', 'length'],
    ],
    ['["stop","length"]', ['stop', 'length']],
    ['stop', ['stop']],
    ['[broken', ['[broken']],
    ['', []],
    [undefined, []],
  ] as [AnyValue | undefined, string[]][])('reads %j', (value, read) => {
    expect(texts(value)).toEqual(read);
  });
});

/** Everything that OTLP can carry, to some depth. */
const { anyValue } = fc.letrec<{ anyValue: AnyValue }>((tie) => ({
  anyValue: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.uint8Array(),
    fc.array(tie('anyValue'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.string(), tie('anyValue')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  ),
}));

/** The value as the reader of a row sees it: by the form of its JSON, as the attribute columns promise. */
function readTyped(value: Json, written: string): unknown {
  if (typeof value === 'number' || rawDigits(value) !== undefined) {
    return /[.e]/.test(written) ? Number(written) : BigInt(written);
  }
  return JSON.parse(written, (_key, entry: unknown, { source }: { source?: string }) => {
    if (typeof entry !== 'number' || source === undefined) return entry;
    return /[.e]/.test(source) ? entry : BigInt(source);
  });
}

function withoutNames(value: AnyValue): unknown {
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, entry]) => [key, withoutNames(entry)]));
  return Array.isArray(value) ? value.map(withoutNames) : value;
}
