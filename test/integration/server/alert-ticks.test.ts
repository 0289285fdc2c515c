import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertEvent } from '../../../server/contract/alerts.ts';
import { listEvents } from '../../../server/queries/alert-events.ts';
import { listStates } from '../../../server/queries/alert-states.ts';
import { ruleOf } from '../../support/alert-rules.ts';
import { newProjectId, type TestDatabase, useDatabase } from '../../support/database.ts';
import { makeOwnTables } from '../../support/own-tables.ts';
import { alertServer } from './alert-fixtures.ts';
import { ledgerWriter } from './ledger-fixtures.ts';
import { startSmallRuntime } from './small-runtime.ts';

const noonMs = Date.parse('2026-11-20T12:00:00Z');
const minuteMs = 60_000;
const call = (id: number, atMs: number, more: object = {}) => ({
  ...{ traceId: id.toString(16).padStart(32, '2'), spanId: id.toString(16).padStart(16, '2') },
  ...{ startNs: BigInt(atMs) * 1_000_000n, agent: 'support', model: 'large', costUsd: '1', ...more },
});

/** Each test has tables of its own: ticks are of all projects. */
function useServers() {
  const shared = useDatabase();
  let tables: TestDatabase & { remove(): Promise<void> };
  const open: { close(): Promise<unknown> }[] = [];
  beforeAll(async () => {
    tables = await makeOwnTables(shared);
  });
  afterAll(async () => {
    await Promise.all(open.map((one) => one.close()));
    await tables.remove();
  });
  return {
    start: (owner?: string, runtimeUrl?: string) => {
      const server = alertServer(tables, {
        ...(owner === undefined ? {} : { owner }),
        ...(runtimeUrl === undefined ? {} : { runtimeUrl }),
      });
      open.push(server);
      return server;
    },
    ledgerOf: (projectId: string) => {
      const ledger = ledgerWriter(tables, projectId);
      open.push(ledger);
      return ledger;
    },
  };
}

type Server = ReturnType<typeof alertServer>;

async function eventsOf({ db }: Server, projectId: string): Promise<AlertEvent[]> {
  const window = { fromMs: 0, toMs: noonMs + 86_400_000 };
  return (await listEvents(db, { projectId, window, limit: 100 })).events.toReversed();
}

const inWords = (events: readonly AlertEvent[]) =>
  events.map(({ group, from, to, severity, value }) => [group, from, to, severity, value].join(' '));

async function writeRule({ configuration }: Server, projectId: string, fields: Parameters<typeof ruleOf>[0]) {
  const body = ruleOf(fields);
  await configuration.write({ objectType: 'rule', projectId, objectId: 'r1', body, author: 'test' });
}

describe('a tick', () => {
  const servers = useServers();

  it('tells that a rule fires and is over, with causes, changes and links, and does not tell it again', async () => {
    const projectId = newProjectId();
    const server = servers.start();
    const ledger = servers.ledgerOf(projectId);
    await writeRule(server, projectId, {
      groupBy: 'agent',
      warning: 5,
      window: { kind: 'rolling', minutes: 10 },
      channelIds: ['c1'],
    });
    await ledger.book(
      call(1, noonMs - 15 * minuteMs, { user: 'ann', model: 'small', columns: { agent_version: 'one' } }),
      ...Array.from({ length: 6 }, (_, i) =>
        call(10 + i, noonMs - 5 * minuteMs + i, { user: 'ben', columns: { agent_version: 'two' } }),
      ),
    );
    const outcomes = [];
    for (const half of [0, 1, 2, 30, 31, 32, 33, 34]) outcomes.push(await server.tickAt(noonMs + half * 30_000));
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'written'));
    const events = await eventsOf(server, projectId);
    expect(inWords(events)).toEqual(['support ok firing warning 6', 'support firing resolved warning 0']);
    const [fired] = events;
    expect(fired?.causes).toEqual([
      { dimension: 'model', value: 'large', amount: 6, unit: 'usd', change: null },
      { dimension: 'user', value: 'ben', amount: 6, unit: 'usd', change: null },
    ]);
    expect(fired?.changes.map(({ what, agent, from, to }) => ({ what, agent, from, to }))).toEqual([
      { what: 'agent revision', agent: 'support', from: 'one', to: 'two' },
      { what: 'model', agent: 'support', from: 'small', to: 'large' },
    ]);
    expect(fired?.channelIds).toEqual(['c1']);
    expect(fired?.links.map(({ label }) => label)).toEqual([
      'Open in Sightglass',
      'Costs of this time',
      'Traces of this time',
    ]);
    expect(fired?.links[1]?.path).toContain('agent=support');
    expect(fired?.links[1]?.path).toContain('from=2026-11-20T11%3A50%3A00.000Z');
  });
});

describe('of two servers', () => {
  const servers = useServers();

  it('one wins each tick, and what it told is not told again by the other', async () => {
    const projectId = newProjectId();
    const [one, other] = [servers.start('one'), servers.start('other')];
    await writeRule(one, projectId, { warning: 0.5, window: { kind: 'rolling', minutes: 5 } });
    const ledger = servers.ledgerOf(projectId);
    for (let half = 0; half < 30; half += 15) await ledger.book(call(half, noonMs + half * 30_000 - 1));
    const winners = [];
    for (let half = 0; half < 30; half += 1) {
      const atMs = noonMs + half * 30_000;
      const outcomes = await Promise.all([one.tickAt(atMs), other.tickAt(atMs)]);
      winners.push(outcomes.filter(({ status }) => status === 'written').length);
    }
    expect(winners).toEqual(Array.from({ length: 30 }, () => 1));
    const events = await eventsOf(one, projectId);
    expect(events.map(({ to }) => to)).toEqual(['firing', 'resolved', 'firing', 'resolved']);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(4);
  });
});

describe('a server that ends', () => {
  const servers = useServers();

  it('after its tick and before its events loses none of them', async () => {
    const projectId = newProjectId();
    const first = servers.start();
    await writeRule(first, projectId, { warning: 0.5, window: { kind: 'rolling', minutes: 5 } });
    await servers.ledgerOf(projectId).book(call(1, noonMs - 1));
    const writeEvents = first.writer.writeEvents.bind(first.writer);
    first.writer.writeEvents = () => Promise.reject(new Error('the server is gone'));
    await expect(first.tickAt(noonMs)).rejects.toThrow('the server is gone');
    expect(await eventsOf(first, projectId)).toEqual([]);
    first.writer.writeEvents = writeEvents;

    const second = servers.start();
    await second.tickAt(noonMs + 30_000);
    expect(inWords(await eventsOf(second, projectId))).toEqual([' ok firing warning 1']);
    expect(second.warnings.join()).toContain('cut short');
    await second.tickAt(noonMs + 60_000);
    await servers.start().tickAt(noonMs + 90_000);
    expect(await eventsOf(second, projectId)).toHaveLength(1);
  });

  it('and comes back after an hour catches up with one look', async () => {
    const projectId = newProjectId();
    const server = servers.start();
    await writeRule(server, projectId, { warning: 0.5, window: { kind: 'rolling', minutes: 5 } });
    const ledger = servers.ledgerOf(projectId);
    const laterMs = noonMs + 10 * 3_600_000;
    await ledger.book(call(1, laterMs - 1), call(2, laterMs + 30 * minuteMs), call(3, laterMs + 60 * minuteMs - 1));
    await server.tickAt(laterMs);
    const outcome = await servers.start().tickAt(laterMs + 60 * minuteMs);
    expect(outcome).toMatchObject({ status: 'written', missed: 119 });
    expect(inWords(await eventsOf(server, projectId))).toEqual([' ok firing warning 1']);
  });
});

describe('while settlement is behind', () => {
  const servers = useServers();

  it('windows end where it has come to, and what is not booked yet is not missing', async () => {
    const projectId = newProjectId();
    const server = servers.start();
    const window = { kind: 'rolling', minutes: 5 } as const;
    await writeRule(server, projectId, { metric: 'cost_per_session', noDataAs: 'no_data', warning: 5, window });
    await servers.ledgerOf(projectId).book(call(1, noonMs - minuteMs, { session: 's' }));
    await server.tickAt(noonMs);
    // Half an hour without a booking, because nothing is booked.
    for (let half = 1; half <= 60; half += 20) {
      const outcome = await server.tickAt(noonMs + half * 30_000, { lagMs: half * 30_000 + 50_000 });
      expect(outcome).toMatchObject({
        status: 'written',
        evaluatedToMs: noonMs,
        settlementLagMs: half * 30_000 + 50_000,
      });
    }
    expect(await eventsOf(server, projectId)).toEqual([]);
    await server.tickAt(noonMs + 61 * 30_000);
    expect(inWords(await eventsOf(server, projectId))).toEqual([' ok no_data warning ']);
  });
});

describe('a rule that cannot be read', () => {
  const servers = useServers();

  it('keeps its states, says why, and holds up no other', async () => {
    const projectId = newProjectId();
    const server = servers.start();
    await writeRule(server, projectId, { groupBy: 'agent', warning: 0.5, window: { kind: 'rolling', minutes: 20 } });
    const latency = ruleOf({ name: 'Latency', metric: 'latency_p95', warning: 100 });
    await server.configuration.write({ objectType: 'rule', projectId, objectId: 'r2', body: latency, author: 'test' });
    await servers.ledgerOf(projectId).book(call(1, noonMs - 1));
    await server.tickAt(noonMs);
    const rows = server.db.rows.bind(server.db);
    server.db.rows = (sql, parameters) =>
      sql.includes('groupArray(') && sql.includes('cost_usd')
        ? Promise.reject(new Error('it takes too long'))
        : rows(sql, parameters);
    const outcome = await server.tickAt(noonMs + 30_000);
    server.db.rows = rows;
    expect(outcome).toMatchObject({ status: 'written', ruleCount: 2, failures: 1 });
    const states = await listStates(server.db, projectId);
    expect(states.map(({ ruleId, groupKey, body }) => [ruleId, groupKey, body.state, body.failure])).toEqual([
      ['r1', '*', 'ok', 'it takes too long'],
      ['r1', '=support', 'firing', undefined],
      ['r2', '', 'ok', undefined],
      ['r2', '*', 'ok', null],
    ]);
    await server.tickAt(noonMs + 60_000);
    expect(await eventsOf(server, projectId)).toHaveLength(1);
  });
});

describe('thresholds of a budget', () => {
  const servers = useServers();

  it('are told once each, by whichever server, until it is raised', async () => {
    const projectId = newProjectId();
    const [one, other] = [servers.start(), servers.start()];
    const write = (amountUsd: string) =>
      one.configuration.write({
        ...{ objectType: 'budget', projectId, objectId: 'b1', author: 'test' },
        body: {
          ...{ name: 'Support', scope: 'agent', labelKey: null, value: 'support', amountUsd, action: 'pause' },
          period: { kind: 'calendar', unit: 'month', timeZone: 'Europe/Berlin' },
          ...{ thresholds: [50, 80], channelIds: ['c1'], createdMs: noonMs },
        },
      });
    await write('10');
    const ledger = servers.ledgerOf(projectId);
    const spend = async (id: number, costUsd: string, half: number) => {
      await ledger.book(call(id, noonMs + half * 30_000 - 1, { costUsd, user: 'ann' }));
      await Promise.all([one.tickAt(noonMs + half * 30_000), other.tickAt(noonMs + half * 30_000)]);
    };
    await spend(1, '4.9', 1);
    await spend(2, '0.2', 2);
    await spend(3, '3', 3);
    await spend(4, '2.5', 4);
    await write('30');
    await spend(5, '0.1', 5);
    await spend(6, '0.1', 6);
    const rule = ruleOf({ metric: 'budget', warning: 30, critical: 90 });
    await one.configuration.write({ objectType: 'rule', projectId, objectId: 'r2', body: rule, author: 'test' });
    await one.tickAt(noonMs + 7 * 30_000);
    const all = await eventsOf(one, projectId);
    expect(inWords(all.filter(({ source }) => source === 'rule'))).toEqual(['Support: support ok firing warning 36']);
    const events = all.filter(({ source }) => source === 'budget');
    expect(events.map(({ limit, to, value, severity }) => [limit, to, value, severity].join(' '))).toEqual([
      '50 firing 51 warning',
      '80 firing 81 warning',
      '100 firing 106 critical',
      '100 resolved 35.67 critical',
    ]);
    const [, warned] = events;
    expect(warned?.budget).toMatchObject({ threshold: 80, spentUsd: '8.1', amountUsd: '10', value: 'support' });
    expect(warned?.action).toBe('pause');
    expect(warned?.projection?.usdAtEnd).toBeTruthy();
    expect(warned?.causes.map(({ dimension, value }) => `${dimension} ${value}`)).toEqual(['model large', 'user ann']);
    expect(warned?.channelIds).toEqual(['c1']);
  });
});

describe('thresholds of a budget beside a runtime', () => {
  const servers = useServers();

  it('count what is on its way to the ledger once, also of who has nothing else, and hear of who waits', async () => {
    const projectId = newProjectId();
    const runtime = await startSmallRuntime();
    const server = servers.start('one', runtime.url);
    await server.configuration.write({
      ...{ objectType: 'budget', projectId, objectId: 'b1', author: 'test' },
      body: {
        ...{ name: 'Each user', scope: 'user', labelKey: null, value: null, amountUsd: '10', action: 'pause' },
        period: { kind: 'total' },
        ...{ thresholds: [50, 80], channelIds: ['c1'], createdMs: noonMs },
      },
    });
    const hold = (user: string, pendingUsd: string, more: object = {}) => ({
      ...{ accountId: `b1:${user}`, windowKey: 'total', pendingUsd, reservedUsd: '0', spentUsd: '0' },
      ...{ pausedSessions: 0, ...more },
    });
    // Ann's call is booked, and the runtime has not looked since; of Bob's two, one is.
    const holds = [hold('ann', '4'), hold('bob', '6'), hold('eve', '8.5'), hold('tom', '0', { pausedSessions: 2 })];
    // Kim's call did not fit; Lee's did not before the budget was raised.
    const refused = { amountUsd: '10.0', atMs: noonMs };
    holds.push(hold('kim', '3', { refused }), hold('lee', '3', { refused: { ...refused, amountUsd: '9' } }));
    runtime.reply('GET /agents', { agents: [] });
    runtime.reply(`GET /v1/budgets?project=${projectId}`, { accounts: holds, paused: [] });
    await servers
      .ledgerOf(projectId)
      .book(
        call(1, noonMs - 2_000, { costUsd: '4', user: 'ann' }),
        call(2, noonMs - 2_000, { costUsd: '2', user: 'bob' }),
      );
    await server.tickAt(noonMs);
    await runtime.stop();
    expect(server.warnings).toEqual([]);
    const events = await eventsOf(server, projectId);
    expect(events.map(({ group, limit, value, budget }) => [group, limit, value, budget?.waitingSessions])).toEqual(
      expect.arrayContaining([
        ['bob', 50, 60, 0],
        ['eve', 50, 85, 0],
        ['eve', 80, 85, 0],
        ['tom', 100, 0, 2],
        ['kim', 100, 30, 0],
      ]),
    );
    expect(events).toHaveLength(5);
  });
});
