import { beforeAll, describe, expect, it } from 'vitest';
import type { CostGroupName, CostInterval } from '../../../server/contract/costs.ts';
import { parseRfc3339, unixNano } from '../../../server/domain/time.ts';
import { costPieces } from '../../../server/queries/cost-pieces.ts';
import { costParameters, costsSql } from '../../../server/queries/costs-sql.ts';
import { fillLedger } from '../../support/fill-ledger.ts';
import { useDatabase } from '../../support/database.ts';
import { useMoneyApi } from './money-api.ts';

const ninetyDays = { from: '2026-08-22T00:00:00Z', to: '2026-11-20T00:00:00Z' };
const at = (text: string) => parseRfc3339(text) ?? unixNano(0n);

interface Asked {
  groupBy?: readonly CostGroupName[];
  interval?: CostInterval;
  window?: { from: string; to: string };
  agent?: string[];
}

describe('rollups', () => {
  const database = useDatabase();
  const api = useMoneyApi(database);

  beforeAll(async () => {
    await fillLedger(database, {
      ...{ rows: 40_000, days: 90, endMs: Date.parse(ninetyDays.to), projects: [api.project] },
      ...{ sessions: 4_000, users: 50, agents: 5, models: 4 },
    });
  });

  /** What ClickHouse reads, in order: names of projections, or of the table. */
  async function explain({ groupBy = [], interval, window = ninetyDays, agent }: Asked): Promise<string[]> {
    const request = {
      projectId: api.project,
      window: { from: at(window.from), to: at(window.to) },
      filters: { values: agent === undefined ? {} : { agent }, labels: new Map<string, string[]>(), unattributed: [] },
      ...{ groupBy, interval, limit: 1_000 },
    };
    const pieces = costPieces(request);
    const plan = await api.db.rows<{ explain: string }>(
      `EXPLAIN projections = 1 ${costsSql(request, pieces, { withStatus: false })}`,
      costParameters(request, pieces),
    );
    return plan.flatMap((line) => /ReadFromMergeTree \((.*)\)/.exec(line.explain)?.[1]?.split('.').at(-1) ?? []);
  }

  it.each<[string, Asked, string[]]>([
    ['days by agent and model', { groupBy: ['agent', 'model'], interval: 'day' }, ['by_day_agent_model']],
    ['days by agent', { groupBy: ['agent'], interval: 'day' }, ['by_day_agent_model']],
    ['days of some agents', { groupBy: ['model'], interval: 'day', agent: ['agent-1'] }, ['by_day_agent_model']],
    ['months by agent', { groupBy: ['agent'], interval: 'month' }, ['by_day_agent_model']],
    ['agents', { groupBy: ['agent'] }, ['by_day_agent_model']],
    ['days', { interval: 'day' }, ['by_day_agent_model']],
    ['totals', {}, ['by_day_agent_model']],
    ['users', { groupBy: ['user'] }, ['by_day_user_model']],
    ['days by user and model', { groupBy: ['user', 'model'], interval: 'day' }, ['by_day_user_model']],
    ['hours by agent', { groupBy: ['agent'], interval: 'hour' }, ['by_hour_agent_model']],
    [
      'a window with ends',
      { groupBy: ['agent'], interval: 'day', window: { from: '2026-08-22T10:10:00Z', to: '2026-11-19T12:30:00Z' } },
      ['by_day_agent_model', 'by_hour_agent_model', 'ledger'],
    ],
    ['sessions', { groupBy: ['session'] }, ['ledger']],
  ])('answer %s', async (_name, asked, sources) => {
    expect(await explain(asked)).toEqual(sources);
  });

  it('say what the rows say', async () => {
    for (const groupBy of ['agent', 'model', 'user']) {
      for (const interval of [undefined, 'hour', 'day', 'month']) {
        const parameters = { ...ninetyDays, groupBy, interval, limit: 10_000 };
        const rolledUp = await api.getCosts(parameters);
        const byRow = await api.getCosts({ ...parameters, environment: ['production', 'staging'] });
        expect(rolledUp.totals.usage.modelCalls).toBeGreaterThan(30_000);
        expect(rolledUp).toEqual(byRow);
      }
    }
  });
});
