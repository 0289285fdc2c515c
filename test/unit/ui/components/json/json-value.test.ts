import { describe, expect, it } from 'vitest';
import {
  countLines,
  fitsOneLine,
  formatLeaf,
  listEntries,
  parseEmbedded,
  previewOf,
  typeOf,
} from '../../../../../ui/components/json/json-value.ts';

describe('JSON values', () => {
  it('have a type each', () => {
    const values = [{}, [], 'x', 1, 1.5, true, null, undefined];
    expect(values.map(typeOf)).toEqual(['object', 'array', 'string', 'integer', 'number', 'boolean', 'null', 'null']);
  });

  it('keep every digit of numbers that a double cannot hold', () => {
    const value = parseEmbedded('{"id":9007199254740993,"price":1.0,"tiny":1e-400}') as Record<string, unknown>;
    expect(Object.values(value).map(formatLeaf)).toEqual(['9007199254740993', '1.0', '1e-400']);
    expect(Object.values(value).map(typeOf)).toEqual(['integer', 'number', 'number']);
    expect(listEntries(value['id'])).toEqual([]);
  });

  it('are found in strings, where the whole string is one', () => {
    expect(parseEmbedded(' {"a":[1]}\n')).toEqual({ a: [1] });
    for (const text of ['42', '"text"', 'null', '{not json}', '[1] and [2]', '{', '', 'see {"a":1}']) {
      expect(parseEmbedded(text)).toBeUndefined();
    }
  });

  it('take one line where they are short and flat', () => {
    expect(fitsOneLine({ id: 1042, verbose: true })).toBe(true);
    expect(fitsOneLine(['beta', 'eu'])).toBe(true);
    expect(fitsOneLine({ nested: {} })).toBe(false);
    expect(fitsOneLine({ text: 'x'.repeat(60) })).toBe(false);
    expect(fitsOneLine({})).toBe(false);
  });

  it('are counted no further than asked', () => {
    expect(countLines({ a: 1, b: [1, 2] }, 100)).toBe(5);
    expect(
      countLines(
        Array.from({ length: 1_000_000 }, () => 0),
        10,
      ),
    ).toBe(10);
  });

  it('hint at what is closed', () => {
    expect(previewOf({ a: 1, b: 2, c: 3, d: 4, e: 5 })).toBe('a, b, c, d …');
    expect(previewOf([1])).toBe('');
  });
});
