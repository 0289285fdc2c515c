import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  embeddedJsonLimits,
  measureJson,
  parseJson,
  rawDigits,
  tryParseJson,
} from '../../../collector/lossless-json.ts';

describe('parseJson', () => {
  it.each([
    '12345678901234567890',
    '-9007199254740993',
    '{"id":9007199254740993}',
    '[1,2,18446744073709551615]',
    '{"a":[{"b": 12345678901234567890}]}',
    '0.1234567890123456789',
    '1e400',
    '-1.5e-400',
    '{"x":\n12345678901234567890}',
  ])('writes %s out as it came in', (text) => {
    expect(JSON.stringify(parseJson(text))).toBe(text.replace(/\s/g, ''));
  });

  it.each([
    ['1.0', 1],
    ['1e3', 1000],
    ['5e-1', 0.5],
    ['123456789012345', 123456789012345],
    ['9007199254740992', 9007199254740992],
    ['0.1', 0.1],
    ['0e5', 0],
  ])('keeps %s a number', (text, number) => {
    expect(parseJson(text)).toBe(number);
  });

  it('takes digits in a string for text', () => {
    expect(parseJson('{"a":"x: 12345678901234567890"}')).toEqual({ a: 'x: 12345678901234567890' });
  });

  it('keeps the last of two equal keys', () => {
    expect(JSON.stringify(parseJson('{"a":1,"a":12345678901234567890}'))).toBe('{"a":12345678901234567890}');
    expect(parseJson('{"a":12345678901234567890,"a":1}')).toEqual({ a: 1 });
  });

  it('keeps __proto__ an ordinary key', () => {
    const parsed = parseJson('{"__proto__":{"polluted":12345678901234567890}}');
    expect(JSON.stringify(parsed)).toBe('{"__proto__":{"polluted":12345678901234567890}}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps a lone surrogate', () => {
    expect(JSON.stringify(parseJson('["\\ud800"]'))).toBe('["\\ud800"]');
  });

  it.each([10_000, 1_000_000])('reads null below 512 levels, %i deep, and what stands beside', (depth) => {
    const deep = `${'[{"a]":'.repeat(depth / 2)}"x"${'}]'.repeat(depth / 2)}`;
    const text = `{"before":12345678901234567890,"deep":${deep},"deep too":[${deep},7,${deep}],"after":[1]}`;
    const parsed = parseJson(text) as Record<string, unknown>;
    expect(Object.keys(parsed)).toEqual(['before', 'deep', 'deep too', 'after']);
    expect(rawDigits(parsed['before'])).toBe('12345678901234567890');
    expect(parsed['after']).toEqual([1]);
    expect(measureJson(JSON.stringify(parsed))).toMatchObject({ depth: 512 });
    expect(() => parseJson(text.slice(0, -1))).toThrow(SyntaxError);
    expect(() => parseJson(deep.slice(0, depth))).toThrow(SyntaxError);
  });

  it('reads 512 levels whole', () => {
    const text = `${'['.repeat(512)}12345678901234567890${']'.repeat(512)}`;
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it.each(['', '{', '{"a":1,}', 'NaN', "{'a':1}", '1 2'])('throws on %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
    expect(tryParseJson(text)).toBeUndefined();
  });

  it('gives any JSON value back', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(JSON.parse(JSON.stringify(parseJson(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('gives the digits of any integer back, wherever it stands', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (int) => {
        const digits = String(int);
        expect(JSON.stringify(parseJson(digits))).toBe(digits);
        expect(JSON.stringify(parseJson(`{"a":[${digits}, ${digits}]}`))).toBe(`{"a":[${digits},${digits}]}`);
      }),
    );
  });
});

describe('rawDigits', () => {
  it('gives the digits of a number that a double cannot hold', () => {
    expect(rawDigits(parseJson('12345678901234567890'))).toBe('12345678901234567890');
    expect(rawDigits(5)).toBeUndefined();
    expect(rawDigits('5')).toBeUndefined();
    expect(rawDigits({ rawJSON: '5' })).toBeUndefined();
  });
});

describe('tryParseJson', () => {
  it('leaves what is nested too deeply as text', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(tryParseJson(nested(embeddedJsonLimits.depth))).toBeDefined();
    expect(tryParseJson(nested(embeddedJsonLimits.depth + 1))).toBeUndefined();
    expect(tryParseJson(nested(1_000_000))).toBeUndefined();
  });

  it('leaves what would become too many values as text', () => {
    expect(tryParseJson(`[${'1,'.repeat(embeddedJsonLimits.tokens - 1)}1]`)).toHaveLength(embeddedJsonLimits.tokens);
    expect(tryParseJson(`[${'1,'.repeat(embeddedJsonLimits.tokens)}1]`)).toBeUndefined();
  });
});

describe('measureJson', () => {
  it.each([
    ['[]', 1, 1],
    ['{"a":[1,2,{"b":[]}]}', 6, 4],
    ['"[[[{{{,,,"', 0, 0],
    ['["\\"[[", "\\\\", [ ]]', 4, 2],
    ['"\\', 0, 0],
    ['{"unclosed', 1, 1],
    ['7', 0, 0],
  ])('measures %s outside of its strings', (text, tokens, depth) => {
    expect(measureJson(text)).toMatchObject({ tokens, depth });
  });

  it.each([
    ['123456789012345', false],
    ['1234567890123456', true],
    ['[-1.5]', false],
    ['{"a":1e5}', true],
    ['[1E5]', true],
    ['["12345678901234567890"]', false],
    ['"1e5"', false],
    ['[true,false,null]', false],
  ])('says whether a number of %s may lose digits', (text, lossy) => {
    expect(measureJson(text).lossy).toBe(lossy);
  });

  it('takes time in proportion to the text', () => {
    for (const nasty of ['\\', '"', '\\"', '1', '[', '1.']) {
      const began = performance.now();
      measureJson(`"${nasty.repeat(1_000_000)}`);
      measureJson(nasty.repeat(1_000_000));
      expect(performance.now() - began).toBeLessThan(1_000);
    }
  });
});
