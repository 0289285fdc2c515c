import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CallPrice } from '../../../../../server/domain/prices/price-call.ts';
import {
  bookDecision,
  diffLedger,
  type LedgerEntry,
  type SignedEntry,
} from '../../../../../server/domain/settlement/booking.ts';
import { settleTraces } from '../../../../../server/domain/settlement/decide.ts';
import type { Skeleton } from '../../../../../server/domain/settlement/skeleton.ts';
import { aggregate, call } from './skeletons.ts';

const priced: CallPrice = {
  status: 'priced',
  amount: 1_500_000n,
  price: { rule: 'failed_without_usage' },
  priceVersion: 'v1',
};
const unpriced: CallPrice = { status: 'unpriced_model', amount: null, price: { missing: 'model' }, priceVersion: 'v1' };

function book(spans: readonly Skeleton[], price: CallPrice = priced): LedgerEntry[] {
  const settled = settleTraces(Map.groupBy(spans, ({ traceId }) => traceId));
  return settled.flatMap(({ decisions }) => decisions.map((decision) => bookDecision('p', decision, () => price)));
}

test('a counted call brings its tokens, one model call and its amount', () => {
  expect(book([call('chat', 10, 2, { reportedCost: 7n })])).toMatchObject([
    {
      counted: true,
      notCountedBecause: '',
      inputTokens: 10n,
      outputTokens: 2n,
      modelCalls: 1n,
      pricedCalls: 1n,
      unpricedCalls: 0n,
      costedRows: 1n,
      cost: 1_500_000n,
      reportedCost: 7n,
      status: 'priced',
      priceVersion: 'v1',
    },
  ]);
});

test('a call without a price is unpriced, not free', () => {
  expect(book([call('chat', 10, 2)], unpriced)).toMatchObject([
    { status: 'unpriced_model', costedRows: 0n, pricedCalls: 0n, unpricedCalls: 1n, modelCalls: 1n, cost: 0n },
  ]);
});

test('a span that does not count has amounts of 0 and says why, and what counts instead', () => {
  const entries = book([
    call('outer', 9, 2, { responseId: 'r' }),
    call('inner', 9, 2, { responseId: 'r', parentSpanId: 'outer' }),
  ]);
  expect(entries.find(({ spanId }) => spanId === 'outer')).toMatchObject({
    counted: false,
    notCountedBecause: 'wrapper',
    countedInsteadSpanId: 'inner',
    inputTokens: 0n,
    modelCalls: 0n,
    cost: 0n,
    status: '',
    price: '',
  });
});

test('an aggregate that counts brings tokens and cost, but no model call', () => {
  expect(book([aggregate('agent', 10, 2)])).toMatchObject([
    {
      counted: true,
      inputTokens: 10n,
      modelCalls: 0n,
      pricedCalls: 0n,
      unpricedCalls: 0n,
      costedRows: 1n,
      cost: 1_500_000n,
    },
  ]);
});

test('the same decisions are written once', () => {
  const entries = book([aggregate('agent', 10, 2), call('chat', 10, 2, { parentSpanId: 'agent' })]);
  const first = diffLedger([], entries);
  expect(first.map(({ sign }) => sign)).toEqual([1, 1]);
  expect(diffLedger(first, book([call('chat', 10, 2, { parentSpanId: 'agent' }), aggregate('agent', 10, 2)]))).toEqual(
    [],
  );
});

test('a late child takes back what its parent had counted', () => {
  const before = diffLedger([], book([aggregate('agent', 10, 2)]));
  const after = diffLedger(before, book([aggregate('agent', 10, 2), call('late', 10, 2, { parentSpanId: 'agent' })]));
  expect(after.map(({ sign, entry }) => [sign, entry.spanId, entry.counted])).toEqual([
    [-1, 'agent', true],
    [1, 'agent', false],
    [1, 'late', true],
  ]);
  expect(sumOf([...before, ...after])).toEqual({ cost: 1_500_000n, inputTokens: 10n, modelCalls: 1n });
});

test('whatever the ledger holds, the difference makes it right, and then there is none', () => {
  const some = fc.array(fc.record({ id: fc.nat(5), input: fc.nat(2), sign: fc.constantFrom<1 | -1>(1, -1) }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(some, fc.uniqueArray(fc.nat(5)), (held, ids) => {
      const entryOf = (id: number, input: number): LedgerEntry => {
        const [entry] = book([call(`s${String(id)}`, input, 1)]);
        if (entry === undefined) throw new Error('a call has an entry');
        return entry;
      };
      const booked: SignedEntry[] = held.map(({ id, input, sign }) => ({ sign, entry: entryOf(id, input) }));
      const wanted = ids.map((id) => entryOf(id, 1));
      const difference = diffLedger(booked, wanted);
      expect(sumOf([...booked, ...difference])).toEqual(sumOf(wanted.map((entry) => ({ sign: 1, entry }))));
      expect(diffLedger([...booked, ...difference], wanted)).toEqual([]);
    }),
  );
});

function sumOf(rows: readonly SignedEntry[]) {
  const sum = (read: (entry: LedgerEntry) => bigint) =>
    rows.reduce((total, { sign, entry }) => total + BigInt(sign) * read(entry), 0n);
  return {
    cost: sum((entry) => entry.cost),
    inputTokens: sum((entry) => entry.inputTokens),
    modelCalls: sum((entry) => entry.modelCalls),
  };
}
