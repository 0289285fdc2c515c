import { describe, expect, test } from 'vitest';
import { describeBooking } from '../../../../ui/components/booking/booking-words.ts';
import { isRounded, readPrice, summarizePrice } from '../../../../ui/components/booking/price-words.ts';
import { proveSum } from '../../../../ui/pages/costs/ledger/proof.ts';
import { type LedgerView, readLedgerQuery } from '../../../../ui/state/cost-ledger.svelte.ts';
import { costRow, costsReply, ledgerEntry } from '../cost-fixture.ts';

const price = {
  ...{ source: 'table', provider: 'openai', model: 'gpt-5' },
  parts: [
    { usage: 'input', tokens: 1_462, perMillionUsd: '1.25' },
    { usage: 'cacheRead', tokens: 2_655, perMillionUsd: '0.125' },
  ],
};

describe('a price', () => {
  test('is tokens times dollars per million, part by part', () => {
    const reading = readPrice(price);
    expect(reading).toMatchObject({
      kind: 'parts',
      from: 'gpt-5 of openai, from the price table',
      parts: [
        { label: 'input', amountUsd: '0.0018275' },
        { label: 'cache read', amountUsd: '0.000331875' },
      ],
    });
    expect(summarizePrice(reading)).toBe('1,462 × $1.25/M + 2,655 × $0.125/M');
    expect(isRounded(reading, '0.002159375')).toBe(false);
    expect(isRounded(reading, '0.002159376')).toBe(true);
  });

  test('says what changed it', () => {
    const reading = readPrice({
      ...price,
      ...{ source: 'file', perRequestUsd: '0.01', aboveInputTokens: 200_000, note: 'contract 7' },
      ...{ basis: 'negotiated', serviceTier: 'batch' },
      factors: [{ of: 'batch', factor: '0.5' }],
    });
    expect(reading).toMatchObject({
      from: 'gpt-5 of openai, from the override file',
      notes: [
        'Prices for calls of more than 200,000 input tokens.',
        'Prices of the service tier “batch”.',
        'The unit prices include a factor of 0.5 (batch).',
        'A negotiated price.',
        'contract 7',
      ],
    });
    expect(summarizePrice(reading)).toContain(' + $0.01 a call');
  });

  test.each([
    [null, ''],
    [{ missing: 'model' }, 'Nobody has a price for this model.'],
    [{ missing: 'class_price', usage: 'outputAudio' }, 'There is no price for tokens of the class “audio output”.'],
    [{ missing: 'weather' }, 'What is missing: weather .'],
    [{ rule: 'failed_without_usage' }, 'A failed call that reports no tokens costs nothing.'],
    [{ shape: 'of a later release' }, '{"shape":"of a later release"}'],
    ['free', '"free"'],
  ])('of %j is put into words', (value, words) => {
    expect(summarizePrice(readPrice(value))).toBe(words);
  });
});

test('a row says how it was booked, or why not', () => {
  expect(describeBooking(ledgerEntry({}))).toMatchObject({ label: 'priced', look: 'plain' });
  expect(describeBooking(ledgerEntry({ status: 'unpriced_model' }))).toMatchObject({ look: 'warning' });
  expect(describeBooking(ledgerEntry({ counted: false, status: null, notCountedBecause: 'wrapper' }))).toEqual({
    ...{ label: 'wrapper', look: 'muted', title: 'Not in the sums. The model call inside it is counted.' },
  });
});

describe('the rows behind a sum', () => {
  const view = (change: Partial<LedgerView> = {}, search = ''): LedgerView => ({
    query: readLedgerQuery(new URLSearchParams(search)).query,
    window: { fromMs: 0, toMs: 1 },
    entries: [
      ledgerEntry({ costUsd: '0.1' }),
      ledgerEntry({ costUsd: '0.2' }),
      ledgerEntry({ costUsd: null, status: 'unpriced_model' }),
      ledgerEntry({ counted: false, costUsd: null, status: null, notCountedBecause: 'duplicate' }),
    ],
    nextCursor: null,
    costs: costsReply([], costRow('0.300000000000')),
    ...change,
  });

  test('add up to it exactly', () => {
    expect(proveSum(view())).toMatchObject({ state: 'all', text: '4 rows: $0.30' });
  });

  test('are not said to while some are missing, or while it is the sum of something else', () => {
    expect(proveSum(view({ nextCursor: 'next' })).state).toBe('part');
    expect(proveSum(view({}, 'booking=priced')).state).toBe('no_sum');
    expect(proveSum(view({ costs: null })).state).toBe('no_sum');
  });

  test('say so where they do not', () => {
    const proof = proveSum(view({ costs: costsReply([], costRow('0.300000000001')) }));
    expect(proof.state).toBe('differs');
    expect(proof.title).toContain('$0.300000000001');
  });
});

test('the address of the ledger names what is wrong in it', () => {
  const { query, problems } = readLedgerQuery(
    new URLSearchParams('booking=paid&counted=maybe&traceId=12&history=true'),
  );
  expect(query).toMatchObject({ status: null, counted: 'true', traceId: null, history: false });
  expect(problems).toHaveLength(3);
});
