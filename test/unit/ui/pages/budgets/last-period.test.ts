import { expect, test } from 'vitest';
import type { CostRow, CostsReply } from '../../../../../ui/api/types.ts';
import { describeSpent, lastPeriod, toSpentParams } from '../../../../../ui/pages/budgets/last-period.ts';

const usage = {
  ...{ modelCalls: 1, inputTokens: 1, outputTokens: 1 },
  ...{ cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
};
const row = (names: Partial<CostRow>, usd: string | null, unpricedCalls = 0): CostRow => ({
  ...names,
  usage,
  cost: { usd, pricedCalls: 1, unpricedCalls },
});
const replyOf = (rows: CostRow[], groupCount = rows.length): CostsReply => ({
  totals: {
    usage,
    cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 },
    callsByStatus: { priced: 0, reported: 0, unpricedModel: 0, unpricedUsage: 0 },
  },
  ...{ rows, groupCount, booked: { verifiedTo: null } },
});
const words = 'the last 24 h';

test('as long as one period, ending now', () => {
  expect(lastPeriod({ kind: 'calendar', unit: 'day', timeZone: 'UTC' })).toEqual({ hours: 24, words });
  expect(lastPeriod({ kind: 'rolling', hours: 36 }).words).toBe('the last 36 h');
  expect(lastPeriod({ kind: 'calendar', unit: 'month', timeZone: 'UTC' }).words).toBe('the last 30 d');
});

test('a label asks for its key first', () => {
  const options = { project: 'default', hours: 1, nowMs: 3_600_000 };
  expect(toSpentParams({ scope: 'label', labelKey: '' }, options)).toBeNull();
  expect(toSpentParams({ scope: 'label', labelKey: 'team' }, options)).toMatchObject({ groupBy: 'label:team' });
  expect(toSpentParams({ scope: 'project', labelKey: null }, options)).toMatchObject({
    ...{ groupBy: '', from: '1970-01-01T00:00:00.000Z', to: '1970-01-01T01:00:00.000Z' },
  });
});

test('one value: what it spent, of how much, and what is not in it', () => {
  const reply = replyOf([
    row({ agent: 'support' }, '12.5', 2),
    row({ agent: 'other' }, '3'),
    row({ agent: null }, '1'),
  ]);
  const target = { scope: 'agent', labelKey: null, value: 'support' } as const;
  expect(describeSpent(target, { reply, amountUsd: '50', words })).toBe(
    'In the last 24 h agent support spent $12.50: 25 % of $50.00. 2 calls without a price are not in it.',
  );
  expect(describeSpent({ ...target, value: 'nobody' }, { reply, amountUsd: null, words })).toBe(
    'In the last 24 h agent nobody spent $0.',
  );
});

test('each value: how many there are, how many would have used it up, who spent most', () => {
  const users = [
    row({ user: 'ada' }, '9'),
    row({ user: 'bob' }, '5'),
    row({ user: null }, '100'),
    row({ user: 'cy' }, '1'),
  ];
  const target = { scope: 'user', labelKey: null, value: null } as const;
  expect(describeSpent(target, { reply: replyOf(users), amountUsd: '5', words })).toBe(
    'In the last 24 h 3 users spent $15.00, 2 of them $5.00 or more; most ada with $9.00.',
  );
  expect(describeSpent(target, { reply: replyOf(users, 5_000), amountUsd: '1', words })).toBe(
    'In the last 24 h at least 3 users spent $15.00, at least 3 of them $1.00 or more; most ada with $9.00.',
  );
  expect(describeSpent(target, { reply: replyOf([]), amountUsd: '1', words })).toBe(
    'In the last 24 h no user spent anything.',
  );
});

test('a label counts the values of its key', () => {
  const reply = replyOf([row({ labels: { team: 'care' } }, '2'), row({ labels: { team: null } }, '7')]);
  const target = { scope: 'label', labelKey: 'team', value: null } as const;
  expect(describeSpent(target, { reply, amountUsd: null, words })).toBe(
    'In the last 24 h 1 value of team spent $2.00, most care with $2.00.',
  );
});
