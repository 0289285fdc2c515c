import { beforeAll, describe, expect, it } from 'vitest';
import {
  cacheSavingsReply,
  forecastReply,
  moversReply,
  sessionCostsReply,
} from '../../../server/contract/cost-insights.ts';
import { errorReply } from '../../../server/contract/errors-reply.ts';
import { useDatabase } from '../../support/database.ts';
import { fillLedger } from '../../support/fill-ledger.ts';
import { request } from './api.ts';
import { noonNs, spanIdOf, traceIdOf } from './fixtures.ts';
import { picodollars } from './ledger-fixtures.ts';
import { useMoneyApi } from './money-api.ts';
import { sessionWriter } from './session-fixtures.ts';

const database = useDatabase();
const week = { from: '2026-11-13T00:00:00Z', to: '2026-11-20T00:00:00Z' };
const amount = (usd: string | null) =>
  usd?.startsWith('-') === true ? -picodollars(usd.slice(1)) : picodollars(usd ?? '0');

describe('questions about ninety days', () => {
  const api = useMoneyApi(database);
  beforeAll(async () => {
    await fillLedger(database, {
      ...{ rows: 40_000, days: 90, endMs: Date.parse('2026-11-20T00:00:00Z'), projects: [api.project] },
      ...{ sessions: 4_000, users: 50, agents: 20, models: 5 },
    });
  });
  const ask = async (path: string, parameters: Record<string, string | number | readonly string[]>) => {
    const { status, body } = await request(api.app, `/api/costs/${path}`, { project: api.project, ...parameters });
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };

  it.each<[string, Record<string, string>, string]>([
    ['week', {}, '1'],
    ['week by its ends', { from: '2026-11-13T05:17:00.5Z', to: '2026-11-19T21:03:00Z' }, '1'],
    ['week of one model', { model: 'model-1' }, "model = 'model-1'"],
    ['week of an environment', { environment: 'staging' }, "environment = 'staging'"],
  ])('what changed in a %s is what the ledger says of both periods', async (_name, filters, where) => {
    const { against = 'previous', ...window } = { ...week, ...filters } as Record<string, string>;
    const reply = moversReply.parse(
      await ask('movers', { ...window, against, dimensions: 'agent,user,label:team', limit: 5 }),
    );
    const columns: Record<string, string> = { agent: 'agent_name', user: 'user_id', 'label:team': "labels['team']" };
    for (const { name, movers, restUsd, groupCount } of reply.dimensions) {
      const truth = await api.db.rows<{ value: string; now: string; before: string; calls: string; change: string }>(
        `SELECT ${columns[name] ?? ''} AS value, toString(sumIf(cost_usd, isNow)) AS now, toString(sumIf(cost_usd, NOT isNow)) AS before,
           sumIf(model_calls, isNow) AS calls, toString(sumIf(cost_usd, isNow) - sumIf(cost_usd, NOT isNow)) AS change
         FROM (
           SELECT *, start_time >= {from:DateTime64(9, 'UTC')} AS isNow FROM ledger
           WHERE project_id = {projectId:String} AND ${where}
             AND start_time >= {before:DateTime64(9, 'UTC')} AND start_time < {to:DateTime64(9, 'UTC')}
         )
         GROUP BY value ORDER BY abs(sumIf(cost_usd, isNow) - sumIf(cost_usd, NOT isNow)) DESC LIMIT 1000`,
        {
          projectId: api.project,
          ...{
            from: clickHouse(reply.window.from),
            to: clickHouse(reply.window.to),
            before: clickHouse(reply.before.from),
          },
        },
      );
      expect(groupCount).toBe(truth.length);
      expect(
        movers.map((one) => [
          one.value,
          amount(one.now.cost.usd),
          amount(one.before.cost.usd),
          one.now.usage.modelCalls,
        ]),
      ).toEqual(truth.slice(0, 5).map((row) => [row.value, amount(row.now), amount(row.before), Number(row.calls)]));
      const changes = truth.map((row) => amount(row.change));
      expect(movers.map(({ changeUsd }) => amount(changeUsd))).toEqual(changes.slice(0, 5));
      const sum = (all: readonly bigint[]) => all.reduce((total, one) => total + one, 0n);
      expect(amount(restUsd)).toBe(sum(changes.slice(5)));
      expect(amount(reply.totals.changeUsd)).toBe(sum(changes));
    }
  });

  it('a day is compared with the same weekday where that is asked for', async () => {
    const day = { from: '2026-11-17T00:00:00Z', to: '2026-11-18T00:00:00Z' };
    const reply = moversReply.parse(await ask('movers', { ...day, against: 'week' }));
    expect([reply.before.from, reply.before.to]).toEqual(['2026-11-10T00:00:00.000Z', '2026-11-11T00:00:00.000Z']);
    const before = await api.getCosts({ from: '2026-11-10T00:00:00Z', to: '2026-11-11T00:00:00Z' });
    expect(reply.totals.before.cost).toEqual(before.totals.cost);
    expect(reply.dimensions.map(({ name }) => name)).toEqual(['agent', 'model', 'user']);
  });

  it('the forecast has spent what the ledger says, and more to come', async () => {
    const reply = forecastReply.parse(await ask('forecast', { timeZone: 'Europe/Berlin' }));
    expect([reply.month, reply.from, reply.to]).toEqual([
      '2026-11',
      '2026-10-31T23:00:00.000Z',
      '2026-11-30T23:00:00.000Z',
    ]);
    const [row] = await api.db.rows<{ usd: string }>(
      `SELECT toString(sum(cost_usd)) AS usd FROM ledger
       WHERE project_id = {projectId:String} AND start_time >= '2026-10-31 23:00:00' LIMIT 1`,
      { projectId: api.project },
    );
    expect(amount(reply.spent.usd)).toBe(amount(row?.usd ?? '0'));
    const { forecast } = reply;
    expect(forecast?.historyDays).toBe(55);
    // Twenty of thirty days are over, and days are alike.
    const share = Number(reply.spent.usd) / Number(forecast?.usd);
    expect(share).toBeGreaterThan(0.55);
    expect(share).toBeLessThan(0.75);
    expect(Number(forecast?.lowUsd)).toBeLessThan(Number(forecast?.usd));
    expect(Number(forecast?.highUsd)).toBeGreaterThan(Number(forecast?.usd));
  });

  it('a forecast of nothing is none, and says why', async () => {
    const reply = forecastReply.parse(await ask('forecast', { agent: 'nobody' }));
    expect([reply.forecast, reply.missing, reply.spent.usd]).toEqual([null, 'history', null]);
    const { status, body } = await request(api.app, '/api/costs/forecast', { project: api.project, timeZone: 'Mars' });
    expect([status, errorReply.parse(body).error.code]).toEqual([400, 'invalid_request']);
  });

  it('what caching saved is what the prices in the rows say', async () => {
    const reply = cacheSavingsReply.parse(await ask('cache-savings', week));
    const [row] = await api.db.rows<{ saved: string; read: string; unknown: string }>(
      `SELECT toString(sumIf(cache_read_tokens, status = 'priced') * toDecimal64('2.25', 2)) AS saved,
         sum(cache_read_tokens) AS read, sumIf(cache_read_tokens, status != 'priced') AS unknown
       FROM ledger
       WHERE project_id = {projectId:String} AND start_time >= '2026-11-13 00:00:00' AND start_time < '2026-11-20 00:00:00' LIMIT 1`,
      { projectId: api.project },
    );
    expect(amount(reply.savedUsd)).toBe(BigInt(Math.round(Number(row?.saved) * 100)) * 10n ** 4n);
    expect(reply.tokens).toEqual({ read: Number(row?.read), written: 0, inferred: 0, unknown: Number(row?.unknown) });
    expect(amount(reply.uncachedUsd) - amount(reply.cachedUsd)).toBe(amount(reply.savedUsd));
  });

  it.each(['', 'agent', 'costCentre', 'agent,label:team'])(
    'sessions by %j cost what the ledger says',
    async (groupBy) => {
      const reply = sessionCostsReply.parse(await ask('sessions-summary', { ...week, groupBy, limit: 1_000 }));
      const columns: Record<string, string> = { agent: 'agent_name', costCentre: "''", 'label:team': "labels['team']" };
      const keys = groupBy
        .split(',')
        .filter((name) => name !== '')
        .map((name) => columns[name] ?? '');
      const truth = await api.db.rows<{ keys: string[]; sessions: string; usd: string; calls: string }>(
        `SELECT [${keys.join(', ')}]::Array(String) AS keys, uniqExact(session_id) AS sessions, toString(sum(cost_usd)) AS usd,
         sum(model_calls) AS calls
       FROM (
         SELECT * FROM ledger WHERE counted AND project_id = {projectId:String}
           AND start_time >= '2026-11-13 00:00:00' AND start_time < '2026-11-20 00:00:00'
       )
       GROUP BY keys LIMIT 1000`,
        { projectId: api.project },
      );
      const byKey = (all: [string, number, bigint, number][]) => all.toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
      const found = groupBy === '' ? [{ ...reply.totals, values: [] as (string | null)[] }] : reply.rows;
      expect(
        byKey(
          found.map((one) => [
            JSON.stringify(one.values.map((value) => value ?? '')),
            ...([one.sessions, amount(one.cost.usd), one.cost.pricedCalls + one.cost.unpricedCalls] as const),
          ]),
        ),
      ).toEqual(
        byKey(truth.map((row) => [JSON.stringify(row.keys), Number(row.sessions), amount(row.usd), Number(row.calls)])),
      );
    },
  );
});

describe('the cost of a session', () => {
  const api = useMoneyApi(database);
  const sessions = sessionWriter(database, api.project);
  const call = (i: number, session: string, costUsd: string | null) => ({
    ...{ traceId: traceIdOf(i.toString(16).padStart(8, '0')), spanId: spanIdOf(i + 1), session, costUsd, agent: 'a' },
    startNs: noonNs + BigInt(i) * 1_000_000_000n,
  });

  beforeAll(async () => {
    await sessions.sessions(
      { sessionId: 'good', durationMs: 60_000 },
      { sessionId: 'bad', durationMs: 60_000, columns: { status: 'error' } },
      { sessionId: 'elsewhere', at: -86_400 * 3 },
    );
    await sessions.close();
    const calls = [
      call(0, 'good', '0.1'),
      call(1, 'good', null),
      call(2, 'bad', '0.2'),
      call(3, 'new', '0.001'),
      call(4, '', '5'),
    ];
    const wrong = call(5, 'taken back', '7');
    await api.ledger.bookAll([...calls, wrong]);
    await api.ledger.reverse(wrong);
  });

  it('is all that was spent in sessions for each, and for each that succeeded', async () => {
    const { body } = await request(api.app, '/api/costs/sessions-summary', {
      ...{ project: api.project, from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' },
    });
    expect(sessionCostsReply.parse(body).totals).toEqual({
      ...{ sessions: 3, successful: 1, failed: 1 },
      cost: { usd: '0.301', pricedCalls: 3, unpricedCalls: 1 },
      // 0.301 / 3, half up.
      ...{ usdPerSession: '0.100333333333', usdPerSuccessfulSession: '0.301' },
    });
  });

  it('stands in the file of costs beside each group, and goes with no interval', async () => {
    const parameters = {
      project: api.project,
      from: '2026-11-20T00:00:00Z',
      to: '2026-11-21T00:00:00Z',
      sessions: 'true',
    };
    const { body } = await request(api.app, '/api/costs.csv', { ...parameters, groupBy: 'agent' });
    const [header, ...lines] = String(body).trim().split('\r\n');
    expect(header).toMatch(/,share_percent,sessions,session_cost_usd,usd_per_session$/);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^a,.*,3,0\.301,0\.100333333333$/);
    const refused = await request(api.app, '/api/costs.csv', { ...parameters, interval: 'day' });
    expect([refused.status, errorReply.parse(refused.body).error.message]).toEqual([
      ...[400, '`sessions` and `interval` do not go together'],
    ]);
  });

  it('is not known, not zero, without sessions', async () => {
    const { body } = await request(api.app, '/api/costs/sessions-summary', { project: api.project, agent: 'nobody' });
    expect(sessionCostsReply.parse(body).totals).toMatchObject({
      sessions: 0,
      usdPerSession: null,
      usdPerSuccessfulSession: null,
    });
  });
});

function clickHouse(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace('Z', '');
}
