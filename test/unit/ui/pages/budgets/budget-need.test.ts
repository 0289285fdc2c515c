import { expect, test } from 'vitest';
import { concernsAgent, filterBudgets, sortBudgets } from '../../../../../ui/pages/budgets/budget-need.ts';
import { readBudgetsQuery } from '../../../../../ui/state/budgets-query.ts';
import { makeAccount, makeBudget, makeLine } from './budget-fixture.ts';

const projection = (exhaustedAt: string | null) => ({
  ...{ usdAtEnd: null, lowUsdAtEnd: null, highUsdAtEnd: null },
  ...{ exhaustedAt, earliestAt: null, latestAt: null },
});
const queryOf = (search: string) => readBudgetsQuery(new URLSearchParams(search)).query;

const calm = makeLine({ name: 'calm', account: makeAccount({ spentUsd: '1' }) });
const busy = makeLine({ name: 'busy', account: makeAccount({ spentUsd: '4.9' }) });
const soon = makeLine({ name: 'soon', projection: projection('2026-11-22T18:00:00Z') });
const sooner = makeLine({ name: 'sooner', projection: projection('2026-11-22T15:00:00Z') });
const warned = makeLine({ name: 'warned', account: makeAccount({ spentUsd: '6', state: 'warned' }) });
const empty = makeLine({ name: 'empty', account: makeAccount({ spentUsd: '10', state: 'exhausted' }) });
const unused = makeLine({ name: 'unused', account: null, amountUsd: '3' });
const all = [unused, calm, soon, busy, empty, warned, sooner];

test('what asks for somebody comes first', () => {
  const names = (order: Parameters<typeof sortBudgets>[1]) => sortBudgets(all, order).map(({ name }) => name);
  expect(names('need')).toEqual(['empty', 'warned', 'sooner', 'soon', 'busy', 'calm', 'unused']);
  expect(names('left')[0]).toBe('empty');
  expect(names('left')[1]).toBe('unused');
  expect(names('exhausted').slice(0, 2)).toEqual(['sooner', 'soon']);
  expect(names('name')[0]).toBe('busy');
});

test('the address filters by scope, state, action, agent and words', () => {
  const lines = [
    makeLine({ name: 'Monthly', scope: 'project', value: null, action: 'warn' }),
    makeLine({ name: 'Care', scope: 'label', labelKey: 'team', value: 'care', action: 'block' }),
    makeLine({ name: 'Own', account: makeAccount({ state: 'exhausted' }) }),
    makeLine({ name: 'Declared', scope: 'user', value: null, source: 'definition', agent: 'support' }),
  ];
  const names = (search: string) => filterBudgets(lines, queryOf(search)).map(({ name }) => name);
  expect(names('')).toHaveLength(4);
  expect(names('scope=label')).toEqual(['Care']);
  expect(names('state=exhausted')).toEqual(['Own']);
  expect(names('action=warn')).toEqual(['Monthly']);
  expect(names('agent=support')).toEqual(['Own', 'Declared']);
  expect(names('q=TEAM+care')).toEqual(['Care']);
});

test('what is wrong in the address is named and left out', () => {
  const { query, problems } = readBudgetsQuery(new URLSearchParams('scope=galaxy&order=loudest&state=ok'));
  expect(query).toMatchObject({ scope: null, order: 'need', state: 'ok' });
  expect(problems).toHaveLength(2);
  expect(problems[0]).toContain('project, agent, user, session, label, costCentre, team');
});

test('an agent is held back by its own budgets, by one for each, and by what it declares', () => {
  expect(concernsAgent(makeBudget(), 'support')).toBe(true);
  expect(concernsAgent(makeBudget({ value: null }), 'anyone')).toBe(true);
  expect(concernsAgent(makeBudget({ scope: 'user', value: 'support' }), 'support')).toBe(false);
  expect(concernsAgent(makeBudget({ scope: 'user', value: null, agent: 'other' }), 'support')).toBe(false);
});
