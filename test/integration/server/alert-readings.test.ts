import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertRuleInput } from '../../../server/contract/alert-rules.ts';
import { readWindowOf } from '../../../server/domain/alerts/alert-window.ts';
import { planBackTest, runBackTest } from '../../../server/domain/alerts/back-test.ts';
import { findRuleFault } from '../../../server/domain/alerts/rule-fault.ts';
import { RuleSeries } from '../../../server/domain/alerts/rule-series.ts';
import { type GroupStates, stepRule } from '../../../server/domain/alerts/step-rule.ts';
import { readReadings } from '../../../server/queries/alert-readings.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { ruleOf } from '../../support/alert-rules.ts';
import { newProjectId, useDatabase } from '../../support/database.ts';
import { fixtureWriter, type SpanFixture, spanIdOf, traceIdOf } from './fixtures.ts';
import { type BookingFixture, ledgerWriter } from './ledger-fixtures.ts';
import { summaryWriter } from './summary-fixtures.ts';

const noonMs = Date.parse('2026-11-20T12:00:00Z');
const minuteMs = 60_000;
const database = useDatabase();
const db = connectDb({ ...database, queryTimeoutMs: 20_000 });
const projectId = newProjectId();
const spans = fixtureWriter(database, projectId);
const ledger = ledgerWriter(database, projectId);
const summaries = summaryWriter(database, projectId);
type Fields = Parameters<typeof ruleOf>[0];

const owners = [
  {
    ...{ ownerId: 'o1', match: { agent: 'sup*' }, team: 'Care', costCentre: '4711', priority: 1 },
    ...{ validFrom: '2026-01-01', validTo: null },
  },
];

/** The values of a rule's groups at a moment, as a tick reads them: minutes after noon. */
async function valuesAt(fields: Fields, minutes: number): Promise<Record<string, number | null>> {
  const rule = ruleOf(fields);
  const atMs = noonMs + minutes * minuteMs;
  return Object.fromEntries(await readLive(rule, atMs));
}

async function readLive(rule: AlertRuleInput, atMs: number) {
  const { read, cutsMs } = readWindowOf(rule, atMs);
  const { groups } = await readReadings(db, { projectId, rule, read, parts: { cutsMs }, keep: [], owners });
  return new RuleSeries(rule, groups).valuesAt(atMs);
}

const booking = (id: number, atMinutes: number, more: Partial<BookingFixture> = {}): BookingFixture => ({
  ...{ traceId: traceIdOf(`a${id}`), spanId: spanIdOf(id), at: atMinutes * 60, agent: 'support', model: 'large' },
  ...{ provider: 'openai', environment: 'production', costUsd: '1', ...more },
});

const llm = (id: number, at: number, columns: NonNullable<SpanFixture['columns']>, durationMs = 100): SpanFixture => ({
  ...{ traceId: traceIdOf(`b${id}`), spanId: spanIdOf(id), at: at * 60, durationMs },
  columns: { kind: 'llm', usage_scope: 'call', agent_name: 'support', request_model: 'large', ...columns },
});

const tool = (id: number, at: number, columns: NonNullable<SpanFixture['columns']>): SpanFixture => ({
  ...{ traceId: traceIdOf('c1'), spanId: spanIdOf(id), at: at * 60 },
  columns: { kind: 'tool', tool_name: 'search', agent_name: 'support', ...columns },
});

beforeAll(async () => {
  const corrected = booking(6, 12, { costUsd: '40', session: 's3', user: 'ann' });
  await ledger.book(
    booking(1, 1, { session: 's1', user: 'ann', inputTokens: 100, labels: { tier: 'gold' } }),
    booking(2, 2, { session: 's1', user: 'ann', inputTokens: 300 }),
    booking(3, 3, { session: 's1', user: 'ann', inputTokens: 700, costUsd: '2' }),
    booking(4, 4, { session: 's2', user: 'ben', agent: 'sales', model: 'small', costUsd: '0.5' }),
    booking(5, 5, { agent: 'sales', model: 'odd', costUsd: null }),
    booking(7, 6, { costUsd: '9', notCountedBecause: 'wrapper' }),
    corrected,
  );
  await ledger.reverse(corrected);
  await spans.spans(
    llm(1, 1, { time_to_first_token_ns: 400_000_000n, provider: 'openai' }, 1_000),
    llm(2, 2, { time_to_first_token_ns: 800_000_000n, provider: 'openai' }, 2_000),
    llm(3, 3, { status: 'error', provider: 'anthropic', request_model: 'other' }, 9_000),
    llm(4, 4, { usage_scope: 'aggregate' }, 50_000),
    tool(11, 1, { tool_arguments: '{"q":1}', status: 'error' }),
    tool(12, 2, { tool_arguments: '{"q":1}', status: 'error' }),
    tool(13, 3, { tool_arguments: '{"q":1}' }),
    tool(14, 4, { tool_arguments: '{"q":2}', status: 'error' }),
    tool(15, 5, { tool_name: 'book', tool_arguments: '{"q":1}' }),
  );
  // Sent twice.
  await spans.spans(llm(3, 3, { status: 'error', provider: 'anthropic', request_model: 'other' }, 9_000));
  await summaries.traces(
    { traceId: traceIdOf('d1'), at: 60, durationMs: 1_000, columns: { agents: ['support', 'search'], user_id: 'ann' } },
    { traceId: traceIdOf('d2'), at: 120, durationMs: 5_000, columns: { agents: ['support'], status: 'error' } },
    { traceId: traceIdOf('d3'), at: 180, durationMs: 2_000, columns: { agents: ['sales'] } },
    { traceId: traceIdOf('d4'), at: 200, durationMs: 9_000, columns: { agents: ['sales'] }, isDeleted: true, pass: 2 },
    {
      traceId: traceIdOf('c1'),
      at: 60,
      durationMs: 3_000,
      columns: { agents: ['support'], session_id: 's9', user_id: 'cid' },
    },
  );
});
afterAll(() => Promise.all([db.close(), spans.close(), ledger.close(), summaries.close()]));

describe('the values of a rule', () => {
  it.each<[string, Fields, Record<string, number | null>]>([
    ['spend of everything; corrections take themselves back', {}, { '': 4.5 }],
    ['spend by agent', { groupBy: 'agent' }, { '=sales': 0.5, '=support': 4 }],
    ['spend by user; what has none is a group', { groupBy: 'user' }, { '=': 0, '=ann': 4, '=ben': 0.5 }],
    ['spend by a label', { groupBy: 'label:tier' }, { '=': 3.5, '=gold': 1 }],
    ['spend by cost centre', { groupBy: 'costCentre' }, { '=': 0.5, '=4711': 4 }],
    ['spend of a label', { filters: { label: 'tier=gold' } }, { '': 1 }],
    ['spend of a model and a user', { filters: { model: 'large', user: 'ann' } }, { '': 4 }],
    ['cost of a session', { metric: 'cost_per_session' }, { '': 2.25 }],
    ['cost of a session by agent', { metric: 'cost_per_session', groupBy: 'agent' }, { '=sales': 0.5, '=support': 4 }],
    ['calls without a price', { metric: 'unpriced_calls', groupBy: 'model' }, { '=large': 0, '=odd': 1, '=small': 0 }],
    ['growth of the input from turn to turn', { metric: 'token_growth_per_turn' }, { '': 300 }],
    ['failures of runs', { metric: 'error_rate' }, { '': 25 }],
    [
      'failures of runs by agent, of each that took part',
      { metric: 'error_rate', groupBy: 'agent' },
      { '=sales': 0, '=search': 0, '=support': 33.333 },
    ],
    ['failures of model calls, each once', { metric: 'error_rate', groupBy: 'model' }, { '=large': 0, '=other': 100 }],
    ['failures of tools', { metric: 'error_rate', groupBy: 'tool' }, { '=book': 0, '=search': 75 }],
    ['latency of runs', { metric: 'latency_p50' }, { '': 2_010 }],
    [
      'latency of model calls',
      { metric: 'latency_p95', groupBy: 'provider' },
      { '=anthropic': 9_040, '=openai': 2_010 },
    ],
    ['first tokens', { metric: 'first_token_p95' }, { '': 807 }],
    ['equal calls of one tool', { metric: 'loop' }, { '': 3 }],
    ['equal calls by session, which the trace knows', { metric: 'loop', groupBy: 'session' }, { '=s9': 3 }],
    ['equal calls of a user, whom the trace knows', { metric: 'loop', filters: { user: 'cid' } }, { '': 3 }],
    ['failures one after the other', { metric: 'tool_error_streak', groupBy: 'tool' }, { '=book': 0, '=search': 2 }],
    ['a forecast of the day', { metric: 'forecast', window: { kind: 'calendar', unit: 'day' } }, { '': 6.65625 }],
  ])('%s', async (_name, fields, values) => {
    expect(await valuesAt(fields, 30)).toEqual(values);
  });

  it('say how many groups were left out, and keep those that fire', async () => {
    const rule = ruleOf({ groupBy: 'user', maxGroups: 1 });
    const read = { fromMs: noonMs, toMs: noonMs + 60 * minuteMs };
    const request = { projectId, rule, read, parts: { cutsMs: [noonMs] }, owners: undefined };
    const largest = await readReadings(db, { ...request, keep: [] });
    expect([...largest.groups.keys()]).toEqual(['=ann']);
    expect({ ...largest, groups: 0 }).toEqual({ groups: 0, groupCount: 3, omittedGroups: 2 });
    expect([...(await readReadings(db, { ...request, keep: ['ben'] })).groups.keys()]).toEqual(['=ben']);
  });

  it('count the minutes since something came, by arrival', async () => {
    const nowMs = Math.ceil(Date.now() / 30_000) * 30_000 + 10 * minuteMs;
    const rule = ruleOf({ metric: 'missing_data', groupBy: 'agent', window: { kind: 'rolling', minutes: 60 } });
    const values = await readLive(rule, nowMs);
    expect([...values.keys()]).toEqual(['=support']);
    expect(values.get('=support')).toBeGreaterThanOrEqual(9);
    expect(values.get('=support')).toBeLessThan(60);
  });

  it('take hostile text for what it is', async () => {
    const nasty = `x' OR 1=1; DROP TABLE ledger; -- {projectId:String} \\ "`;
    expect(await valuesAt({ filters: { agent: nasty } }, 30)).toEqual({});
    expect(
      await valuesAt({ groupBy: `label:${nasty}`, filters: { label: `${nasty.replaceAll('=', '')}=${nasty}` } }, 30),
    ).toEqual({});
    const all = ['agent', 'user', 'session', 'environment'] as const;
    for (const metric of ['error_rate', 'loop', 'latency_p95'] as const) {
      for (const name of all) expect(await valuesAt({ metric, filters: { [name]: nasty } }, 30)).toEqual({});
    }
  });
});

describe('a long window', () => {
  const oldProject = newProjectId();
  const old = ledgerWriter(database, oldProject);
  afterAll(() => old.close());

  it('says from the roll-ups what its rows say', async () => {
    await old.bookAll(
      Array.from({ length: 300 }, (_, i) => ({
        ...booking(i, -i * 10, { agent: ['support', 'sales', ''][i % 3] ?? '', costUsd: `0.${String(i + 1)}` }),
        ...{ traceId: traceIdOf(`e${i}f`), user: `u${String(i % 4)}`, labels: { tier: `t${String(i % 2)}` } },
        ...(i % 7 === 0 ? { costUsd: null } : {}),
      })),
    );
    const atMs = noonMs + 17 * 30_000;
    const groupings = [null, 'agent', 'model', 'user', 'label:tier', 'costCentre', 'team'] as const;
    for (const groupBy of groupings) {
      for (const metric of ['spend', 'unpriced_calls', 'forecast'] as const) {
        const window =
          metric === 'forecast'
            ? ({ kind: 'calendar', unit: 'day', timeZone: 'Asia/Kathmandu' } as const)
            : ({ kind: 'rolling', minutes: 2_885 } as const);
        const rule = ruleOf({ metric, groupBy, window, filters: { environment: 'production' } });
        const { read, cutsMs } = readWindowOf(rule, atMs);
        const ask = { projectId: oldProject, rule, read, keep: [], owners };
        const rolled = await readReadings(db, { ...ask, parts: { cutsMs } });
        const rows = await readReadings(db, { ...ask, parts: { stepMs: 30_000 } });
        expect(rolled.groups.size).toBeGreaterThan(0);
        const values = (readings: typeof rows) => [...new RuleSeries(rule, readings.groups).valuesAt(atMs)].sort();
        expect(values(rolled)).toEqual(values(rows));
        expect(rolled.groupCount).toBe(rows.groupCount);
      }
    }
  });
});

describe('a back-test', () => {
  const metrics = [
    'spend',
    'forecast',
    'cost_per_session',
    'error_rate',
    'latency_p95',
    'first_token_p95',
    'token_growth_per_turn',
    'loop',
    'tool_error_streak',
    'unpriced_calls',
  ] as const;

  it.each(metrics)('of %s tells what a tick tells at the same moments', async (metric) => {
    const isForecast = metric === 'forecast';
    const rule = ruleOf({
      ...{ metric, groupBy: 'agent', warning: 0.4, critical: 1.5, noDataAs: 'no_data' },
      window: isForecast ? { kind: 'calendar', unit: 'day' } : { kind: 'rolling', minutes: 8 },
    });
    expect(findRuleFault(rule)).toBeUndefined();
    const plan = planBackTest(rule, { days: 1, nowMs: noonMs + 40 * minuteMs });
    const { groups } = await readReadings(db, {
      ...{ projectId, rule, read: plan.read, parts: { stepMs: plan.stepMs }, keep: [], owners },
    });
    let states: GroupStates = new Map();
    let fired = 0;
    for (const look of runBackTest(rule, plan, groups)) {
      // Before noon there is nothing.
      const values = look.atMs < noonMs ? new Map<string, number>() : await readLive(rule, look.atMs);
      const step = stepRule(rule, states, {
        ...{ atMs: look.atMs, values },
        ...{ isSilenced: () => false, isAcknowledged: () => false },
      });
      states = step.states;
      expect(look.changes).toEqual(step.changes.map((change) => ({ atMs: look.atMs, ...change })));
      fired += step.changes.filter(({ change }) => change.to === 'firing').length;
    }
    expect(fired).toBeGreaterThan(0);
  });
});
