import { beforeAll, describe, expect, it } from 'vitest';
import { filterQuery, traceListQuery } from '../../../server/contract/requests.ts';
import { tables } from '../../../migrations/schema.ts';
import { useDatabase } from '../../support/database.ts';
import { request, useApi } from './api.ts';
import { spanIdOf, textMessage, traceIdOf } from './fixtures.ts';

const hostile = [
  "'",
  "' OR 1=1 --",
  "'); DROP TABLE spans; --",
  '"',
  '\\',
  "\\'",
  '`',
  '%',
  '_%',
  '{projectId:String}',
  '\0',
  'a\0b',
  '\n\t\r',
  '🎉',
  '\u202e\ufeff',
  'ｱ'.repeat(120),
  'x'.repeat(500),
  'x'.repeat(5_000),
  '-1',
  '1e309',
  'NaN',
  '9'.repeat(40),
  '[]',
  'null',
  '__proto__',
  'constructor',
  "unhex('00')",
  'SELECT * FROM system.tables',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '2026-11-20T12:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  Buffer.from('{"sort":"-startTime","from":"0","to":"1","value":"1","start":"1","id":"\'"}').toString('base64url'),
  Buffer.from(
    `{"sort":"-startTime","from":"0","to":"9223372036854775808","value":"1","start":"1","id":"${'0'.repeat(32)}"}`,
  ).toString('base64url'),
  Buffer.from(
    `{"sort":"-startTime","from":"0","to":"1","value":"9223372036854775807","start":"0","id":"${'f'.repeat(48)}"}`,
  ).toString('base64url'),
];

/** Parameters that take any text. */
const texts = ['agent', 'model', 'user', 'session', 'tool', 'provider', 'service', 'environment', 'q'];
/** Parameters of a form of their own. */
const forms = Object.keys(traceListQuery.shape).filter((name) => !texts.includes(name));
const formsOf = (path: string) =>
  ['facets', 'labels', 'histogram'].some((name) => path.includes(name))
    ? Object.keys(filterQuery.shape).filter((name) => !texts.includes(name))
    : forms;

describe('hostile values', () => {
  const api = useApi(useDatabase());

  beforeAll(async () => {
    await api.write.spans({ traceId: traceIdOf('aa'), spanId: spanIdOf(1), input: [textMessage('user', 'hello')] });
  });

  it.each(['/api/traces', '/api/spans', '/api/facets', '/api/labels', '/api/traces/histogram'])(
    'are an ordinary answer or a clear refusal in every parameter of %s',
    async (path) => {
      for (const value of hostile) {
        await expectAnswer(path, Object.fromEntries(texts.map((name) => [name, value])));
        await expectAnswer(path, { q: value });
        await expectAnswer(path, { label: `${value}=${value}` });
        await expectAnswer('/api/labels/values', { key: value });
        for (const name of formsOf(path)) await expectAnswer(path, { [name]: value });
      }
    },
  );

  it.each([`/api/traces/${traceIdOf('aa')}`, `/api/traces/${traceIdOf('aa')}/spans/${spanIdOf(1)}`])(
    'are an ordinary answer or a clear refusal in every parameter of %s',
    async (path) => {
      for (const value of hostile) {
        for (const name of ['project', 'limit', 'cursor']) await expectAnswer(path, { [name]: value });
      }
    },
  );

  async function expectAnswer(path: string, parameters: Record<string, string>): Promise<void> {
    const { status, body } = await request(api.app, path, { project: api.project, ...parameters });
    const shown = `${JSON.stringify(parameters).slice(0, 100)}: ${JSON.stringify(body).slice(0, 200)}`;
    expect([200, 400, 404], shown).toContain(status);
  }

  it('are refused in the path', async () => {
    for (const value of hostile) {
      const part = encodeURIComponent(value);
      for (const path of [`/api/traces/${part}`, `/api/traces/${traceIdOf('aa')}/spans/${part}`, `/api/${part}`]) {
        const { status } = await request(api.app, path, {});
        expect([400, 404, 421], path).toContain(status);
      }
    }
  });

  it('match nothing but themselves', async () => {
    const values = hostile.filter((value) => value.length <= 500);
    await api.write.spans(
      ...values.map((value, i) => ({
        traceId: traceIdOf(`bb${i.toString(16).padStart(2, '0')}`),
        spanId: spanIdOf(1),
        columns: {
          ...{ agent_name: value, user_id: value, session_id: value, tool_name: value },
          labels: new Map([['team', value]]),
        },
      })),
    );
    for (const value of values) {
      const shown = JSON.stringify(value).slice(0, 60);
      expect((await api.listTraces({ agent: value, tool: value })).traces.length, shown).toBe(1);
      expect((await api.listTraces({ user: value, session: value })).traces.length, shown).toBe(1);
      expect((await api.listTraces({ label: `team=${value}` })).traces.length, shown).toBe(1);
    }
  });

  it('leave the tables alone', async () => {
    const rows = await api.db.rows<{ name: string }>(
      'SELECT name FROM system.tables WHERE name = {name:String} LIMIT 1',
      {
        name: tables.spans,
      },
    );
    expect(rows).toHaveLength(1);
  });

  it.each([
    ['an unknown parameter', { agnet: 'a' }, 'unknown parameter `agnet`; allowed: agent, cursor,'],
    ['a second value of a single one', { limit: ['1', '2'] }, '`limit` must be a whole number from 1 to 500'],
    ['a limit out of range', { limit: 501 }, '`limit` must be a whole number from 1 to 500'],
    ['an unknown kind', { kind: 'llm2' }, '`kind` must be one of agent, llm,'],
    ['a time without a zone', { from: '2026-11-20T12:00:00' }, '`from` must be an RFC 3339 time'],
    [
      'a window that ends before it starts',
      { from: '2026-11-20T12:00:01Z', to: '2026-11-20T12:00:00Z' },
      '`from` must not be after',
    ],
    ['a year out of range', { from: '0001-01-01T00:00:00Z' }, '`from` must be a time between 1970 and 2262'],
    ['an unknown order', { sort: 'name' }, '`sort` must be one of -startTime, startTime,'],
    [
      'too many values',
      { agent: Array.from({ length: 21 }, String) },
      '`agent` must be 1 to 512 characters, given at most 20',
    ],
    ['an empty value', { user: '' }, '`user` must be 1 to 512 characters'],
    ['a cost that is no decimal number', { minCostUsd: '1e3' }, '`minCostUsd` must be a decimal number'],
  ])('say what is wrong with %s', async (_name, parameters, message) => {
    const { status, error } = await api.ask('/api/traces', parameters);
    expect(status).toBe(400);
    expect(error?.message).toContain(message);
  });
});
