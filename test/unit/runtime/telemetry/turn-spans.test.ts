import { describe, expect, it } from 'vitest';
import type { Turn } from '../../../../runtime/sessions/record.ts';
import type { Span } from '../../../../runtime/telemetry/span.ts';
import { toolSpanContext, turnTrace } from '../../../../runtime/telemetry/span-ids.ts';
import { turnSpans } from '../../../../runtime/telemetry/turn-spans.ts';
import {
  makeAttempt,
  makeBusyConversation,
  makeInput,
  makeSaw,
  makeSession,
  makeStep,
  makeTurn,
  researchFacts,
  supportFacts,
  turnsBeginMs,
} from '../../../support/runtime-turns.ts';

const { session, turns, subSession, subTurn } = makeBusyConversation('s1');
const [first, second] = turns;
const busy = { session, earlier: [first], turn: second, agent: supportFacts };
const named = (spans: readonly Span[], name: string) => spans.filter((span) => span.name === name);
const rootOf = (spans: readonly Span[]) => spans[0];
const messagesOf = (span: Span | undefined, name = 'gen_ai.input.messages') =>
  JSON.parse(String(span?.attributes[name])) as { role: string; parts: Record<string, unknown>[] }[];
/** As the record comes back from a store: plain JSON. */
const stored = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

it('the same record gives the same spans, by whichever process', () => {
  expect(turnSpans(stored(busy))).toEqual(turnSpans(busy));
  const ids = turnSpans(busy).map(({ spanId }) => spanId);
  expect(new Set(ids).size).toBe(ids.length);
});

it('a turn that has not ended has none', () => {
  expect(turnSpans({ ...busy, turn: { ...second, end: null } })).toEqual([]);
});

it('the sub-agent is below the tool call, in its trace and conversation', () => {
  const spans = turnSpans(busy);
  const [tool] = named(spans, 'execute_tool research');
  const [root, chat] = turnSpans({ session: subSession, earlier: [], turn: subTurn, agent: researchFacts });
  expect(root).toMatchObject({
    ...{ traceId: tool?.traceId, parent: { spanId: tool?.spanId, isRemote: false }, kind: 'internal' },
    attributes: { 'gen_ai.conversation.id': 's1', 'sightglass.session.id': 's1-sub', 'gen_ai.agent.name': 'research' },
  });
  expect(chat?.attributes).toMatchObject({ 'gen_ai.conversation.id': 's1', 'gen_ai.usage.cost': 0.000125 });
  expect(subTurn.input.traceparent).toBe(toolSpanContext(second, { step: 0, callId: 'call_3' }));
});

it('a caller with a trace is the parent', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const turn = makeTurn({ sessionId: 's1', number: 1, text: 'a', answer: 'b', input: makeInput('a', { traceparent }) });
  expect(rootOf(turnSpans({ ...busy, earlier: [], turn }))).toMatchObject({
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parent: { spanId: '00f067aa0ba902b7', isRemote: true },
    kind: 'server',
  });
  expect(turnTrace(turn).parentSpanId).toBe('00f067aa0ba902b7');
});

describe('model calls', () => {
  it('tries that failed have their reason and no usage; the last has usage, answer and time to first token', () => {
    const [slow, down, answered] = turnSpans(busy).filter(({ attributes }) => attributes['sightglass.step'] === 0);
    expect(slow).toMatchObject({
      ...{ name: 'chat gpt-5-mini', kind: 'client', error: { message: 'slow down' } },
      attributes: { 'error.type': 'rate_limited', 'http.response.status_code': 429, 'sightglass.attempt.number': 1 },
    });
    expect(down?.attributes['sightglass.attempt.cause']).toBe('retry');
    for (const span of [slow, down])
      expect(
        Object.keys(span?.attributes ?? {}).filter((name) => /usage|output\.messages|response\.(id|model)/.test(name)),
      ).toEqual([]);
    expect(answered?.error).toBeUndefined();
    expect(answered?.attributes).toMatchObject({
      'gen_ai.provider.name': 'anthropic',
      'gen_ai.request.model': 'claude-sonnet-4-5',
      'gen_ai.response.model': 'claude-sonnet-4-5-20250929',
      'gen_ai.response.finish_reasons': ['tool_calls'],
      'gen_ai.response.time_to_first_chunk': 0.2,
      'gen_ai.usage.input_tokens': 1_000,
      'gen_ai.usage.cache_read.input_tokens': 300,
      'gen_ai.usage.cache_creation.input_tokens': 100,
      'gen_ai.usage.reasoning.output_tokens': 10,
      'sightglass.attempt.cause': 'fallback',
    });
  });

  it('a part of the usage that was not reported is absent', () => {
    const turn = makeTurn({ sessionId: 's1', number: 1, text: 'a', answer: 'b' });
    const [, chat] = turnSpans({ ...busy, earlier: [], turn });
    expect(Object.keys(chat?.attributes ?? {}).filter((name) => name.startsWith('gen_ai.usage'))).toEqual([
      ...['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens'],
    ]);
  });

  it('cache writes for five minutes and for an hour are told apart where the provider does', () => {
    const usage = { inputTokens: 50, outputTokens: 1, cacheWrite5mTokens: 10, cacheWrite1hTokens: 20, raw: {} };
    const turn = turnOf([makeStep({ attempts: [attempt()], text: 'b', usage })]);
    expect(chatOf(turn)?.attributes).toMatchObject({
      'gen_ai.usage.cache_creation.input_tokens': 30,
      'anthropic.usage.cache_creation.ephemeral_5m_input_tokens': 10,
      'anthropic.usage.cache_creation.ephemeral_1h_input_tokens': 20,
    });
  });

  it('a cost of our own price table is not the provider’s word', () => {
    const costs = { costUsd: '0.25', costSource: 'priced' } as const;
    const turn = turnOf([makeStep({ attempts: [attempt()], text: 'b', ...costs })]);
    expect(chatOf(turn)?.attributes['gen_ai.usage.cost']).toBeUndefined();
    expect(rootOf(spansOf(turn))?.attributes['sightglass.turn.cost_usd']).toBe('0.25');
  });

  it('what a turn cost is left out where it is not known', () => {
    const turn = turnOf([makeStep({ attempts: [attempt()], text: 'b', finishReason: 'stop' })]);
    expect(rootOf(spansOf(turn))?.attributes).not.toHaveProperty('sightglass.turn.cost_usd');
  });

  it('the text of a stream that was cut is on the try that was cut', () => {
    const failure = { kind: 'cut_stream', message: 'the stream broke off' } as const;
    const turn = turnOf(
      [makeStep({ attempts: [{ ...attempt(), failure }], text: 'Once', finishReason: undefined, usage: undefined })],
      { state: 'interrupted', reason: 'stream_cut', text: 'Once', atMs: turnsBeginMs + 20_000 },
    );
    expect(chatOf(turn)).toMatchObject({ attributes: { 'error.type': 'cut_stream' } });
    expect(messagesOf(chatOf(turn), 'gen_ai.output.messages')).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'Once' }], finish_reason: 'error' },
    ]);
    expect(rootOf(spansOf(turn))).toMatchObject({ attributes: { 'error.type': 'stream_cut' }, error: {} });
  });

  it('a model is shown what it was given: bounds of history, summary, caller’s system messages, tools by that call', () => {
    const third = makeTurn({
      ...{ sessionId: 's1', number: 3, text: 'And now?', answer: 'Now.' },
      input: makeInput('And now?', { system: ['Answer in French.'] }),
      entries: [
        {
          ...{ type: 'compacted', before: 2, summary: 'Ann said hello.', atMs: turnsBeginMs + 30_000 },
          call: { attempts: [attempt()], finishReason: 'stop', usage: { inputTokens: 9, outputTokens: 4, raw: {} } },
        },
        makeStep({ attempts: [attempt()], text: 'Now.', saw: makeSaw({ fromTurn: 2, tools: ['find_order', 'gone'] }) }),
      ],
    });
    const spans = turnSpans({ ...busy, earlier: turns, turn: third });
    const [summary, chat] = named(spans, 'chat gpt-5-mini');
    expect(summary?.attributes).toMatchObject({ 'sightglass.purpose': 'summarize', 'gen_ai.usage.output_tokens': 4 });
    expect(JSON.parse(String(chat?.attributes['gen_ai.system_instructions']))).toEqual([
      {
        type: 'text',
        content:
          'You help customers of Shop.\n\nAnswer in French.\n\nSummary of the conversation before:\nAnn said hello.',
      },
    ]);
    expect(messagesOf(chat).flatMap(({ role, parts }) => (role === 'user' ? parts : []))).toEqual([
      { type: 'text', content: 'Where is order 7? Refund it.' },
      { type: 'text', content: 'And now?' },
    ]);
    expect(JSON.parse(String(chat?.attributes['gen_ai.tool.definitions']))).toEqual([
      {
        ...{ type: 'function', name: 'find_order', description: 'Finds an order.' },
        parameters: { type: 'object', properties: { id: { type: 'string' } } },
      },
      { type: 'function', name: 'gone' },
    ]);
  });

  it('pictures and tool results have their parts', () => {
    const content = [
      { type: 'image', url: 'data:image/png;base64,AAAA' },
      { type: 'image', url: 'https://example.com/cat.png' },
    ] as const;
    const turn = makeTurn({
      ...{ sessionId: 's1', number: 1, text: 'a', answer: 'b' },
      input: { ...makeInput('a'), messages: [{ content }] },
    });
    expect(messagesOf(chatOf(turn))).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'AAAA' },
          { type: 'uri', modality: 'image', uri: 'https://example.com/cat.png' },
        ],
      },
    ]);
    const last = turnSpans(busy).findLast(({ name }) => name.startsWith('chat'));
    expect(messagesOf(last).find(({ role }) => role === 'tool')?.parts).toEqual([
      { type: 'tool_call_response', id: 'call_1', response: '{"status":"on its way"}' },
    ]);
  });
});

describe('tools', () => {
  it('have name, call, arguments, result, how often they were sent and why they failed', () => {
    const [, slow] = named(turnSpans(busy), 'execute_tool find_order');
    expect(slow).toMatchObject({
      ...{ kind: 'internal', error: { message: 'The call took longer than 1 s.' } },
      attributes: {
        ...{
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'find_order',
          'gen_ai.tool.call.id': 'call_2',
        },
        ...{ 'gen_ai.tool.call.arguments': '{"id":"8"}', 'gen_ai.tool.description': 'Finds an order.' },
        ...{ 'error.type': 'timeout', 'sightglass.tool.attempts': 3, 'sightglass.tool.side_effect': 'read' },
      },
    });
  });

  it('a call that was begun and has no result is in doubt if it writes, else cancelled', () => {
    const entries = second.entries
      .filter((entry) => entry.type === 'step' || entry.type === 'tool_started')
      .slice(0, 5);
    const end = { state: 'cancelled', reason: 'cancelled', text: '', atMs: turnsBeginMs + 23_000 } as const;
    const spans = turnSpans({ ...busy, turn: { ...second, entries, end } });
    const tools = spans.filter(({ name }) => name.startsWith('execute_tool'));
    expect(tools.map(({ attributes, endMs }) => [attributes['error.type'], endMs])).toEqual([
      ...Array<unknown>(3).fill(['cancelled', turnsBeginMs + 23_000]),
      ['outcome_unknown', turnsBeginMs + 23_000],
    ]);
    expect(tools[3]?.attributes['gen_ai.tool.call.arguments']).toBe('{"id":"7"}');
    expect(rootOf(spans)?.error).toBeUndefined();
  });

  it('two calls of one id in two steps are two spans', () => {
    const call = { id: 'call_0', name: 'find_order', arguments: '{}' };
    const tool = {
      type: 'tool',
      callId: 'call_0',
      name: 'find_order',
      toolType: 'http',
      arguments: '{}',
      text: 'x',
    } as const;
    const times = { attempts: 1, startMs: turnsBeginMs, endMs: turnsBeginMs };
    const turn = turnOf([
      makeStep({ attempts: [attempt()], toolCalls: [call] }),
      { ...tool, ...times, step: 0 },
      makeStep({ step: 1, attempts: [attempt()], toolCalls: [call] }),
      { ...tool, ...times, step: 1 },
    ]);
    const ids = named(spansOf(turn), 'execute_tool find_order').map(({ spanId }) => spanId);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('the turn', () => {
  it('tells who, which revision, how it ended, what it took', () => {
    const root = rootOf(turnSpans(busy));
    expect(root).toMatchObject({
      ...{ name: 'invoke_agent support', kind: 'server', parent: undefined, error: undefined },
      attributes: {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': 'support',
        'gen_ai.agent.description': 'Answers customers.',
        'gen_ai.agent.version': 'support@1a2b3c4d5e6f',
        'gen_ai.conversation.id': 's1',
        'user.id': 'ann',
        'traceloop.association.properties.team': 'care',
        'traceloop.association.properties.tier': 'silver',
        'sightglass.turn.number': 2,
        'sightglass.turn.state': 'completed',
        'sightglass.turn.queue_seconds': 0.05,
        'sightglass.turn.claims': 1,
        'sightglass.turn.retries': 1,
        'sightglass.turn.fallbacks': 1,
      },
    });
    expect(Object.keys(root?.attributes ?? {}).filter((name) => name.startsWith('gen_ai.usage'))).toEqual([]);
  });

  it.each([
    ['limited', 'max_steps', 'max_steps'],
    ['failed', 'model_failed', 'model_failed'],
    ['interrupted', 'stream_cut', 'stream_cut'],
    ['cancelled', 'cancelled', undefined],
    ['interrupted', 'superseded', undefined],
  ] as const)('%s because of %s: its error is %s', (state, reason, type) => {
    const end = { state, reason, message: 'why', text: '', atMs: turnsBeginMs + 20_000 };
    const root = rootOf(spansOf(turnOf([], end)));
    expect(root?.attributes['error.type']).toBe(type);
    expect(root?.error).toEqual(type === undefined ? undefined : { message: 'why' });
    expect(root?.attributes['sightglass.turn.reason']).toBe(reason);
  });

  it('holds all that happened in it, whatever another clock says', () => {
    const turn = { ...second, startedMs: turnsBeginMs + 21_000, end: { ...second.end, atMs: turnsBeginMs + 22_000 } };
    const [root, ...rest] = turnSpans({ ...busy, turn: turn as Turn });
    expect(root?.startMs).toBe(Math.min(...rest.map(({ startMs }) => startMs)));
    expect(root?.endMs).toBe(Math.max(...rest.map(({ endMs }) => endMs)));
  });
});

describe('capture', () => {
  const content = /messages|system_instructions|definitions|arguments|result/;

  it('none: no content, no messages of failures, but who, what and how much', () => {
    const spans = turnSpans({ ...busy, agent: { ...supportFacts, capture: 'none' } });
    expect(spans.flatMap(({ attributes }) => Object.keys(attributes).filter((name) => content.test(name)))).toEqual([]);
    expect(spans.map(({ error }) => error?.message ?? '').filter((message) => message !== '')).toEqual([]);
    expect(JSON.stringify(spans)).not.toMatch(/order 7|Acme|You help|slow down|on its way|took longer/i);
    expect(spans.length).toBe(turnSpans(busy).length);
  });

  it('redacted: the status of a tool that failed is masked before it is cut', () => {
    const text = `${'x'.repeat(490)} card 4111 1111 1111 1111`;
    const tool = { type: 'tool', callId: 'c', step: 0, name: 'pay', toolType: 'http', arguments: '{}', text } as const;
    const times = { attempts: 1, startMs: turnsBeginMs, endMs: turnsBeginMs, failure: 'tool_error' } as const;
    const turn = turnOf([{ ...tool, ...times }]);
    const agent = { ...supportFacts, capture: 'redacted' as const };
    const [pay] = named(turnSpans({ ...busy, earlier: [], turn, agent }), 'execute_tool pay');
    expect(pay?.error?.message).toBe(`${'x'.repeat(490)} card [car`);
  });

  it('redacted: patterns are masked wherever they stand', () => {
    const step = makeStep({
      ...{ attempts: [attempt()], text: 'Is bob@x.com right?' },
      toolCalls: [{ id: 'c', name: 'find_order', arguments: '{"mail":"bob@x.com"}' }],
    });
    const tool = {
      type: 'tool',
      callId: 'c',
      step: 0,
      name: 'find_order',
      toolType: 'http',
      arguments: '{"mail":"bob@x.com"}',
    } as const;
    const turn = turnOf(
      [
        step,
        { ...tool, text: '{"ip":"10.1.2.3"}', attempts: 1, startMs: turnsBeginMs, endMs: turnsBeginMs },
        makeStep({ step: 1, attempts: [attempt()], text: 'bob@x.com it is' }),
      ],
      undefined,
      'I am bob@x.com, +49 30 901820',
    );
    const spans = turnSpans({ ...busy, earlier: [], turn, agent: { ...supportFacts, capture: 'redacted' } });
    const text = JSON.stringify(spans);
    expect(text).not.toMatch(/bob@x|901820|10\.1\.2\.3/);
    expect(messagesOf(spans[0])).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'I am [email], [phone]' }] },
    ]);
    const [found] = named(spans, 'execute_tool find_order');
    expect(found?.attributes['gen_ai.tool.call.arguments']).toBe('{"mail":"[email]"}');
    expect(found?.attributes['gen_ai.tool.call.result']).toBe('{"ip":"[ip]"}');
  });
});

function attempt() {
  return makeAttempt({ startMs: turnsBeginMs + 10_000, endMs: turnsBeginMs + 11_000 });
}

function turnOf(entries: Turn['entries'], end?: Turn['end'], text = 'a'): Turn {
  return makeTurn({ sessionId: 's1', number: 1, text, answer: 'b', entries, ...(end ? { end } : {}) });
}

function spansOf(turn: Turn): Span[] {
  return turnSpans({ session: makeSession({ id: 's1' }), earlier: [], turn, agent: supportFacts });
}

function chatOf(turn: Turn): Span | undefined {
  return spansOf(turn).find(({ name }) => name.startsWith('chat'));
}
