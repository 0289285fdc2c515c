import { describe, expect, test } from 'vitest';
import { findEndError, finishReason, sumUsage, toCompletion } from '../../../../runtime/door/completion.ts';
import { describeEnd, endNotice } from '../../../../runtime/door/describe-end.ts';
import { DoorError } from '../../../../runtime/door/door-error.ts';
import { Pace } from '../../../../runtime/door/pace-pieces.ts';
import { TurnStream } from '../../../../runtime/door/stream-turn.ts';
import { modelFailureKinds } from '../../../../runtime/models/model-failure.ts';
import { knownUsd } from '../../../../runtime/run/limits.ts';
import type { TurnEvent } from '../../../../runtime/run/turn-events.ts';
import {
  endReasons,
  type Entry,
  type StepEntry,
  type Turn,
  type TurnEnd,
} from '../../../../runtime/sessions/record.ts';

const usage = { inputTokens: 100, cacheReadTokens: 40, outputTokens: 20, reasoningTokens: 5, raw: null };

function step(number: number, more: Partial<StepEntry> = {}): StepEntry {
  const saw = { system: '', fromTurn: 1, tools: [] };
  const answered = { finishReason: 'stop', usage, costUsd: '0.1' } as const;
  return { type: 'step', step: number, text: 'x', toolCalls: [], saw, attempts: [], ...answered, ...more };
}

function end(state: TurnEnd['state'], more: Partial<TurnEnd> = {}): TurnEnd {
  return { state, text: 'What was said.', atMs: 5, ...(state !== 'completed' && { message: 'Why.' }), ...more };
}

function turn(ended: TurnEnd, entries: Entry[] = [step(0)]): Turn & { end: TurnEnd } {
  const input = { messages: [], system: [], variables: {}, labels: {}, user: null, traceparent: null };
  return {
    ...{ id: 't1', sessionId: 's1', number: 1, state: ended.state, acceptedMs: 1_700_000_000_999, startedMs: 0 },
    ...{ idempotencyKey: null, contentHash: '', input, entries, end: ended, claims: 1 },
  };
}

const facts = (ended: TurnEnd, entries?: Entry[]) => ({
  turn: turn(ended, entries),
  agent: 'helper',
  revision: 'helper@1',
});

describe('a turn that ended', () => {
  test('with an answer: as a completion of the protocol, and what else is known of it', () => {
    const called: Entry = {
      ...{ type: 'tool', callId: 'a', step: 0, name: 'look', toolType: 'http', arguments: '{}', text: '', attempts: 1 },
      ...{ startMs: 0, endMs: 0 },
    };
    expect(toCompletion(facts(end('completed'), [step(0), called, step(1)]))).toEqual({
      id: 't1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'agent/helper',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'What was said.', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        ...{ prompt_tokens: 200, completion_tokens: 40, total_tokens: 240 },
        prompt_tokens_details: { cached_tokens: 80 },
        completion_tokens_details: { reasoning_tokens: 10 },
      },
      sightglass: {
        ...{ session_id: 's1', turn_id: 't1', trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
        ...{ agent: 'helper', revision: 'helper@1', state: 'completed', reason: null, message: null },
        ...{ cost_usd: '0.2', steps: 2, tool_calls: 1 },
      },
    });
  });

  test.each(
    endReasons.flatMap((reason) =>
      (['interrupted', 'cancelled', 'limited'] as const).map((state) => [state, reason] as const),
    ),
  )('%s (%s), with something said: that, why it is not whole, and a finish that says so', (state, reason) => {
    const { choices, sightglass } = toCompletion(facts(end(state, { reason })));
    expect(choices[0]?.message.content).toBe('What was said.\n\n[Why.]');
    expect(choices[0]?.finish_reason).toBe(reason === 'content_filter' ? 'content_filter' : 'length');
    expect(sightglass).toMatchObject({ state, reason, message: 'Why.' });
  });

  test.each([
    [end('cancelled', { text: '', reason: 'cancelled' }), 409, 'turn_cancelled'],
    [end('failed', { reason: 'output_invalid' }), 502, 'output_invalid'],
    [end('failed', { reason: 'internal_error' }), 500, 'internal'],
    [end('failed', { reason: 'content_filter' }), 502, 'model_failed'],
    [
      end('failed', { reason: 'context_too_long', failure: { kind: 'context_too_long' } }),
      400,
      'context_length_exceeded',
    ],
    [end('failed', { reason: undefined, message: undefined }), 502, 'model_failed'],
  ] as const)('without an answer: %j is %d %s', (ended, status, code) => {
    expect(findEndError(ended)).toMatchObject({ status, code, message: ended.message ?? 'The turn ended: failed.' });
    expect(() => toCompletion(facts(ended))).toThrow(DoorError);
  });

  test.each([
    ['rate_limited', 429, 'rate_limited'],
    ['quota', 429, 'quota_exhausted'],
    ['timeout', 504, 'model_timeout'],
    ['context_too_long', 400, 'context_length_exceeded'],
  ] as const)('because a model failed with %s: %d %s, and when to come back', (kind, status, code) => {
    const ended = end('failed', { reason: 'model_failed', failure: { kind, retryAfterMs: 1_500 } });
    expect(findEndError(ended)).toMatchObject({ status, code, retryAfterMs: 1_500 });
  });

  test('because a model failed with anything else: 502', () => {
    const own = ['rate_limited', 'quota', 'timeout', 'context_too_long'];
    for (const kind of modelFailureKinds.filter((one) => !own.includes(one)))
      expect(findEndError(end('failed', { reason: 'model_failed', failure: { kind } }))).toMatchObject({ status: 502 });
  });

  test('with nothing said: only why', () => {
    const ended = end('limited', { text: '', reason: 'max_steps' });
    expect(findEndError(ended)).toBeUndefined();
    expect(describeEnd(ended)).toBe('[Why.]');
    expect(endNotice(end('interrupted', { message: undefined }))).toBe('\n\n[The turn ended: interrupted.]');
    expect(describeEnd(end('completed', { text: '' }))).toBe('');
    expect(finishReason(end('completed', { reason: 'content_filter' }))).toBe('content_filter');
  });
});

describe('what a turn cost', () => {
  const called = (more: object): Entry => ({
    ...{ type: 'tool', callId: 'a', step: 0, name: 'ask', toolType: 'agent', arguments: '{}', text: '', attempts: 1 },
    ...{ startMs: 0, endMs: 0 },
    ...more,
  });
  const summary = (more: object): Entry => ({
    type: 'compacted',
    before: 2,
    summary: 'x',
    atMs: 0,
    call: { attempts: [], ...more },
  });

  test.each<[string, Entry[], string | null]>([
    [
      'its calls, sub-agents and summaries',
      [step(0), called({ costUsd: '0.2' }), summary({ costUsd: '0.05', usage })],
      '0.35',
    ],
    [
      'nothing for a call that failed before it said anything',
      [step(0, { text: '', finishReason: undefined, usage: undefined, costUsd: undefined }), step(1)],
      '0.1',
    ],
    [
      'unknown with an answer that broke off',
      [step(0), step(1, { text: 'Half of', finishReason: undefined, usage: undefined, costUsd: undefined })],
      null,
    ],
    ['nothing, where there was no call', [], '0'],
    ['unknown with a call without a price', [step(0), step(1, { costUsd: undefined })], null],
    ['unknown with an answer that reports no usage', [step(0, { usage: undefined, costUsd: undefined })], null],
    ['unknown with a summary without a price', [step(0), summary({ usage, finishReason: 'stop' })], null],
    ['unknown with a sub-agent whose cost is', [step(0), called({ turn: { sessionId: 's', turnId: 't' } })], null],
    ['known with a tool that costs nothing', [step(0), called({ toolType: 'http' })], '0.1'],
  ])('%s', (_what, entries, usd) => {
    expect(knownUsd(entries)).toBe(usd);
  });

  test('in tokens: also those of a summary', () => {
    expect(sumUsage({ entries: [step(0), summary({ usage })] })).toMatchObject({
      prompt_tokens: 200,
      total_tokens: 240,
    });
    expect(sumUsage({ entries: [] })).toMatchObject({ prompt_tokens: 0, total_tokens: 0 });
  });
});

describe('a turn as a stream', () => {
  function play(events: TurnEvent[], options: { includesUsage?: boolean; pace?: Pace } = {}) {
    const sent: string[] = [];
    let isClosed = false;
    const ended = turn(end('completed'));
    const stream = new TurnStream(
      {
        turn: { ...ended, end: null },
        agent: 'helper',
        revision: 'helper@1',
        includesUsage: options.includesUsage === true,
      },
      { send: (data) => sent.push(data), close: () => (isClosed = true) },
      options.pace,
    );
    for (const event of events) stream.send(event);
    const read = () => sent.map((data) => (data === '[DONE]' ? data : (JSON.parse(data) as Chunk)));
    const chunks = read();
    return {
      chunks,
      read,
      isClosed,
      text: chunks.map((one) => (typeof one === 'string' ? '' : (one.choices?.[0]?.delta.content ?? ''))).join(''),
    };
  }
  interface Chunk {
    choices?: { delta: { content?: string; role?: string }; finish_reason: string | null }[];
    usage?: unknown;
    error?: { code: string };
    sightglass?: Record<string, unknown>;
  }
  const text = (said: string): TurnEvent => ({ type: 'text', text: said });

  test('begins with the role, ends with the finish, the usage if it is asked for, and [DONE]', () => {
    const events = [text('What was'), text(' said.'), { type: 'end', turn: turn(end('completed')) } as const];
    const { chunks, isClosed, text: said } = play(events, { includesUsage: true });
    expect(said).toBe('What was said.');
    expect(chunks[0]).toMatchObject({
      object: 'chat.completion.chunk',
      id: 't1',
      choices: [{ delta: { role: 'assistant' } }],
    });
    expect(chunks.at(-3)).toMatchObject({ choices: [{ finish_reason: 'stop' }], sightglass: { state: 'completed' } });
    expect(chunks.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: 100 } });
    expect(chunks.at(-1)).toBe('[DONE]');
    expect(isClosed).toBe(true);
    expect(play(events).chunks).toHaveLength(chunks.length - 1);
  });

  test('what was not streamed comes with the end, and so does why it is not whole', () => {
    const ended = turn(end('limited', { reason: 'max_steps' }));
    expect(play([text('What'), { type: 'end', turn: ended }]).text).toBe('What was said.\n\n[Why.]');
    expect(play([{ type: 'end', turn: turn(end('completed')) }]).text).toBe('What was said.');
  });

  test('pieces are gathered while many streams are open, but for the first, and none is late for what follows', async () => {
    const pace = new Pace();
    const leave = Array.from({ length: 500 }, () => pace.join({ flush: () => undefined }));
    const pieces = [text('What'), text(' was'), text(' sa')];
    const contents = ({ chunks }: ReturnType<typeof play>) =>
      chunks.flatMap((one) => (typeof one === 'string' ? [] : (one.choices?.[0]?.delta.content ?? []))).slice(1);
    expect(contents(play([...pieces, text('id.'), { type: 'end', turn: turn(end('completed')) }], { pace }))).toEqual([
      'What',
      ' was said.',
    ]);
    const open = play(pieces, { pace });
    await expect.poll(() => contents({ ...open, chunks: open.read() })).toEqual(['What', ' was sa']);
    for (const one of leave) one();
    expect(contents(play(pieces, { pace }))).toEqual(['What', ' was', ' sa']);
  });

  test('hostile text stays within its event', () => {
    const said = 'a\n\ndata: [DONE]\r\n\u2028 "quoted" \\ \u0000';
    expect(play([text(said), { type: 'end', turn: turn(end('completed', { text: said })) }]).text).toBe(said);
  });

  test('tools and retries are told beside the protocol', () => {
    const { chunks } = play([
      { type: 'tool_started', callId: 'a', name: 'look', arguments: '{}' },
      { type: 'tool_ended', callId: 'a', name: 'look', failure: 'timeout', durationMs: 5 },
      { type: 'model_retry', provider: 'openai', model: 'gpt', failure: 'rate_limited' },
    ]);
    expect(chunks.slice(1)).toMatchObject([
      { choices: [{ delta: {} }], sightglass: { event: 'tool_started', call_id: 'a', name: 'look', arguments: '{}' } },
      { sightglass: { event: 'tool_ended', call_id: 'a', failure: 'timeout', duration_ms: 5 } },
      { sightglass: { event: 'model_retry', provider: 'openai', model: 'gpt', failure: 'rate_limited' } },
    ]);
  });

  test.each([
    ['a turn that failed', end('failed', { reason: 'model_failed' }), 'model_failed'],
    ['an end that says something else than was streamed', end('completed', { text: 'Other.' }), 'internal'],
  ])('%s is an error, and no [DONE]', (_what, ended, code) => {
    const { chunks, isClosed } = play([text('What'), { type: 'end', turn: turn(ended) }]);
    expect(chunks.at(-1)).toMatchObject({ error: { code }, sightglass: { turn_id: 't1' } });
    expect(chunks).not.toContain('[DONE]');
    expect(isClosed).toBe(true);
  });
});
