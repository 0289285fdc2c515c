import { describe, expect, test } from 'vitest';
import { findOrigins } from '../../../../ui/replay/provenance.ts';

const sources = [
  'You are the support agent of the shop. Refunds take **5 to 7 days** after the parcel arrived.',
  'Where is my refund for order 1042?',
  '{"state":"returned","total":1204.5,"parcel":{"arrived":"2026-11-20"}}',
  'Orders are packed on weekdays only.',
].map((text, entry) => ({ entry, text }));

const find = (selection: string) => findOrigins(selection, sources).map(({ entry, kind }) => [entry, kind]);

describe('selected words', () => {
  test('are found word for word, whatever marks and capitals stand between them', () => {
    expect(find('refunds take 5 to 7 days')).toEqual([[0, 'exact']]);
    expect(findOrigins('5 to 7 days', sources)[0]).toMatchObject({
      before: 'You are the support agent of the shop. Refunds take **',
      found: '5 to 7 days',
      after: '** after the parcel arrived.',
    });
  });

  test('are found where most of them stand close together', () => {
    expect(find('your refund will take 5 to 7 days after arrival of the parcel')[0]).toEqual([0, 'near']);
    expect(findOrigins('orders are always packed on weekdays', sources)[0]?.share).toBeGreaterThan(0.6);
  });

  test('are traced by their numbers, however these are written', () => {
    const [origin] = findOrigins('We sent $1,204.50 back to you', sources);
    expect(origin).toMatchObject({ entry: 2, kind: 'values', values: ['1204.5'], found: '1204.5' });
    expect(find('it arrived 2026')).toEqual([[2, 'values']]);
  });

  test('that stand nowhere have no origin', () => {
    expect(find('purple elephants')).toEqual([]);
    expect(find('!?')).toEqual([]);
  });

  test('of a script without spaces are found too', () => {
    expect(findOrigins('退款需要', [{ entry: 0, text: '您的退款需要五天。' }])[0]).toMatchObject({ kind: 'exact' });
  });

  test('the latest of equal places stands first', () => {
    const twice = [3, 7, 5].map((entry) => ({ entry, text: 'the very same words' }));
    expect(findOrigins('very same words', twice).map(({ entry }) => entry)).toEqual([7, 5, 3]);
  });

  test('a megabyte is searched within a moment', () => {
    const text = 'lorem ipsum dolor sit amet '.repeat(40_000);
    const started = performance.now();
    expect(findOrigins('dolor sit amet consectetur adipiscing elit', [{ entry: 0, text }])).toHaveLength(0);
    expect(performance.now() - started).toBeLessThan(1_500);
  });
});
