import { beforeAll, describe, expect, it } from 'vitest';
import type { Budget } from '../../../server/contract/budgets.ts';
import { windowAt } from '../../../server/domain/calendar.ts';
import { seriesSteps } from '../../../server/domain/budgets/series.ts';
import { formatAmount } from '../../../server/domain/prices/amount.ts';
import { readDrivers, readSpendSeries } from '../../../server/queries/budget-course.ts';
import { readLedgerMoment } from '../../../server/queries/budget-resolve.ts';
import { readBudgetSpends } from '../../../server/queries/budget-spend.ts';
import type { Db, QueryParameters } from '../../../server/queries/db.ts';
import { budgetOf } from '../../support/budget-of.ts';
import { useDatabase } from '../../support/database.ts';
import { fillLedger } from '../../support/fill-ledger.ts';
import { useBudgets } from './budgets-api.ts';

const endMs = Date.parse('2026-11-20T00:00:00Z');
const nowMs = Date.parse('2026-11-19T12:34:56.789Z');
const month = (timeZone: string) => ({ kind: 'calendar', unit: 'month', timeZone }) as const;
const day = ['by_day_agent_model'];

describe('budgets over a large ledger', () => {
  const database = useDatabase();
  const api = useBudgets(database);

  beforeAll(() =>
    fillLedger(database, {
      ...{ rows: 40_000, days: 90, endMs, projects: [api.project] },
      ...{ sessions: 4_000, users: 50, agents: 5, models: 4 },
    }),
  );

  /** The database, noting what ClickHouse reads for each query: names of projections, or of the table. */
  function explaining(): { db: Db; sources: Set<string> } {
    const sources = new Set<string>();
    const db = new Proxy(api.db, {
      get: (target, name) =>
        name !== 'rows'
          ? (Reflect.get(target, name) as unknown)
          : async (sql: string, parameters: QueryParameters) => {
              const plan = await target.rows<{ explain: string }>(`EXPLAIN projections = 1 ${sql}`, parameters);
              for (const line of plan) {
                const source = /ReadFromMergeTree \((.*)\)/.exec(line.explain)?.[1]?.split('.').at(-1);
                if (source !== undefined) sources.add(source);
              }
              return target.rows(sql, parameters);
            },
    });
    return { db, sources };
  }

  it.each<[string, Partial<Budget>, string[]]>([
    ['the project', { scope: 'project' }, day],
    ['each agent', { scope: 'agent' }, day],
    ['one agent', { scope: 'agent', value: 'agent-1' }, day],
    ['each user', { scope: 'user' }, ['by_day_user_model']],
    ['the project in Berlin', { scope: 'project', period: month('Europe/Berlin') }, [...day, 'by_hour_agent_model']],
    [
      'the project in India',
      { scope: 'project', period: month('Asia/Kolkata') },
      [...day, 'by_hour_agent_model', 'ledger'],
    ],
    ['each session', { scope: 'session' }, ['ledger']],
    ['each user of one agent', { scope: 'user', agent: 'agent-2', source: 'definition' }, ['ledger']],
  ])('of %s are read from rollups where they can answer', async (_, part, expected) => {
    const { db, sources } = explaining();
    const budget = budgetOf({ amountUsd: '100', ...part });
    const window = windowAt(budget.period, nowMs);
    const request = { projectId: api.project, budget, window, owners: [] };
    const { spends } = await readBudgetSpends(db, { ...request, limit: 10_000 });
    expect([...sources].toSorted()).toEqual(expected.toSorted());

    // The same by plain SELECTs over all rows: every account, its course, and what the runtime is told.
    const column = { project: "''", agent: 'agent_name', user: 'user_id', session: 'session_id' }[
      budget.scope as 'user'
    ];
    const iso = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
    const rows = await api.db.rows<{ value: string; usd: string }>(
      `SELECT ${column} AS value, toString(sum(cost_usd)) AS usd FROM ledger
       WHERE project_id = {project:String} AND start_time >= {from:DateTime64(3, 'UTC')}
         AND start_time < {to:DateTime64(3, 'UTC')} AND (${budget.agent === null} OR agent_name = {agent:String})
         AND (${budget.value === null} OR value = {value:String})
       GROUP BY value HAVING sum(cost_usd) != 0 ORDER BY sum(cost_usd) DESC, value LIMIT 10000`,
      {
        ...{ project: api.project, from: iso(window.fromMs), to: iso(window.toMs ?? 0) },
        ...{ agent: budget.agent ?? '', value: budget.value ?? '' },
      },
    );
    const known = spends.filter(({ spent }) => spent !== 0n);
    expect(known.map(({ value, spent }) => [value ?? '', formatAmount(spent)])).toEqual(
      rows.map(({ value, usd }) => [value, usd]),
    );
    expect(rows.length).toBeGreaterThan(0);
    const accounts = known.slice(0, 200).map(({ value }) => ({ budget, value }));
    const moment = await readLedgerMoment(api.db, { ...request, accounts, calls: [], nowMs });
    for (const { value, spent } of known.slice(0, 200)) {
      expect(moment.find(budget.budgetId, value)?.spend.spent).toBe(spent);
    }
    const [first] = known;
    if (first === undefined) return;
    const one = { ...request, value: first.value };
    const series = await readSpendSeries(api.db, one, seriesSteps(window, nowMs));
    expect(series.amounts.reduce((sum, amount) => sum + amount, 0n)).toBe(first.spent);
    const drivers = await readDrivers(api.db, { ...one, previous: undefined });
    const models = drivers.filter(({ dimension }) => dimension === 'model');
    expect(models.reduce((sum, { spent }) => sum + spent, 0n)).toBe(first.spent);
  });

  it('have a course whose steps are those of the rows', async () => {
    for (const timeZone of ['UTC', 'Europe/Berlin', 'Asia/Kolkata']) {
      const budget = budgetOf({ scope: 'project', period: month(timeZone) });
      const window = windowAt(budget.period, nowMs);
      const steps = seriesSteps(window, nowMs);
      const request = { projectId: api.project, budget, window, owners: [], value: null };
      const { amounts } = await readSpendSeries(api.db, request, steps);
      const rows = await api.db.rows<{ step: string; usd: string }>(
        `SELECT intDiv(toUnixTimestamp64Milli(start_time) - {from:Int64}, {step:Int64}) AS step, toString(sum(cost_usd)) AS usd
         FROM ledger WHERE project_id = {project:String} AND toUnixTimestamp64Milli(start_time) >= {from:Int64}
           AND toUnixTimestamp64Milli(start_time) < {now:Int64} - {now:Int64} % {step:Int64}
         GROUP BY step ORDER BY step LIMIT 1000`,
        { project: api.project, from: steps.fromMs, step: steps.stepMs, now: nowMs },
      );
      const whole = rows.slice(0, -2);
      expect(whole.length).toBeGreaterThan(100);
      for (const { step, usd } of whole) expect(formatAmount(amounts[Number(step)] ?? 0n)).toBe(usd);
    }
  });
});
