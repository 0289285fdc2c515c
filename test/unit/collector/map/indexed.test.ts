import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIndexed } from '../../../../collector/map/indexed.ts';

const items = { list: 'item.', other: '' };

function read(attributes: Record<string, string>) {
  const lists = readIndexed(Object.entries(attributes), items);
  return Object.fromEntries(
    Object.entries(lists).map(([root, entries]) => [root, entries.map(({ fields }) => Object.fromEntries(fields))]),
  );
}

describe('lists in flat names', () => {
  it('come in the order of their indexes, which may have gaps', () => {
    expect(
      read({ 'list.10.item.a': 'ten', 'list.2.item.a': 'two', 'list.2.item.b': 'deux', 'list.0.item.a': 'zero' }),
    ).toEqual({
      list: [{ a: 'zero' }, { a: 'two', b: 'deux' }, { a: 'ten' }],
    });
  });

  it('are kept apart by their root', () => {
    expect(read({ 'list.0.item.a': '1', 'other.0.b.c': '2' })).toEqual({ list: [{ a: '1' }], other: [{ 'b.c': '2' }] });
  });

  it.each([
    'list',
    'list.0',
    'list.0.item.',
    'list.0.items.a',
    'list.item.a',
    'list.-1.item.a',
    'list.01.item.a',
    'list.1e3.item.a',
    'list.1234567890.item.a',
    'lists.0.item.a',
    '',
  ])('have no place for %j', (key) => {
    expect(read({ [key]: 'x' })).toEqual({});
  });

  it('tell which attributes they came in', () => {
    const { list } = readIndexed(
      [['list.1.item.b', 1n] as const, ['list.1.item.a', 2n] as const, ['x', 3n] as const],
      items,
    );
    expect(list?.map(({ keys }) => keys)).toEqual([['list.1.item.a', 'list.1.item.b']]);
  });

  it('are the same whatever the order of the attributes', () => {
    const key = fc.tuple(fc.nat(12), fc.constantFrom('a', 'b', 'c.d')).map(([at, field]) => `list.${at}.item.${field}`);
    const attributes = fc.uniqueArray(key, { maxLength: 20 }).map((keys) => keys.map((name) => [name, name] as const));
    const both = attributes.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(both, ([sent, shuffled]) => {
        expect(readIndexed(shuffled, items)).toEqual(readIndexed(sent, items));
      }),
    );
  });
});
