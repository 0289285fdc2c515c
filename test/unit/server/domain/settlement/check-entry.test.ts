import { expect, test } from 'vitest';
import { parseDecimal } from '../../../../../server/domain/prices/decimal.ts';
import { priceCall } from '../../../../../server/domain/prices/price-call.ts';
import { noUnitPrices, type PriceBook } from '../../../../../server/domain/prices/unit-prices.ts';
import { bookDecision, type LedgerEntry } from '../../../../../server/domain/settlement/booking.ts';
import { findFault } from '../../../../../server/domain/settlement/check-entry.ts';
import { settleTraces } from '../../../../../server/domain/settlement/decide.ts';
import type { Skeleton } from '../../../../../server/domain/settlement/skeleton.ts';
import { aggregate, call } from './skeletons.ts';

/** Prices whose amounts have to be rounded. */
const book: PriceBook = {
  version: 'test',
  hasFile: false,
  find: ({ models }) =>
    models.includes('unheard-of')
      ? undefined
      : {
          ...{ source: 'table', version: 'test', provider: 'p', model: 'm', askedModel: 'm', from: null, to: null },
          ...{ daily: null, entryIndex: null, extendsTable: true, basis: null, note: null },
          prices: {
            ...noUnitPrices,
            perMillion: { input: parseDecimal('0.1234567'), output: parseDecimal('7.0000005') },
            perRequest: parseDecimal('0.0000000000005'),
          },
        },
};

function bookAll(...spans: Skeleton[]): LedgerEntry[] {
  const settled = settleTraces(Map.groupBy(spans, ({ traceId }) => traceId));
  return settled.flatMap(({ decisions }) =>
    decisions.map((decision) => bookDecision('p', decision, (span) => priceCall(span, book))),
  );
}

const sound = bookAll(
  call('priced', 1, 3),
  call('unknown', 10, 2, { requestModel: 'unheard-of' }),
  call('reported', 10, 2, { requestModel: 'unheard-of', reportedCost: 5n }),
  call('failed', 0, 0, { isError: true, hasUsage: false }),
  call('silent', 0, 0, { hasUsage: false }),
  call('outer', 9, 2, { responseId: 'r', traceId: 't2' }),
  call('inner', 9, 2, { responseId: 'r', traceId: 't2', parentSpanId: 'outer' }),
  aggregate('sum', 9, 2, { traceId: 't3' }),
);
const entryOf = (spanId: string): LedgerEntry => {
  const entry = sound.find((one) => one.spanId === spanId);
  if (entry === undefined) throw new Error(`nothing is booked of ${spanId}`);
  return entry;
};
const [priced, unknown, reported] = [entryOf('priced'), entryOf('unknown'), entryOf('reported')];

test.each(sound.map((entry) => [entry.spanId, entry.status || entry.notCountedBecause, entry] as const))(
  'what settlement books has no fault: %s, %s',
  (_, __, entry) => {
    expect(findFault(entry)).toBeUndefined();
  },
);

test.each<[string, LedgerEntry, RegExp]>([
  [
    'an amount other than its price makes',
    { ...priced, cost: priced.cost + 1n },
    /^its price makes \d+ instead of \d+/,
  ],
  ['a price that is none', { ...priced, price: '{"missing":"model"}' }, /cannot be read/],
  ['a price that is not JSON', { ...priced, price: '' }, /cannot be read/],
  [
    'a priced call that counts as unpriced',
    { ...priced, pricedCalls: 0n, unpricedCalls: 1n },
    /0 priced and 1 unpriced/,
  ],
  ['an amount that is known twice', { ...priced, costedRows: 2n }, /known 2 times/],
  ['two calls in one', { ...priced, modelCalls: 2n, pricedCalls: 2n }, /2 model calls instead of 1/],
  ['a counted span without a status', { ...priced, status: '' }, /^as without a status/],
  [
    'a reason not to count beside counting',
    { ...priced, notCountedBecause: 'wrapper' },
    /does not count because of wrapper/,
  ],
  ['an unpriced call with an amount', { ...unknown, cost: 1n }, /unpriced and has an amount/],
  ['an amount that was not reported', { ...reported, cost: 6n }, /not the one that was reported/],
  [
    'tokens of what does not count',
    { ...entryOf('outer'), inputTokens: 1n },
    /^it does not count, and has 1 inputTokens/,
  ],
  ['no reason', { ...priced, counted: false }, /says no reason/],
])('names %s', (_, entry, fault) => {
  expect(findFault(entry)).toMatch(fault);
});
