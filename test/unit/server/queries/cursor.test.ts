import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../server/contract/errors.ts';
import { type Cursor, decodeCursor, encodeCursor } from '../../../../server/queries/cursor.ts';

const cursor: Cursor = { sort: 'trace', from: '1', to: '2', value: '3', start: '4', id: '00f067aa0ba902b7' };
const list = { sort: 'trace', idLength: 16 };

describe('a cursor', () => {
  it('comes back as it was', () => {
    expect(decodeCursor(encodeCursor(cursor), list)).toEqual(cursor);
  });

  it('is safe in a URL', () => {
    expect(encodeCursor(cursor)).toMatch(/^[\w-]+$/);
  });

  it.each([
    ['another sort order', cursor, { sort: '-errors', idLength: 16 }],
    ['an id of another length', { ...cursor, id: 'ab' }, list],
    ['a number beyond 64 bits', { ...cursor, value: '9223372036854775808' }, list],
    ['a negative number', { ...cursor, start: '-1' }, list],
    ['another field', { ...cursor, extra: 1 }, list],
    ['a missing field', { ...cursor, id: undefined }, list],
    ['a quote', { ...cursor, id: "'" }, list],
  ])('with %s is refused', (_name, value, expected) => {
    expect(() => decodeCursor(encodeCursor(value as Cursor), expected)).toThrow(ApiError);
  });

  it('that is anything else is refused', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, list)).toThrow(ApiError);
      }),
    );
  });
});
