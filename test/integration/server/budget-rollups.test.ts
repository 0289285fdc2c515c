import { beforeAll, describe, expect, it } from 'vitest';
import type { Budget } from '../../../server/contract/budgets.ts';
import type { BudgetPeriod } from '../../../server/contract/periods.ts';
import { windowAt, windowsBack } from '../../../server/domain/calendar.ts';
import { seriesSteps } from '../../../server/domain/budgets/series.ts';
import { formatAmount } from '../../../server/domain/prices/amount.ts';
import { readDrivers, readSpendSeries } from '../../../server/queries/budget-course.ts';
import { readLedgerMoment } from '../../../server/queries/budget-resolve.ts';
import { readAccountSpend, readBudgetSpends } from '../../../server/queries/budget-spend.ts';
import type { Db, QueryParameters } from '../../../server/queries/db.ts';
import { budgetOf } from '../../support/budget-of.ts';
import { useDatabase } from '../../support/database.ts';
import { fillLedger } from '../../support/fill-ledger.ts';
import { createRandom } from '../../support/load-random.ts';
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

  it('are the sums of the rows in windows of every length, zone and time, also where clocks change', async () => {
    const units = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/Havana'];
    const moments = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-11-01T05:30:00Z', '2026-10-03T15:40:00Z'];
    const random = createRandom(7);
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
    for (let i = 0; i < 60; i += 1) {
      const atMs = i < 24 ? Date.parse(pick(moments)) : endMs - Math.floor(random() * 85 * 86_400_000);
      const period: BudgetPeriod =
        i % 5 === 4
          ? { kind: 'rolling', hours: 1 + Math.floor(random() * 900) }
          : { kind: 'calendar', unit: pick(units), timeZone: pick(zones) };
      const [scope, column, value] = pick([
        ['project', "''", null],
        ['agent', 'agent_name', `agent-${i % 5}`],
        ['user', 'user_id', `user-${i % 50}`],
        ['label', "labels['team']", `team-${i % 5}`],
      ] as const);
      const budget = budgetOf({ scope, labelKey: scope === 'label' ? 'team' : null, period });
      const window = pick(windowsBack(period, atMs, 3));
      const spend = await readAccountSpend(api.db, { projectId: api.project, budget, window, owners: [], value });
      const [row] = await api.db.rows<{ usd: string; unpriced: string }>(
        `SELECT toString(sum(cost_usd)) AS usd, sum(unpriced_calls) AS unpriced FROM ledger
         WHERE project_id = {project:String} AND ${column} = {value:String}
           AND toUnixTimestamp64Milli(start_time) >= {from:Int64} AND toUnixTimestamp64Milli(start_time) < {to:Int64}
         LIMIT 1`,
        {
          ...{ project: api.project, value: value ?? '' },
          ...{ from: window.fromMs, to: window.toMs ?? endMs + 400 * 86_400_000 },
        },
      );
      const asked = `${JSON.stringify(period)} ${scope} ${new Date(window.fromMs).toISOString()}`;
      expect([asked, formatAmount(spend.spent), spend.unpricedCalls]).toEqual([asked, row?.usd, Number(row?.unpriced)]);
    }
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
