import { beforeAll, describe, expect, it } from 'vitest';
import { sessionListQuery } from '../../../server/contract/sessions.ts';
import { useDatabase } from '../../support/database.ts';
import { spanIdOf, textMessage, traceIdOf } from './fixtures.ts';
import { useSessionApi } from './session-api.ts';

const hour = 3_600;
/** 10^-12 dollars. */
const dollars = (usd: number) => BigInt(usd * 1e6) * 1_000_000n;

describe('the list of sessions', () => {
  const api = useSessionApi(useDatabase());

  beforeAll(async () => {
    await api.settled.sessions(
      {
        ...{ sessionId: 'long', at: -100 * hour, durationMs: 101 * hour * 1000 },
        columns: { agents: ['planner'], models: ['gpt-5', 'gpt-5-mini'], user_id: 'ann', turn_count: 9n },
      },
      {
        ...{ sessionId: 'failed', at: 10, durationMs: 60_000 },
        columns: {
          status: 'error',
          error_count: 3n,
          tools: ['search'],
          kinds: ['agent', 'llm'],
          providers: ['openai'],
        },
      },
      {
        ...{ sessionId: 'dear', at: 20 },
        columns: {
          cost_usd: dollars(2.5),
          model_calls: 3n,
          priced_calls: 3n,
          services: ['web'],
          environments: ['prod'],
        },
      },
      {
        ...{ sessionId: 'free', at: 30 },
        columns: { cost_usd: 0n, input_tokens: 900n, output_tokens: 100n, model_calls: 2n, priced_calls: 2n },
      },
      { sessionId: 'yesterday', at: -30 * hour },
      { sessionId: 'tomorrow', at: 30 * hour },
    );
  });

  it('holds what was active in the window, the latest start first', async () => {
    expect(await api.listIds()).toEqual(['free', 'dear', 'failed', 'long']);
    expect(await api.listIds({ from: '2026-11-19T00:00:00Z' })).toContain('yesterday');
    expect(await api.listIds({ from: '2026-11-20T13:00:00Z' })).toEqual(['long']);
    expect(await api.listIds({ from: '2026-11-20T13:00:00.000000001Z' })).toEqual([]);
    expect(await api.listIds({ to: '2026-11-20T12:00:10Z' })).toEqual(['long']);
  });

  it('is of the last 24 hours unless told otherwise', async () => {
    expect(await api.listIds({ from: undefined, to: undefined })).toEqual(['free', 'dear', 'failed', 'long']);
  });

  it.each<[Record<string, string | number | string[]>, string[]]>([
    [{ agent: 'planner' }, ['long']],
    [{ agent: ['nobody', 'planner'] }, ['long']],
    [{ model: 'gpt-5-mini' }, ['long']],
    [{ model: 'gpt' }, []],
    [{ user: 'ann' }, ['long']],
    [{ session: ['dear', 'free', 'tomorrow'] }, ['free', 'dear']],
    [{ tool: 'search' }, ['failed']],
    [{ provider: 'openai' }, ['failed']],
    [{ service: 'web' }, ['dear']],
    [{ environment: 'prod' }, ['dear']],
    [{ kind: ['tool', 'llm'] }, ['failed']],
    [{ kind: 'llm', tool: 'other' }, []],
    [{ status: 'error' }, ['failed']],
    [{ status: 'ok' }, ['free', 'dear', 'long']],
    [{ minDurationMs: 60_000 }, ['failed', 'long']],
    [{ minDurationMs: 60_001 }, ['long']],
    [{ minCostUsd: '0' }, ['free', 'dear']],
    [{ minCostUsd: '2.5' }, ['dear']],
    [{ minCostUsd: '2.500000000001' }, []],
  ])('is narrowed to %j', async (parameters, expected) => {
    expect(await api.listIds(parameters)).toEqual(expected);
  });

  it.each([
    ['startTime', ['long', 'failed', 'dear', 'free']],
    ['-endTime', ['long', 'failed', 'free', 'dear']],
    ['-turns', ['long', 'free', 'dear', 'failed']],
    ['-cost', ['dear', 'free', 'failed', 'long']],
    ['-tokens', ['free', 'dear', 'failed', 'long']],
    ['-errors', ['failed', 'free', 'dear', 'long']],
  ])('comes in the order %s', async (sort, expected) => {
    expect(await api.listIds({ sort })).toEqual(expected);
  });

  it('has the sums as they were settled', async () => {
    const { sessions } = await api.listSessions({ session: ['dear', 'free', 'long'] });
    expect(sessions.map(({ cost }) => cost)).toEqual([
      { usd: '0', pricedCalls: 2, unpricedCalls: 0 },
      { usd: '2.5', pricedCalls: 3, unpricedCalls: 0 },
      { usd: null, pricedCalls: 0, unpricedCalls: 0 },
    ]);
    expect(sessions[2]).toMatchObject({ userId: 'ann', agents: ['planner'], turnCount: 9, firstInput: null });
    expect(sessions[0]?.usage).toMatchObject({ modelCalls: 2, inputTokens: 900, outputTokens: 100 });
  });

  it('belongs to one project', async () => {
    expect(await api.listIds({ project: 'another' })).toEqual([]);
  });
});

describe('rows of several passes', () => {
  const api = useSessionApi(useDatabase());

  it('are one session as the latest pass has it', async () => {
    const session = { sessionId: 'grows', at: 0 };
    await api.settled.sessions({ ...session, columns: { pass: 3n, turn_count: 3n, agents: ['late'] } });
    await api.settled.sessions({ ...session, columns: { pass: 1n, turn_count: 1n, agents: ['early'] } });
    await api.settled.sessions({ ...session, columns: { pass: 2n, turn_count: 9n, agents: ['early'] } });
    expect((await api.listSessions()).sessions.map((row) => row.turnCount)).toEqual([3]);
    expect(await api.listIds({ agent: 'early' })).toEqual([]);
    expect((await api.listSessions({ sort: '-turns' })).sessions.map((row) => row.turnCount)).toEqual([3]);
  });

  it('are nothing where the latest says so', async () => {
    await api.settled.sessions({ sessionId: 'gone', at: 0 });
    await api.settled.sessions({ sessionId: 'gone', at: 0, columns: { pass: 2n, is_deleted: 1 } });
    await api.settled.sessions({ sessionId: 'moved', at: 1 });
    await api.settled.sessions(
      { sessionId: 'moved', at: 1, columns: { pass: 2n, is_deleted: 1 } },
      { sessionId: 'moved', at: -24 * hour, durationMs: 25 * hour * 1000, columns: { pass: 2n, turn_count: 2n } },
    );
    const { sessions } = await api.listSessions({ session: ['gone', 'moved'] });
    expect(sessions).toMatchObject([{ sessionId: 'moved', turnCount: 2 }]);
  });
});

describe('pages of sessions', () => {
  const api = useSessionApi(useDatabase());
  const count = 23;

  beforeAll(async () => {
    await api.settled.sessions(
      ...Array.from({ length: count }, (_, i) => ({
        sessionId: `s${String(i)}/${'ä'.repeat(500)}`,
        // Equal starts and equal values: ties must neither repeat nor lose a session.
        at: Math.floor(i / 4),
        columns: { turn_count: BigInt(i % 3), cost_usd: i % 5 === 0 ? null : dollars(i % 2) },
      })),
    );
  });

  it.each(['-startTime', 'startTime', '-endTime', '-turns', '-cost', '-tokens', '-errors'])(
    'hold every session once in the order %s',
    async (sort) => {
      const whole = await api.listIds({ sort });
      expect(new Set(whole).size).toBe(count);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await api.listSessions({ sort, limit: 4, cursor });
        expect(page.sessions.length).toBeLessThanOrEqual(4);
        seen.push(...page.sessions.map((session) => session.sessionId));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(whole);
    },
  );

  it('keep the window of the first page', async () => {
    const noWindow = { from: undefined, to: undefined, limit: 20 };
    const { nextCursor } = await api.listSessions(noWindow);
    const rest = await api.listSessions({ ...noWindow, cursor: nextCursor ?? undefined });
    expect(rest.sessions).toHaveLength(3);
  });

  it('refuse a cursor of another order or list', async () => {
    const { nextCursor } = await api.listSessions({ sort: '-turns', limit: 4 });
    for (const path of ['/api/sessions', '/api/traces']) {
      const asked = await api.ask(path, { cursor: nextCursor ?? '' });
      expect(asked).toMatchObject({ status: 400, error: { code: 'invalid_cursor' } });
    }
  });
});

describe('the search for sessions', () => {
  const api = useSessionApi(useDatabase());
  const traceId = traceIdOf('5e');

  beforeAll(async () => {
    await api.write.spans(
      { traceId, spanId: spanIdOf(1), input: [textMessage('user', 'Where is the blue kettle?')] },
      { traceId: traceIdOf('5f'), spanId: spanIdOf(1), columns: { response_id: 'resp_123456' } },
    );
    await api.write.records({ traceId: traceIdOf('60'), spanId: spanIdOf(1), input: [textMessage('user', 'red mug')] });
    await api.settled.sessionTraces(
      { sessionId: 'kettle-chat', traceId },
      { sessionId: 'other', traceId: traceIdOf('5f') },
      { sessionId: 'mugs', traceId: traceIdOf('60') },
      // The trace had been taken for one of this session.
      { sessionId: 'left', traceId },
    );
    await api.settled.sessionTraces({ sessionId: 'left', traceId, columns: { span_count: 0n, pass: 2n } });
    await api.settled.sessions(
      { sessionId: 'kettle-chat', at: 0 },
      { sessionId: 'other', at: 1, columns: { first_input: 'Please cancel', last_output: 'Cancelled. Bye!' } },
      { sessionId: 'mugs', at: 2, columns: { user_id: 'user-77' } },
      { sessionId: 'left', at: 3 },
      { sessionId: 'old', at: -100 * hour, columns: { user_id: 'user-77' } },
      { sessionId: 'a session / with everything', at: 4 },
    );
  });

  it.each([
    ['words of a message', 'kettle blue', ['kettle-chat']],
    ['a phrase of a message', '"blue kettle"', ['kettle-chat']],
    ['words in another order', '"kettle blue"', []],
    ['a word of a log record', 'mug', ['mugs']],
    ['words of its previews', 'cancel bye', ['other']],
    ['its own id', 'kettle-chat', ['kettle-chat']],
    ['its own id, however it looks', 'a session / with everything', ['a session / with everything']],
    ['its own id, long ago', 'old', []],
    ['the id of a trace', traceId.toUpperCase(), ['kettle-chat']],
    ['the id of a response', 'resp_123456', ['other']],
    ['its user', 'user-77', ['mugs']],
    ['nothing that could be found', '!!!', []],
  ])('finds %s', async (_name, q, expected) => {
    expect(await api.listIds({ q })).toEqual(expected);
  });

  it('finds an id at any time', async () => {
    await api.settled.sessions({ sessionId: 'session-1', at: -500 * hour });
    expect(await api.listIds({ q: 'session-1' })).toEqual(['session-1']);
    expect(await api.listIds({ q: 'session-1', status: 'error' })).toEqual([]);
  });
});

describe('hostile values in the list of sessions', () => {
  const api = useSessionApi(useDatabase());
  const hostile = [
    ...[
      "'",
      "' OR 1=1 --",
      "'); DROP TABLE sessions; --",
      '"',
      '\\',
      "\\'",
      '`',
      '%',
      '{projectId:String}',
      '\0',
      'a\0b',
    ],
    ...[
      '\n\t\r',
      '🎉',
      '\u202e\ufeff',
      '__proto__',
      "unhex('00')",
      '../../etc/passwd',
      '9'.repeat(40),
      'x'.repeat(500),
    ],
    Buffer.from('{"sort":"sessions -startTime","from":"0","to":"1","value":"1","start":"1","id":"\'"}').toString(
      'base64url',
    ),
  ];

  it('are an ordinary answer or a clear refusal in every parameter', async () => {
    for (const value of hostile) {
      for (const name of Object.keys(sessionListQuery.shape)) {
        const { status } = await api.ask('/api/sessions', { project: api.project, [name]: value });
        expect([200, 400], `${name}=${JSON.stringify(value)}`).toContain(status);
      }
    }
  });

  it('match nothing but themselves', async () => {
    await api.settled.sessions(
      ...hostile.map((value) => ({
        sessionId: value,
        columns: { user_id: value, agents: [value], tools: [value], first_input: value },
      })),
    );
    for (const value of hostile) {
      expect(await api.listIds({ agent: value, tool: value, user: value, session: value })).toEqual([value]);
    }
  });
});
