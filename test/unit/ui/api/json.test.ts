import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isExactNumber, parseJson } from '../../../../ui/api/json.ts';

test('numbers outside 2^53 keep every digit', () => {
  const text = '{"big":18446744073709551615,"list":[9007199254740993,-9007199254740993],"small":7,"half":0.5}';
  const value = parseJson(text) as { big: unknown; list: unknown[]; small: number; half: number };
  expect(isExactNumber(value.big)).toBe(true);
  expect([value.small, value.half]).toEqual([7, 0.5]);
  expect(JSON.stringify(value)).toBe(text);
});

test('doubles with more digits than a double holds, and ones beyond its range, keep theirs', () => {
  const text = '[0.1234567890123456789012,1e400,12345678901234567.25]';
  expect(JSON.stringify(parseJson(text))).toBe(text);
});

test('digits in strings stay strings', () => {
  expect(parseJson('{"startTimeUnixNano":"1795376862093000000"}')).toEqual({
    startTimeUnixNano: '1795376862093000000',
  });
});

test('ordinary numbers are ordinary', () => {
  expect(parseJson('[1e3, 1.5E-3, 9007199254740991, 0.1]')).toEqual([1000, 0.0015, 9007199254740991, 0.1]);
});

test('every JSON value is what JSON.parse says', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(JSON.stringify(parseJson(text))).toBe(text);
    }),
  );
});

test('a browser without raw JSON numbers shows them rounded', () => {
  const { rawJSON, isRawJSON } = JSON as unknown as Record<'rawJSON' | 'isRawJSON', unknown>;
  Object.assign(JSON, { rawJSON: undefined, isRawJSON: undefined });
  try {
    const value = parseJson('{"big":9007199254740993}') as { big: unknown };
    expect(value.big).toBe(9007199254740992);
    expect(isExactNumber(value.big)).toBe(false);
  } finally {
    Object.assign(JSON, { rawJSON, isRawJSON });
  }
});
