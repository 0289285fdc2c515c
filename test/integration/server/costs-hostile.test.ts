import { beforeAll, describe, expect, it } from 'vitest';
import { tables } from '../../../migrations/schema.ts';
import { costFileQuery, costQuery, ledgerQuery } from '../../../server/contract/costs.ts';
import { useDatabase } from '../../support/database.ts';
import { request } from './api.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const hostile = [
  ...[
    "'",
    "' OR 1=1 --",
    "'); DROP TABLE ledger; --",
    '"',
    '\\',
    "\\'",
    '`',
    '%',
    '_%',
    '{projectId:String}',
    '\0',
    'a\0b',
  ],
  ...['\n\t\r', '🎉', '\u202e\ufeff', 'ｱ'.repeat(120), 'x'.repeat(500), 'x'.repeat(5_000), '-1', '1e309', 'NaN'],
  ...['9'.repeat(40), '[]', 'null', '__proto__', 'constructor', "unhex('00')", '=1+1', '../../etc/passwd'],
  ...['<script>alert(1)</script>', '2026-11-20T12:00:00Z', '9999-12-31T23:59:59Z', '2261-12-31T23:59:59Z'],
  ...[0n, 9_223_372_036_854_775_807n, 9_223_372_036_854_775_808n].map((value) =>
    Buffer.from(
      JSON.stringify({
        sort: 'ledger -cost',
        from: '0',
        to: String(value),
        value: String(value),
        start: '0',
        id: 'f'.repeat(48),
      }),
    ).toString('base64url'),
  ),
];
const texts = ['agent', 'model', 'user', 'session', 'provider', 'environment', 'service'];

describe('hostile values in questions about money', () => {
  const api = useMoneyApi(useDatabase());

  beforeAll(() => api.ledger.book({ traceId: traceIdOf('aa'), spanId: spanIdOf(1), costUsd: '1' }));

  it.each([
    ['/api/costs', Object.keys(costQuery.shape)],
    ['/api/costs.csv', Object.keys(costFileQuery.shape)],
    ['/api/ledger', Object.keys(ledgerQuery.shape)],
    ['/api/settlement', ['project']],
  ])('are an ordinary answer or a clear refusal in every parameter of %s', async (path, names) => {
    const ofText = names.filter((name) => texts.includes(name));
    for (const value of hostile) {
      await expectAnswer(path, Object.fromEntries(ofText.map((name) => [name, value])));
      for (const name of names.filter((one) => !texts.includes(one))) {
        await expectAnswer(path, { [name]: value });
        if (name === 'label') await expectAnswer(path, { label: `${value}=${value}` });
        if (name === 'unattributed') await expectAnswer(path, { unattributed: `label:${value}` });
        if (name === 'groupBy') await expectAnswer(path, { groupBy: `label:${value}` });
        if (name === 'cursor') await expectAnswer(path, { cursor: value, sort: '-cost' });
      }
    }
  });

  async function expectAnswer(path: string, parameters: Record<string, string>): Promise<void> {
    const { status, body } = await request(api.app, path, { project: api.project, ...parameters });
    const shown = `${JSON.stringify(parameters).slice(0, 100)}: ${JSON.stringify(body).slice(0, 200)}`;
    expect([200, 400], shown).toContain(status);
  }

  it('match nothing but themselves, and come back as they are', async () => {
    const values = hostile.filter((value) => value.length <= 120 && !value.includes(','));
    await api.ledger.bookAll(
      values.map((value, i) => ({
        traceId: traceIdOf(`bb${i.toString(16).padStart(2, '0')}`),
        spanId: spanIdOf(1),
        ...{ agent: value, model: value, user: value, session: value, provider: value, environment: value },
        ...{ service: value, labels: { [value.replaceAll('=', '')]: value }, costUsd: '0.1' },
      })),
    );
    for (const value of values) {
      const shown = JSON.stringify(value);
      const key = value.replaceAll('=', '');
      const same = Object.fromEntries(texts.map((name) => [name, value]));
      const filters = { ...same, label: `${key}=${value}` };
      const asked = { ...filters, groupBy: `agent,session,label:${key}` };
      const { totals, rows } = await api.getCosts(asked);
      expect(totals.usage.modelCalls, shown).toBe(1);
      expect(rows, shown).toMatchObject([{ agent: value, session: value }]);
      expect((await api.listLedger(filters)).entries, shown).toMatchObject([{ agent: value, user: value }]);
      // As sent: zod leaves out a key `__proto__`.
      for (const path of ['/api/costs', '/api/ledger']) {
        const { body } = await request(api.app, path, {
          project: api.project,
          ...(path === '/api/costs' ? asked : filters),
        });
        expect(JSON.stringify(body), shown).toContain(`"labels":{${JSON.stringify(key)}:${JSON.stringify(value)}}`);
      }
    }
  });

  it('leave the tables alone', async () => {
    const named = 'SELECT name FROM system.tables WHERE name = {name:String} LIMIT 1';
    expect(await api.db.rows(named, { name: tables.ledger })).toHaveLength(1);
  });

  it.each([
    ['/api/costs', { agnet: 'a' }, 'unknown parameter `agnet`; allowed: agent, costCentre, environment,'],
    ['/api/costs', { groupBy: 'tool' }, '`groupBy` must be names from agent, model,'],
    ['/api/costs', { groupBy: ['agent', 'model'] }, '`groupBy` must be given once'],
    ['/api/costs', { label: 'team' }, '`label` must be KEY=VALUE'],
    ['/api/costs', { from: '2026-11-21T00:00:00Z', to: '2026-11-20T00:00:00Z' }, '`from` must not be after `to`'],
    ['/api/costs.csv', { limit: '100001' }, '`limit` must be a whole number from 1 to 100000'],
    ['/api/ledger', { traceId: 'xyz' }, '`traceId` must be 32'],
    ['/api/ledger', { status: 'free' }, '`status` must be one of priced, reported,'],
    ['/api/ledger', { counted: 'maybe' }, '`counted` must be true, false or all'],
    ['/api/ledger', { sort: 'cost' }, '`sort` must be one of -startTime, -cost'],
    ['/api/ledger', { limit: '1001' }, '`limit` must be a whole number from 1 to 1000'],
    ['/api/settlement', { at: 'now' }, 'unknown parameter `at`'],
  ])('say what is wrong at %s with %j', async (path, parameters, message) => {
    const { status, error } = await api.ask(path, parameters);
    expect(status).toBe(400);
    expect(error?.message).toContain(message);
  });
});
