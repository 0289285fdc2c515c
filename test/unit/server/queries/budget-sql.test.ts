import { describe, expect, it } from 'vitest';
import type { Budget } from '../../../../server/contract/budgets.ts';
import { planCosts } from '../../../../server/domain/cost-plan.ts';
import { unixNano } from '../../../../server/domain/time.ts';
import { momentSql } from '../../../../server/queries/budget-resolve.ts';
import { budgetScopeSql } from '../../../../server/queries/budget-scope.ts';
import { type SpendSelect, spendParameters, spendSelects } from '../../../../server/queries/spend-sql.ts';
import { budgetOf } from '../../../support/budget-of.ts';

const evil = "'); DROP TABLE ledger; --";
const hourNs = 3_600_000_000_000n;
/** A day, two hours and a bit. */
const window = { from: unixNano(0n), to: unixNano(26n * hourNs + 5n) };
const owners = [
  { ownerId: evil, match: { agent: evil, label: { key: evil, pattern: evil } }, team: evil, costCentre: evil },
].map((rule) => ({ ...rule, validFrom: '2026-01-01', validTo: null, priority: 1 }));

function selectOf(budget: Budget, prefix: string): SpendSelect {
  const scope = budgetScopeSql(budget, { owners, prefix });
  return {
    pieces: planCosts({ window, interval: undefined, dimensions: scope.dimensions }),
    conditions: [...scope.conditions, `${scope.value} IN {${prefix}Values:Array(String)}`],
    keys: [{ sql: scope.value, name: 'value' }],
    constants: ['0 AS part'],
    prefix,
  };
}

describe('the sums of a budget', () => {
  it.each<[string, Partial<Budget>]>([
    ['project', { scope: 'project' }],
    ['agent', { scope: 'agent' }],
    ['user of one agent', { scope: 'user', agent: evil }],
    ['label', { scope: 'label', labelKey: evil }],
    ['cost centre', { scope: 'costCentre' }],
  ])('are asked by %s', (_, part) => {
    const budget = budgetOf({ value: evil, ...part });
    const select = selectOf(budget, 'b');
    const sql = spendSelects(select).join('\nUNION ALL\n');
    expect(sql).toMatchSnapshot();
    expectBound(sql, {
      ...budgetScopeSql(budget, { owners, prefix: 'b' }).parameters,
      ...spendParameters(select),
    });
  });

  it('are asked of several at once, with the calls', () => {
    const parts = [selectOf(budgetOf({ scope: 'agent' }), 'p0'), selectOf(budgetOf({ scope: 'session' }), 'p1')];
    const sql = momentSql(parts, true);
    expect(sql).toMatchSnapshot();
    expectBound(sql, Object.fromEntries(parts.flatMap((part) => Object.entries(spendParameters(part)))));
    expect(momentSql([], false)).toMatchSnapshot();
  });

  it('are cut into steps', () => {
    const select = { ...selectOf(budgetOf({ scope: 'agent' }), 's'), buckets: { fromMs: 0, stepMs: 7_200_000 } };
    const sql = spendSelects(select).join('\nUNION ALL\n');
    expect(sql).toMatchSnapshot();
    expectBound(sql, spendParameters(select));
  });
});

function expectBound(sql: string, parameters: object): void {
  expect(sql.toLowerCase()).not.toContain('drop');
  const named = [...sql.matchAll(/\{(\w+):[\w()]+\}/g)].map((match) => match[1] ?? '');
  const elsewhere = /^(projectId|limit|traceIds|spanIds|(b|s|p\d)Values)$/;
  expect(named.filter((name) => !(name in parameters) && !elsewhere.test(name))).toEqual([]);
}
