import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionReply } from '../../../server/contract/sessions.ts';
import type { TraceTurn } from '../../../server/domain/settlement/turns.ts';
import { getSession } from '../../../server/queries/session-by-id.ts';
import { useDatabase } from '../../support/database.ts';
import { request } from './api.ts';
import { noonNs, spanIdOf, type SpanFixture, textMessage, traceIdOf } from './fixtures.ts';
import { ledgerWriter } from './ledger-fixtures.ts';
import { useSessionApi } from './session-api.ts';

const database = useDatabase();
const user = (text: string) => textMessage('user', text);
const assistant = (text: string) => textMessage('assistant', text);
const toolCall = { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'look_up', arguments: {} }] };
const toolResult = { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', result: 'found' }] };
const nsAt = (seconds: number) => noonNs + BigInt(seconds * 1_000) * 1_000_000n;

/** What settlement would have cut: a turn of a trace from `at`, which was given so many user messages. */
function cut(traceId: string, at: number, userMessageCount: number, fields: Partial<TraceTurn> = {}): TraceTurn {
  const times = { startNs: nsAt(at), endNs: nsAt(at + 1) };
  const given = { inputMessageCount: userMessageCount * 2 - 1, lastUserMessage: BigInt(userMessageCount) };
  return { traceId, ...times, isError: false, userMessageCount, ...given, ...fields };
}

describe('a session', () => {
  const api = useSessionApi(database);
  const ledger = ledgerWriter(database, api.project);
  const sessionId = 'chat';
  const [first, second] = [traceIdOf('a1'), traceIdOf('a2')];
  const history = [user('hello'), assistant('hi'), user('look it up')];

  beforeAll(async () => {
    await api.write.spans(
      // The session is on the root only, and the children were stored first.
      ...(
        [
          [
            2,
            0.1,
            { kind: 'llm', usage_scope: 'call', has_usage: true, input_tokens: 10n },
            [user('hello')],
            [assistant('hi')],
          ],
          [1, 0, { kind: 'agent', session_id: sessionId, agent_name: 'helper' }, [], []],
        ] as const
      ).map(([id, at, columns, input, output]): SpanFixture => ({
        ...{ traceId: first, spanId: spanIdOf(id), at, columns, input, output },
        ...(id === 1 ? { durationMs: 1_000 } : { parentSpanId: spanIdOf(1) }),
      })),
    );
    const root = { traceId: second, parentSpanId: spanIdOf(10) };
    await api.write.spans(
      {
        traceId: second,
        spanId: spanIdOf(10),
        at: 10,
        durationMs: 5_000,
        columns: { session_id: sessionId, user_id: 'ann' },
      },
      {
        ...{ ...root, spanId: spanIdOf(11), at: 10.1, input: history, output: [toolCall] },
        columns: { kind: 'llm', usage_scope: 'call', has_usage: true, input_tokens: 20n, output_tokens: 5n },
      },
      { ...root, spanId: spanIdOf(12), at: 11, columns: { kind: 'tool', tool_name: 'look_up' } },
      {
        // A sub-agent inside the tool: its answer is the tool's, not the turn's.
        ...{ traceId: second, parentSpanId: spanIdOf(12), spanId: spanIdOf(13), at: 11.1, durationMs: 3_800 },
        ...{ input: [user('look up')], output: [assistant('inner')], columns: { kind: 'llm', usage_scope: 'call' } },
      },
      {
        ...{
          ...root,
          spanId: spanIdOf(14),
          at: 12,
          input: [...history, toolCall, toolResult],
          output: [assistant('found it')],
        },
        columns: { kind: 'llm', usage_scope: 'call', has_usage: true, input_tokens: 30n, output_tokens: 7n },
      },
      // Sent twice: still one step.
      { ...root, spanId: spanIdOf(12), at: 11, columns: { kind: 'tool', tool_name: 'look_up' } },
      // Another session's part of the same trace.
      { ...root, spanId: spanIdOf(15), at: 12.5, columns: { session_id: 'another' } },
    );
    await ledger.book(
      { traceId: first, spanId: spanIdOf(2), at: 0.1, session: sessionId, costUsd: '0.1', inputTokens: 10 },
      { traceId: second, spanId: spanIdOf(11), at: 10.1, session: sessionId, costUsd: '0.000000000001' },
      { traceId: second, spanId: spanIdOf(14), at: 12, session: sessionId, costUsd: '0.2', user: 'ann' },
      { traceId: second, spanId: spanIdOf(13), at: 11.1, notCountedBecause: 'duplicate' },
    );
    await api.settled.sessionTraces(
      { sessionId, traceId: first, turns: [cut(first, 0, 1)] },
      {
        ...{ sessionId, traceId: second, at: 10, durationMs: 5_000 },
        turns: [cut(second, 10, 2)],
        columns: { span_count: 5n },
      },
      { sessionId, traceId: traceIdOf('a3'), columns: { span_count: 0n }, turns: [cut(traceIdOf('a3'), 5, 1)] },
    );
    await api.settled.sessions({
      ...{ sessionId, durationMs: 15_000 },
      columns: { turn_count: 2n, trace_count: 2n, user_id: 'ann', first_input: 'hello', last_output: 'found it' },
    });
  });
  afterAll(() => ledger.close());

  it('has its turns with what was asked and answered', async () => {
    const { session, turns, nextCursor } = await api.getSession(sessionId);
    expect(session).toMatchObject({
      sessionId,
      userId: 'ann',
      turnCount: 2,
      firstInput: 'hello',
      lastOutput: 'found it',
    });
    expect(nextCursor).toBeNull();
    expect(turns.map(({ traceIds, input, output }) => ({ traceIds, input, output }))).toEqual([
      { traceIds: [first], input: [user('hello')], output: [assistant('hi')] },
      { traceIds: [second], input: [user('look it up')], output: [assistant('found it')] },
    ]);
    expect(turns.map((turn) => [turn.startTimeUnixNano, turn.endTimeUnixNano])).toEqual([
      [String(nsAt(0)), String(nsAt(1))],
      [String(nsAt(10)), String(nsAt(15))],
    ]);
  });

  it('has the steps of its own, each once, with what they inherit', async () => {
    const { turns } = await api.getSession(sessionId);
    expect(turns.map((turn) => turn.steps.map((step) => step.spanId))).toEqual([
      [spanIdOf(1), spanIdOf(2)],
      [10, 11, 12, 13, 14].map(spanIdOf),
    ]);
    expect(turns.map((turn) => turn.stepCount)).toEqual([2, 5]);
    expect(turns[0]?.steps[1]).toMatchObject({ sessionId, agentName: 'helper', parentSpanId: spanIdOf(1) });
    expect(turns[1]?.steps[2]).toMatchObject({ sessionId, userId: 'ann', toolName: 'look_up' });
  });

  it('has exact sums of what counts in each turn', async () => {
    const { turns } = await api.getSession(sessionId);
    expect(turns.map((turn) => turn.cost)).toEqual([
      { usd: '0.1', pricedCalls: 1, unpricedCalls: 0 },
      { usd: '0.200000000001', pricedCalls: 2, unpricedCalls: 0 },
    ]);
    expect(turns[1]?.usage).toMatchObject({ modelCalls: 2, inputTokens: 50, outputTokens: 12 });
    expect(turns[1]?.steps[3]).toMatchObject({ counted: false, notCountedBecause: 'duplicate', settled: true });
  });

  it('is found by nobody else', async () => {
    for (const asked of [
      api.ask(`/api/sessions/${sessionId}`, { project: 'another' }),
      api.ask('/api/sessions/unknown', { project: api.project }),
    ]) {
      expect(await asked).toMatchObject({ status: 404, error: { code: 'session_not_found' } });
    }
  });
});

describe('the pages of a session', () => {
  const api = useSessionApi(database);
  const sessionId = 'long';
  const count = 12;
  const traceOf = (i: number) => traceIdOf(`b${i.toString(16).padStart(2, '0')}`);

  beforeAll(async () => {
    // Two turns a trace; the last three traces begin in one moment.
    const at = (i: number) => Math.min(i, count - 3) * 10;
    await api.write.spans(
      ...Array.from({ length: count }, (_, i) => [
        { at: at(i), spanId: spanIdOf(1), input: [user(`q${String(2 * i)}`)], output: [assistant('a')] },
        { at: at(i) + 5, spanId: spanIdOf(2), input: [user(`q${String(2 * i + 1)}`)], output: [assistant('b')] },
      ])
        .flat()
        .map((span, i) => ({
          ...span,
          traceId: traceOf(Math.floor(i / 2)),
          columns: { session_id: sessionId, kind: 'llm' },
        })),
    );
    await api.settled.sessionTraces(
      ...Array.from({ length: count }, (_, i) => ({
        ...{ sessionId, traceId: traceOf(i), at: at(i), durationMs: 6_000 },
        turns: [0, 1].map((part) => cut(traceOf(i), at(i) + part * 5, 2 * i + part + 1)),
      })),
    );
    await api.settled.sessions({ sessionId, durationMs: 200_000 });
  });

  it.each([1, 5, 24])('hold every turn once, %i at a time', async (limit) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.getSession(sessionId, { limit, cursor });
      expect(page.turns.length).toBeLessThanOrEqual(limit);
      expect(page.turns.every((turn) => turn.steps.length === 1)).toBe(true);
      seen.push(...page.turns.flatMap((turn) => turn.input.map((message) => JSON.stringify(message.parts))));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen.length).toBe(2 * count);
    expect(new Set(seen).size).toBe(2 * count);
  });

  it.each(['x', '%', Buffer.from('{"sort":"session","from":"0"}').toString('base64url')])(
    'refuse %s as a cursor',
    async (cursor) => {
      const asked = await api.ask(`/api/sessions/${sessionId}`, { project: api.project, cursor });
      expect(asked).toMatchObject({ status: 400, error: { code: 'invalid_cursor' } });
    },
  );
});

describe('a session that is too large for a page', () => {
  const api = useSessionApi(database);
  const ledger = ledgerWriter(database, api.project);
  afterAll(() => ledger.close());
  const get = (sessionId: string, limits: { spansMax: number; tracesMax: number }) =>
    getSession(api.db, { projectId: api.project, sessionId, limit: 50 }, limits);

  it('has fewer turns on it', async () => {
    const traces = ['d1', 'd2', 'd3'].map(traceIdOf);
    const spans = traces.flatMap((traceId, at) => [
      { traceId, spanId: spanIdOf(1), at: at * 10, columns: { session_id: 'wide', kind: 'llm' } },
      { traceId, spanId: spanIdOf(2), at: at * 10 + 1, columns: { session_id: 'wide' } },
    ]);
    await api.write.spans(...spans);
    await api.settled.sessionTraces(
      ...traces.map((traceId, at) => ({
        ...{ sessionId: 'wide', traceId, at: at * 10, turns: [cut(traceId, at * 10, at + 1)] },
        columns: { span_count: 2n },
      })),
    );
    await api.settled.sessions({ sessionId: 'wide' });
    const whole = await get('wide', { spansMax: 100, tracesMax: 100 });
    expect(whole.turns.map((turn) => turn.stepCount)).toEqual([2, 2, 2]);
    for (const limits of [
      { spansMax: 5, tracesMax: 100 },
      { spansMax: 100, tracesMax: 2 },
    ]) {
      const page = await get('wide', limits);
      expect(page.turns).toEqual(whole.turns.slice(0, 2));
      expect(page.nextCursor).not.toBeNull();
    }
  });

  it('has exact sums of a turn of more traces than are read', async () => {
    const traces = ['e1', 'e2', 'e3'].map(traceIdOf);
    await api.write.spans(
      ...traces.map((traceId, at) => ({ traceId, spanId: spanIdOf(1), at, columns: { session_id: 'many' } })),
    );
    await api.settled.sessionTraces(
      ...traces.map((traceId, at) => ({
        ...{ sessionId: 'many', traceId, at, turns: [cut(traceId, at, 0)] },
        columns: { span_count: 4n, model_calls: 2n, input_tokens: 7n, priced_calls: 2n, cost_usd: 10n ** 11n },
      })),
    );
    await api.settled.sessions({ sessionId: 'many' });
    const { turns } = await get('many', { spansMax: 100, tracesMax: 1 });
    expect(turns).toMatchObject([
      { stepCount: 9, usage: { modelCalls: 4, inputTokens: 14 }, cost: { usd: '0.2', pricedCalls: 4 } },
    ]);
    expect(turns[0]?.steps).toHaveLength(1);
  });

  it('has exact sums of the turns of one trace of more spans than are read', async () => {
    const traceId = traceIdOf('f1');
    const call = { kind: 'llm', usage_scope: 'call', has_usage: true, input_tokens: 5n, session_id: 'deep' } as const;
    const calls = Array.from({ length: 6 }, (_, i) => ({ traceId, spanId: spanIdOf(i + 1), at: i }));
    await api.write.spans(...calls.map((span) => ({ ...span, columns: call })));
    await ledger.book(...calls.map((span) => ({ ...span, session: 'deep', costUsd: '0.01', inputTokens: 5 })));
    await api.settled.sessionTraces({
      ...{ sessionId: 'deep', traceId, durationMs: 9_000, turns: [cut(traceId, 0, 1), cut(traceId, 4, 2)] },
      columns: { span_count: 6n },
    });
    await api.settled.sessions({ sessionId: 'deep' });
    const { turns } = await get('deep', { spansMax: 3, tracesMax: 100 });
    expect(turns).toMatchObject([
      {
        stepCount: 4,
        usage: { modelCalls: 4, inputTokens: 20 },
        cost: { usd: '0.04', pricedCalls: 4, unpricedCalls: 0 },
      },
    ]);
    expect(turns[0]?.steps).toHaveLength(3);
  });
});

describe('a session whose content came as log records', () => {
  const api = useSessionApi(database);

  it('has it in its turns', async () => {
    const traceId = traceIdOf('c1');
    await api.write.spans({ traceId, spanId: spanIdOf(1), columns: { session_id: 'logs', kind: 'llm' } });
    const record = { traceId, spanId: spanIdOf(1) };
    await api.write.records(
      { ...record, at: 0.001, input: [user('first')] },
      { ...record, at: 0.002, input: [assistant('answer')] },
      { ...record, at: 0.003, sequence: 0, input: [user('now')] },
      { ...record, at: 0.003, sequence: 1, input: [user('this')] },
      { ...record, at: 0.09, output: [assistant('done')], columns: { session_id: 'logs' } },
    );
    await api.settled.sessionTraces({ sessionId: 'logs', traceId, turns: [cut(traceId, 0, 3)] });
    await api.settled.sessions({ sessionId: 'logs' });
    const { turns } = await api.getSession('logs');
    expect(turns).toMatchObject([{ input: [user('now'), user('this')], output: [assistant('done')], status: 'ok' }]);
  });
});

describe('the status of a turn', () => {
  const api = useSessionApi(database);
  const failed = { status: 'error' as const };

  it.each<[string, Partial<SpanFixture>[], string]>([
    ['no failure', [{}], 'ok'],
    ['a failed last call', [{ at: 0 }, { at: 1, columns: failed }], 'error'],
    ['a failed call that was tried again', [{ at: 0, columns: failed }, { at: 1 }], 'ok'],
    ['a failed tool', [{ at: 0 }, { at: 1, columns: { ...failed, kind: 'tool' }, parentSpanId: spanIdOf(1) }], 'ok'],
    [
      'a root that failed after its last answer',
      [
        { at: 0, durationMs: 5_000, columns: { ...failed, kind: 'agent' } },
        { at: 1, parentSpanId: spanIdOf(1) },
      ],
      'error',
    ],
  ])('with %s', async (name, spans, status) => {
    const traceId = traceIdOf(Buffer.from(name).toString('hex').slice(0, 24));
    await api.write.spans(
      ...spans.map(({ columns, ...span }, i) => ({
        ...{ traceId, spanId: spanIdOf(i + 1), ...span },
        columns: { kind: 'llm', session_id: name, ...columns },
      })),
    );
    await api.settled.sessionTraces({ sessionId: name, traceId, durationMs: 9_000, turns: [cut(traceId, 0, 1)] });
    await api.settled.sessions({ sessionId: name });
    expect((await api.getSession(name)).turns.map((turn) => turn.status)).toEqual([status]);
  });
});

describe('session ids', () => {
  const api = useSessionApi(database);

  it.each([
    ...[
      'a/b/c',
      '/',
      "'; DROP TABLE sessions; --",
      '%2F',
      '100%',
      'a?b#c&d=e',
      ' ',
      'ä 🎉 \u202e',
      '\0',
      '"\\\n\t',
      '...',
    ],
    ...['ｱ'.repeat(512), '{sessionId:String}', '__proto__', 'a b+c', ';matrix=1', '*'],
  ])('may be %j', async (sessionId) => {
    const traceId = traceIdOf(Buffer.from(sessionId).toString('hex').slice(0, 32));
    await api.write.spans({ traceId, spanId: spanIdOf(1), input: [user('hi')], columns: { session_id: sessionId } });
    await api.settled.sessionTraces({ sessionId, traceId, turns: [cut(traceId, 0, 1)] });
    await api.settled.sessions({ sessionId });
    const { session, turns } = await api.getSession(sessionId);
    expect(session.sessionId).toBe(sessionId);
    expect(turns).toMatchObject([{ input: [user('hi')], stepCount: 1 }]);
  });

  it('are of at most 512 characters', async () => {
    const asked = await api.ask(`/api/sessions/${'x'.repeat(513)}`, { project: api.project });
    expect(asked).toMatchObject({ status: 400, error: { code: 'invalid_request' } });
  });

  it('are nothing without their turns', async () => {
    await api.settled.sessions({ sessionId: 'bare' });
    const { status, body } = await request(api.app, '/api/sessions/bare', { project: api.project });
    expect(status).toBe(200);
    expect(sessionReply.parse(body).turns).toEqual([]);
  });
});
