import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTextQuery } from '../../../../server/domain/text-query.ts';

describe('a search text', () => {
  it.each([
    ['refund', ['refund'], []],
    ['  Refund   ORDER ', ['refund', 'order'], []],
    ['a a A', ['a'], []],
    ['"Refund policy" now', ['now'], ['refund policy']],
    ['"one"', ['one'], []],
    ['gpt-5 user@example.com', [], ['gpt 5', 'user example com']],
    ['Ünï 東京 🎉', ['ünï', '東京', '🎉'], []],
    ['half "open quote', ['half', 'open', 'quote'], []],
    ['+++ "" ?', [], []],
    ["it's", [], ['it s']],
  ])('%s has words and phrases', (text, words, phrases) => {
    expect(parseTextQuery(text)).toMatchObject({ words, phrases });
  });

  it('is none when it is blank', () => {
    expect(parseTextQuery(' \n ')).toBeUndefined();
  });

  it.each([
    ['4bf92f3577b34da6a3ce929d0e0e4736', true],
    ['session-42', true],
    ['conv:abc', true],
    ['resp_abc', true],
    ['refund', false],
    ['order 1042', false],
    ['a-1', false],
  ])('%s may be an id: %s', (text, isId) => {
    expect(parseTextQuery(text)?.id).toBe(isId ? text : undefined);
  });

  it('gives only tokens that the index can hold, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const query = parseTextQuery(text);
        const tokens = [...(query?.words ?? []), ...(query?.phrases ?? []).flatMap((phrase) => phrase.split(' '))];
        return tokens.every((token) => token !== '' && !/[\0-/:-@[-`{-\x7f]/.test(token));
      }),
    );
  });
});
