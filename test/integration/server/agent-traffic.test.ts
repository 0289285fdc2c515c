import { beforeAll, describe, expect, it } from 'vitest';
import { trafficReply } from '../../../server/contract/agents.ts';
import { useDatabase } from '../../support/database.ts';
import { request } from './api.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const run = (digits: string, columns: object, more: object = {}) => ({
  ...{ traceId: traceIdOf(digits), spanId: spanIdOf(1), durationMs: 1_000 },
  columns: { kind: 'agent', agent_name: 'support', agent_version: 'support@1', ...columns },
  ...more,
});

describe('traffic of agents', () => {
  const api = useMoneyApi(useDatabase());
  const read = async (parameters: Record<string, string | readonly string[]> = {}) => {
    const window = { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' };
    const answer = await request(api.app, '/api/agent-traffic', { project: api.project, ...window, ...parameters });
    expect(answer.status).toBe(200);
    return trafficReply.parse(answer.body);
  };

  beforeAll(async () => {
    const runs = [
      run('a1', {}),
      // What failed inside of an agent that itself went well is no failure of it.
      { ...run('a1', { kind: 'tool', status: 'error' }), spanId: spanIdOf(2), parentSpanId: spanIdOf(1) },
      run('a2', { status: 'error' }, { at: 60, durationMs: 3_000 }),
      run('a3', { agent_version: 'support@2' }, { at: 120, durationMs: 2_000 }),
      // The revision may stand on some spans of the trace only.
      { ...run('a3', { kind: 'llm', agent_version: '' }), spanId: spanIdOf(2), parentSpanId: spanIdOf(1) },
      // An agent without a span of its own: all that name it.
      run('b1', { kind: 'llm', agent_name: 'loose', agent_version: '' }, { durationMs: 500 }),
      {
        ...run('b1', { kind: 'tool', agent_name: 'loose', agent_version: '', status: 'error' }),
        spanId: spanIdOf(2),
        at: 4,
      },
      run('c1', { agent_name: '' }),
      run('d1', {}, { at: -86_400 }),
    ];
    await api.write.spans(...runs);
    await api.write.spans(...runs);
  });

  it('counts traces, failures and durations of each agent, copies once', async () => {
    expect(await read()).toEqual({
      rows: [
        {
          ...{ agent: 'support', traceCount: 3, errorCount: 1 },
          ...{ durationP50Ns: '2000000000', durationP95Ns: '3000000000' },
          lastSeenUnixNano: String(noonNs + 120_000_000_000n),
        },
        {
          ...{ agent: 'loose', traceCount: 1, errorCount: 1 },
          ...{ durationP50Ns: '5000000000', durationP95Ns: '5000000000' },
          lastSeenUnixNano: String(noonNs + 4_000_000_000n),
        },
      ],
      rowCount: 2,
    });
  });

  it('counts each revision apart', async () => {
    const { rows } = await read({ by: 'revision', agent: 'support' });
    expect(rows.map(({ revision, traceCount }) => [revision, traceCount])).toEqual([
      ['support@1', 2],
      ['support@2', 1],
    ]);
    expect((await read({ by: 'revision', agent: 'loose' })).rows[0]?.revision).toBeNull();
  });

  it('says how many rows there are when it shows fewer', async () => {
    const { rows, rowCount } = await read({ limit: '1' });
    expect([rows.length, rowCount]).toEqual([1, 2]);
    expect(await read({ from: '2026-11-20T20:00:00Z' })).toEqual({ rows: [], rowCount: 0 });
  });

  it.each(["'", "' OR 1=1 --", '\\', '\0', '{projectId:String}', 'support'.repeat(60)])(
    'takes %j for a name and nothing else',
    async (agent) => {
      expect((await read({ agent, by: 'revision' })).rows).toEqual([]);
    },
  );

  it('refuses what it does not know', async () => {
    for (const parameters of [{ by: 'model' }, { limit: '0' }, { model: 'x' }]) {
      expect(await api.ask('/api/agent-traffic', parameters)).toMatchObject({ error: { code: 'invalid_request' } });
    }
  });
});

describe('costs by revision', () => {
  const api = useMoneyApi(useDatabase());

  it('are the same sums, grouped and filtered by the agent’s version', async () => {
    const call = (digits: string, revision: string, costUsd: string) => ({
      ...{ traceId: traceIdOf(digits), spanId: spanIdOf(1), agent: 'support', model: 'm', costUsd },
      columns: { agent_version: revision },
    });
    await api.ledger.book(call('a1', 'support@1', '0.5'), call('a2', 'support@2', '0.25'), call('a3', '', '0.125'));
    const { rows, totals } = await api.getCosts({ groupBy: 'revision' });
    expect(totals.cost.usd).toBe('0.875');
    expect(rows.map(({ revision, cost }) => [revision, cost.usd])).toEqual([
      ['support@1', '0.5'],
      ['support@2', '0.25'],
      [null, '0.125'],
    ]);
    expect((await api.getCosts({ agent: 'support', revision: 'support@2' })).totals.cost.usd).toBe('0.25');
    expect((await api.listLedger({ revision: 'support@1' })).entries.map((entry) => entry.agentVersion)).toEqual([
      'support@1',
    ]);
    expect((await api.getCosts({ unattributed: 'revision' })).totals.cost.usd).toBe('0.125');
  });
});
