import { expect, it } from 'vitest';
import { accountsByIds, accountsOfCall } from '../../../../../server/domain/budgets/applicable.ts';
import { budgetOf } from '../../../../support/budget-of.ts';

const budgets = [
  budgetOf({ budgetId: 'all', scope: 'project' }),
  budgetOf({ budgetId: 'users', scope: 'user' }),
  budgetOf({ budgetId: 'ada', scope: 'user', value: 'ada' }),
  budgetOf({ budgetId: 'tenants', scope: 'label', labelKey: 'tenant' }),
  budgetOf({ budgetId: 'centre', scope: 'costCentre', value: 'CC-1' }),
  budgetOf({ budgetId: 'teams', scope: 'team' }),
  budgetOf({ budgetId: 'sessions', scope: 'session', source: 'definition', agent: 'support' }),
];
const nobody = { agent: null, user: null, session: null, labels: {}, owner: { costCentre: '', team: '' } };

function namesOf(accounts: ReturnType<typeof accountsOfCall>): string[] {
  return accounts.map(({ budget, value }) => `${budget.budgetId}:${value ?? ''}`);
}

it('finds the accounts that a call falls on', () => {
  const owner = { costCentre: 'CC-1', team: 'desk' };
  const call = { agent: 'support', user: 'ada', session: 's1', labels: { tenant: 'acme' }, owner };
  expect(namesOf(accountsOfCall(budgets, call))).toEqual([
    ...['all:', 'users:ada', 'ada:ada', 'tenants:acme', 'centre:CC-1', 'teams:desk', 'sessions:s1'],
  ]);
});

it('gives nobody an account of a value that the call does not have', () => {
  expect(namesOf(accountsOfCall(budgets, nobody))).toEqual(['all:']);
  const other = { ...nobody, agent: 'other', user: 'eve', session: 's1', labels: { tenant: '' } };
  expect(namesOf(accountsOfCall(budgets, other))).toEqual(['all:', 'users:eve']);
  expect(namesOf(accountsOfCall([budgetOf({ scope: 'label', labelKey: 'toString' })], nobody))).toEqual([]);
});

it('finds accounts by id, each once, and leaves out what no budget has', () => {
  const ids = ['all:', 'users:ada', 'users:ada', 'ada:eve', 'ada:ada', 'gone:x', 'all:x', 'users:', 'nonsense'];
  expect(namesOf(accountsByIds(budgets, ids))).toEqual(['all:', 'users:ada', 'ada:ada']);
});
