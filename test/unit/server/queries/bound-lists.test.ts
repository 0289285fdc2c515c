import { expect, it } from 'vitest';
import { splitForBinding } from '../../../../server/queries/bound-lists.ts';

it('splits a list so that each part can be bound', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => index.toString(16).padStart(32, '0'));
  const parts = splitForBinding(ids, (id) => [id]);
  expect(parts.flat()).toEqual(ids);
  for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(128 * 1024);
  expect(parts.length).toBeLessThan(5);
});

it('counts the longest of the lists that an item is in, and what escaping adds', () => {
  const items = Array.from({ length: 100 }, (_, index) => ({ a: String(index), b: "'".repeat(1_000) }));
  const parts = splitForBinding(items, ({ a, b }) => [a, b]);
  for (const part of parts) expect(part.length * 2_003).toBeLessThanOrEqual(96 * 1024);
  expect(splitForBinding([], () => [])).toEqual([]);
});
