import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBrokenLine, locateJson } from '../../../../../server/domain/prices/locate-json.ts';

/** Every path of a value, with the value. */
function walk(value: unknown, path: (string | number)[] = []): [path: (string | number)[], value: unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  const inside = Array.isArray(value)
    ? value.map((one, i): [number, unknown] => [i, one])
    : Object.entries(value as Record<string, unknown>);
  return [[path, value], ...inside.flatMap(([key, one]) => walk(one, [...path, key]))];
}

describe('where things stand in a JSON text', () => {
  it('is known of every value, whatever its names and strings hold', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, null, 1);
        const { lineOf, repeated } = locateJson(text);
        expect(repeated).toEqual([]);
        const lines = text.split('\n');
        for (const [path, one] of walk(JSON.parse(text))) {
          const line = lines[lineOf(path) - 1] ?? '';
          const key = path.at(-1);
          const start = JSON.stringify(one, null, 1).split('\n')[0] ?? '';
          expect(line).toContain(typeof key === 'string' ? `${JSON.stringify(key)}: ${start}` : start);
        }
      }),
    );
  });

  it('names what stands twice in one object, and not what stands in two', () => {
    const text = '{"a": [{"b": 1},\n{"b": 2, "c": {"b": 3},\n"b": [4]}], "a": 5}';
    expect(locateJson(text).repeated).toEqual([
      { path: ['a', 1, 'b'], line: 3 },
      { path: ['a'], line: 3 },
    ]);
  });

  it('is the line of what holds it, for what is not there', () => {
    expect(locateJson('{\n"a": [\n{}]}').lineOf(['a', 0, 'x', 'y'])).toBe(3);
  });
});

it.each([
  ['{\n"a": 1,\n}', 3],
  ['[1,\n2\n3]', 3],
  ['{"a":\n\n nul }', 3],
  ['\n{"a" 1}', 2],
  ['{"a": [1,\n2', 2],
  ["{\n'a': 1}", 2],
  ['{"a": 1}\n\n]', 3],
  ['', 1],
])('%j stops being JSON in line %i', (text, line) => {
  expect(findBrokenLine(text)).toBe(line);
});
