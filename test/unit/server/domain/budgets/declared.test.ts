import { expect, it } from 'vitest';
import type { DeclaredBudget } from '../../../../../server/contract/budget-calls.ts';
import { findChannels, toDeclaredBudgets } from '../../../../../server/domain/budgets/declared.ts';

const daily: DeclaredBudget = {
  notify: [],
  ...{ scope: 'user', usd: '0.5', period: 'day', timezone: 'Europe/Berlin', notifyAt: [100, 80], action: 'block' },
};

it('reads what a definition declares', () => {
  const [ofUser, ofAgent, ofLabel] = toDeclaredBudgets('support', [
    daily,
    { ...daily, scope: 'agent', period: 'total' },
    { ...daily, scope: 'label:tenant' },
  ]);
  expect(ofUser).toMatchObject({
    ...{ scope: 'user', value: null, labelKey: null, amountUsd: '0.5', thresholds: [80, 100], action: 'block' },
    period: { kind: 'calendar', unit: 'day', timeZone: 'Europe/Berlin' },
    ...{ source: 'definition', agent: 'support', name: 'support: each user, day' },
  });
  expect(ofAgent).toMatchObject({ scope: 'agent', value: 'support', period: { kind: 'total' } });
  expect(ofLabel).toMatchObject({ scope: 'label', labelKey: 'tenant', value: null });
});

it('keeps the id of a budget whose amount, action or thresholds change, and no other', () => {
  const idOf = (agent: string, one: DeclaredBudget) => toDeclaredBudgets(agent, [one])[0]?.budgetId;
  const id = idOf('support', daily);
  expect(id).toMatch(/^def-[0-9a-f]{16}$/);
  expect(idOf('support', { ...daily, usd: '5', action: 'warn', notifyAt: [] })).toBe(id);
  const others = [
    idOf('other', daily),
    ...[{ scope: 'agent' }, { period: 'week' }, { timezone: 'UTC' }].map((part) =>
      idOf('support', { ...daily, ...(part as Partial<DeclaredBudget>) }),
    ),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});

it('tells two budgets for the same thing apart by their order', () => {
  const [first, second] = toDeclaredBudgets('support', [daily, { ...daily, usd: '1', action: 'warn' }]);
  expect(first?.budgetId).toBe(toDeclaredBudgets('support', [daily])[0]?.budgetId);
  expect(second?.budgetId).not.toBe(first?.budgetId);
});

it('tells the channels that it names, all of a name; those that are not there are said', () => {
  const channels = [
    { channelId: 'c1', name: 'oncall' },
    { channelId: 'c2', name: 'finance' },
    { channelId: 'c3', name: 'oncall' },
  ];
  const find = (notify: string[]) => findChannels(toDeclaredBudgets('support', [{ ...daily, notify }]), channels)[0];
  expect(find(['oncall', 'Finance', 'oncall'])).toMatchObject({
    channelIds: ['c1', 'c3'],
    missingChannels: ['Finance'],
  });
  expect(find([])).toMatchObject({ channelIds: [], missingChannels: [] });
});
