import { afterAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  alertEventsReply,
  alertRuleReply,
  alertRulesReply,
  alertStatesReply,
  backTestReply,
} from '../../../server/contract/alerts.ts';
import { errorReply } from '../../../server/contract/errors-reply.ts';
import { useDatabase } from '../../support/database.ts';
import { makeOwnTables } from '../../support/own-tables.ts';
import { alertServer } from './alert-fixtures.ts';
import { useApi } from './api.ts';
import { ledgerWriter } from './ledger-fixtures.ts';

const tables = await makeOwnTables(useDatabase());
const api = useApi(tables);
const server = alertServer(tables);
const ledger = ledgerWriter(tables, api.project);
afterAll(async () => {
  await Promise.all([server.close(), ledger.close()]);
  await tables.remove();
});

/** The server's clock stands at 18:00. */
const nowMs = Date.parse('2026-11-20T18:00:00Z');
const spend = {
  ...{ name: 'Spend by agent', metric: 'spend', groupBy: 'agent', warning: 2, critical: 5 },
  window: { kind: 'rolling', minutes: 30 },
};

async function ask(method: string, path: string, body?: unknown, query: Record<string, string> = {}) {
  const search = new URLSearchParams({ project: api.project, ...query }).toString();
  const response = await api.app.request(`http://127.0.0.1/api/alerts/${path}?${search}`, {
    method,
    headers: { host: '127.0.0.1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as unknown };
}

async function read<T>(schema: z.ZodType<T>, ...request: Parameters<typeof ask>): Promise<T> {
  const { status, body } = await ask(...request);
  if (status !== 200)
    throw new Error(`${request[0]} ${request[1]} answered ${String(status)}: ${JSON.stringify(body)}`);
  return schema.parse(body);
}

async function refuse(...request: Parameters<typeof ask>): Promise<string> {
  const { status, body } = await ask(...request);
  const { error } = errorReply.parse(body);
  return `${String(status)} ${error.code}: ${error.message}`;
}

const booking = (id: number, atMs: number, agent: string, costUsd: string) => ({
  ...{ traceId: id.toString(16).padStart(32, '3'), spanId: id.toString(16).padStart(16, '3'), agent, costUsd },
  startNs: BigInt(atMs) * 1_000_000n,
});

describe('alert rules', () => {
  it('are made, changed by who has seen the last version, and removed', async () => {
    const { rule } = await read(alertRuleReply, 'POST', 'rules', spend);
    expect(rule).toMatchObject({ ...spend, version: 1, unit: 'usd', maxGroups: 50, forSeconds: 0, isEnabled: true });
    const change = { ...spend, warning: 3, version: 1 };
    const changed = await read(alertRuleReply, 'PUT', `rules/${rule.ruleId}`, change);
    expect(changed.rule).toMatchObject({ warning: 3, version: 2 });
    expect(await refuse('PUT', `rules/${rule.ruleId}`, change)).toMatch(/^409 changed_meanwhile: /);
    const { rules } = await read(alertRulesReply, 'GET', 'rules');
    expect(
      rules.map(({ ruleId, version, lastFiredMs, firingGroups }) => [ruleId, version, lastFiredMs, firingGroups]),
    ).toEqual([[rule.ruleId, 2, null, 0]]);
    await read(alertRuleReply, 'DELETE', `rules/${rule.ruleId}`);
    expect((await read(alertRulesReply, 'GET', 'rules')).rules).toEqual([]);
    expect(await refuse('DELETE', `rules/${rule.ruleId}`)).toBe(
      `404 alert_rule_not_found: project ${api.project} has no alert rule ${rule.ruleId}`,
    );
  });

  it.each<[string, object, string]>([
    [
      'metric',
      { ...spend, metric: 'speed' },
      '`metric` must be one of spend, budget, forecast, cost_per_session, error_rate',
    ],
    ['window', { ...spend, window: { kind: 'hourly' } }, '`window.kind` must be rolling (with minutes) or calendar'],
    [
      'minutes',
      { ...spend, window: { kind: 'rolling', minutes: 0 } },
      '`window.minutes` must be a whole number from 1 to 44640',
    ],
    [
      'time zone',
      { ...spend, window: { kind: 'calendar', unit: 'day', timeZone: 'Mars' } },
      '`window.timeZone` must be the IANA name of a time zone',
    ],
    ['limits', { ...spend, warning: null, critical: null }, '`warning` or `critical` must be a number'],
    ['group', { ...spend, groupBy: 'colour' }, '`groupBy` must be one of agent, model'],
    ['groups', { ...spend, maxGroups: 201 }, '`maxGroups` must be a whole number from 1 to 200'],
    ['label', { ...spend, filters: { label: 'tier' } }, '`filters.label` must be KEY=VALUE'],
    ['field', { ...spend, treshold: 3 }, 'unknown field `treshold`; allowed: name, metric'],
    ['name', { ...spend, name: 'a\nb' }, '`name` must be 1 to 100 characters, none of them a control character'],
  ])('refuse a wrong %s and say what is allowed', async (_name, body, message) => {
    expect(await refuse('POST', 'rules', body)).toContain(`400 invalid_request: ${message}`);
  });
});

describe('what rules say', () => {
  it('is seen as states and events, and can be acknowledged and silenced', async () => {
    const { rule } = await read(alertRuleReply, 'POST', 'rules', { ...spend, renotifyMinutes: 5, channelIds: ['c1'] });
    const startMs = nowMs - 20 * 60_000;
    await ledger.book(booking(1, startMs, 'support', '6'), booking(2, startMs, 'sales', '1'));
    await server.tickAt(startMs + 60_000);
    const { states, rules, evaluatedToMs, evaluationLagMs } = await read(alertStatesReply, 'GET', 'states');
    expect(states.map(({ group, state, severity, value, limit }) => [group, state, severity, value, limit])).toEqual([
      ['support', 'firing', 'critical', 6, 5],
      ['sales', 'ok', null, 1, 2],
    ]);
    expect(states[0]?.links.map(({ label }) => label)).toEqual(['Costs of this time', 'Traces of this time']);
    expect(rules).toEqual([{ ruleId: rule.ruleId, groupCount: 2, omittedGroups: 0, failure: null }]);
    expect([evaluatedToMs, evaluationLagMs]).toEqual([startMs + 60_000, 19 * 60_000]);

    const at = `states/${rule.ruleId}`;
    expect(await refuse('POST', `${at}/acknowledge`, { group: 'sales' })).toBe(
      `409 alert_not_firing: alert rule ${rule.ruleId} has nothing to acknowledge: group "sales" of it is not firing`,
    );
    expect((await ask('POST', `${at}/acknowledge`, { group: 'support' })).body).toMatchObject({
      acknowledgedBy: 'api',
    });
    expect((await read(alertStatesReply, 'GET', 'states')).states[0]?.acknowledgedBy).toBe('api');
    await server.tickAt(startMs + 600_000);
    const { events } = await read(alertEventsReply, 'GET', 'events');
    expect(events.map(({ to, group, isReminder, channelIds }) => [to, group, isReminder, channelIds])).toEqual([
      ['firing', 'support', false, ['c1']],
    ]);

    expect(await refuse('POST', `${at}/silence`, { minutes: -1 })).toContain(
      '400 invalid_request: `minutes` must be a whole number from 0 to 43200; 0 ends it',
    );
    const silenced = await ask('POST', `${at}/silence`, { minutes: 60 });
    expect(silenced.body).toMatchObject({ silencedUntilMs: nowMs + 3_600_000 });
    await ledger.book(booking(3, startMs + 600_000, 'sales', '3'));
    await server.tickAt(startMs + 630_000);
    const quiet = await read(alertEventsReply, 'GET', 'events', undefined, { group: 'sales' });
    expect(quiet.events).toMatchObject([{ to: 'firing', severity: 'warning', channelIds: [], isSilenced: true }]);
    await ask('POST', `${at}/silence`, { minutes: 0 });
    await server.tickAt(startMs + 660_000);
    const told = await read(alertEventsReply, 'GET', 'events', undefined, { group: 'sales' });
    expect(told.events.map(({ isReminder, channelIds }) => [isReminder, channelIds])).toEqual([
      [true, ['c1']],
      [false, []],
    ]);

    const [event] = told.events;
    const one = await read(alertEventsReply, 'GET', 'events', undefined, { event: event?.eventId ?? '' });
    expect(one.events).toEqual([event]);
    const page = await read(alertEventsReply, 'GET', 'events', undefined, { rule: rule.ruleId, limit: '2' });
    const next = await read(alertEventsReply, 'GET', 'events', undefined, {
      rule: rule.ruleId,
      limit: '2',
      cursor: page.nextCursor ?? '',
    });
    expect([...page.events, ...next.events].map(({ group }) => group)).toEqual(['sales', 'sales', 'support']);
    expect(next.nextCursor).toBeNull();

    await read(alertRuleReply, 'DELETE', `rules/${rule.ruleId}`);
    await server.tickAt(startMs + 690_000);
    expect((await read(alertStatesReply, 'GET', 'states')).states).toEqual([]);
  });

  it('is not told again when a silence ends that began after it was told', async () => {
    const window = { kind: 'rolling', minutes: 1_440 };
    const { rule } = await read(alertRuleReply, 'POST', 'rules', {
      ...spend,
      window,
      filters: { environment: 'hush' },
    });
    const startMs = nowMs - 8 * 60_000;
    const environment = 'hush';
    await ledger.book(
      { ...booking(201, startMs, 'support', '6'), environment },
      { ...booking(202, startMs, 'billing', '3'), environment },
    );
    const at = `states/${rule.ruleId}`;
    let half = 0;
    const tick = () => server.tickAt(startMs + (half += 1) * 30_000);
    await tick();
    expect((await ask('POST', `${at}/acknowledge`, { group: 'support' })).status).toBe(200);
    for (const silence of [
      { group: 'support', minutes: 240 },
      { group: 'support', minutes: 0 },
    ]) {
      expect((await ask('POST', `${at}/silence`, silence)).status).toBe(200);
      await tick();
    }
    for (const minutes of [240, 0]) {
      expect((await ask('POST', `${at}/silence`, { minutes })).status).toBe(200);
      await tick();
    }
    await tick();
    const { events } = await read(alertEventsReply, 'GET', 'events', undefined, { rule: rule.ruleId });
    expect(events.map(({ to, group, severity }) => [to, group, severity]).toSorted()).toEqual([
      ['firing', 'billing', 'warning'],
      ['firing', 'support', 'critical'],
    ]);
    await read(alertRuleReply, 'DELETE', `rules/${rule.ruleId}`);
  });
});

describe('a back-test', () => {
  it('says when a rule would have fired', async () => {
    const dayMs = 86_400_000;
    await ledger.book(...[2, 5, 9].map((days, i) => booking(100 + i, nowMs - days * dayMs, 'research', String(3 + i))));
    const reply = await read(backTestReply, 'POST', 'backtest', {
      rule: { ...spend, filters: { agent: 'research' } },
      days: 14,
    });
    expect(reply).toMatchObject({ firedCount: 3, unit: 'usd', measured: 'ledger', groupCount: 1, omittedGroups: 0 });
    expect(reply.fired.map(({ group, severity, peak }) => [group, severity, peak])).toEqual([
      ['research', 'warning', 3],
      ['research', 'warning', 4],
      ['research', 'warning', 5],
    ]);
    expect(
      reply.fired.every(
        ({ fromMs, toMs }) => toMs !== null && toMs - fromMs >= 30 * 60_000 && toMs - fromMs <= 40 * 60_000,
      ),
    ).toBe(true);
    expect(reply.series.map(({ group }) => group)).toEqual(['research']);
  });

  it('refuses what cannot be tested', async () => {
    expect(await refuse('POST', 'backtest', { rule: spend, days: 32 })).toContain(
      '400 invalid_request: `days` must be a whole number from 1 to 31',
    );
    const budget = { name: 'Budget', metric: 'budget', warning: 80, window: spend.window };
    expect(await refuse('POST', 'backtest', { rule: budget, days: 1 })).toContain(
      '`rule.metric` budget cannot be tested',
    );
  });
});
