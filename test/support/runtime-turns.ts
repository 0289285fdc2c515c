import { createHash } from 'node:crypto';
import type { Attempt, Entry, Saw, Session, Turn, TurnEnd, TurnInput } from '../../runtime/sessions/record.ts';
import { toolSpanContext } from '../../runtime/telemetry/span-ids.ts';
import type { AgentFacts } from '../../runtime/telemetry/turn-record.ts';

/** A minute ago on a full second: the API's default windows have it. */
export const turnsBeginMs = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;

export const supportFacts: AgentFacts = {
  name: 'support',
  description: 'Answers customers.',
  labels: { team: 'care', tier: 'gold' },
  capture: 'full',
  instructions: 'You help customers of Shop.',
  tools: [
    {
      name: 'find_order',
      description: 'Finds an order.',
      input: { type: 'object', properties: { id: { type: 'string' } } },
    },
    { name: 'refund', description: 'Pays money back.', input: { type: 'object' } },
    { name: 'research', description: 'Asks the researcher.', input: { type: 'object' } },
  ],
};

export const researchFacts: AgentFacts = {
  name: 'research',
  labels: { team: 'lab' },
  capture: 'full',
  instructions: 'You find things out.',
  tools: [],
};

export function makeSession(fields: Partial<Session> = {}): Session {
  return {
    id: 'session-1',
    agent: 'support',
    revision: 'support@1a2b3c4d5e6f',
    user: 'ann',
    parent: null,
    imported: [],
    createdMs: turnsBeginMs,
    expiresMs: turnsBeginMs + 86_400_000,
    ...fields,
  };
}

export function makeInput(text: string, fields: Partial<TurnInput> = {}): TurnInput {
  return {
    messages: [{ content: [{ type: 'text', text }] }],
    system: [],
    variables: {},
    labels: {},
    user: null,
    traceparent: null,
    ...fields,
  };
}

type Asked = Pick<Turn, 'sessionId' | 'number'> & { text: string; answer: string } & Partial<Turn>;

/** A turn of one call that answered, 10 s after the one before it; fields replace what it would have. */
export function makeTurn({ text, answer, ...fields }: Asked): Turn {
  const startMs = turnsBeginMs + fields.number * 10_000;
  const input = fields.input ?? makeInput(text);
  const end: TurnEnd = { state: 'completed', text: answer, atMs: startMs + 1_000 };
  return {
    id: `turn-${fields.number}`,
    state: (fields.end ?? end).state,
    acceptedMs: startMs - 50,
    startedMs: startMs,
    idempotencyKey: null,
    contentHash: createHash('sha256').update(text).digest('hex'),
    entries: [makeStep({ text: answer, attempts: [makeAttempt({ startMs, endMs: startMs + 900 })] })],
    end,
    claims: 1,
    ...fields,
    input,
  };
}

export function makeAttempt(fields: Partial<Attempt> & Pick<Attempt, 'startMs' | 'endMs'>): Attempt {
  return { provider: 'openai', model: 'gpt-5-mini', firstTokenMs: fields.startMs + 200, ...fields };
}

type Step = Extract<Entry, { type: 'step' }>;

export function makeStep(fields: Partial<Step>): Step {
  return {
    type: 'step',
    step: 0,
    attempts: [],
    text: '',
    toolCalls: [],
    finishReason: (fields.toolCalls?.length ?? 0) > 0 ? 'tool_calls' : 'stop',
    usage: { inputTokens: 100, outputTokens: 20, raw: { prompt_tokens: 100, completion_tokens: 20 } },
    saw: makeSaw(),
    ...fields,
  };
}

export function makeSaw(fields: Partial<Saw> = {}): Saw {
  return { system: 'hash', fromTurn: 1, tools: ['find_order', 'refund', 'research'], ...fields };
}

/** What a turn may be at its worst, with the turn of a sub-agent that one of its tools is. */
export interface BusyConversation {
  session: Session;
  /** The second has everything; the first is short. */
  turns: [Turn, Turn];
  subSession: Session;
  subTurn: Turn;
}

/**
 * Two turns. In the second: a call that is tried again and falls back, four tools at once (one of them fails, one is an agent, one is
 * a write in doubt), an answer that has to be repaired.
 */
export function makeBusyConversation(sessionId: string): BusyConversation {
  const session = makeSession({ id: sessionId });
  const first = makeTurn({
    ...{ sessionId, number: 1, text: 'Hello', answer: 'Hello Ann. How can I help?' },
    entries: [
      makeStep({
        text: 'Hello Ann. How can I help?',
        attempts: [makeAttempt({ startMs: turnsBeginMs + 10_000, endMs: turnsBeginMs + 10_900 })],
        responseId: `${sessionId}-1-0`,
        responseModel: 'gpt-5-mini-2025-08-07',
      }),
    ],
  });
  const atMs = turnsBeginMs + 20_000;
  const asked = {
    id: 'turn-2',
    sessionId,
    input: makeInput('Where is order 7? Refund it.', { labels: { tier: 'silver' } }),
  };
  const subSession = makeSession({
    id: `${sessionId}-sub`,
    agent: 'research',
    revision: 'research@aaaaaaaaaaaa',
    parent: { sessionId, turnId: asked.id, callId: 'call_3', conversationId: sessionId },
  });
  const subTurn = makeTurn({
    ...{ sessionId: subSession.id, number: 1, text: 'Find the carrier.', answer: 'It is with Acme.' },
    id: 'sub-turn-1',
    acceptedMs: atMs + 2_100,
    startedMs: atMs + 2_100,
    input: makeInput('Find the carrier.', { traceparent: toolSpanContext(asked, { step: 0, callId: 'call_3' }) }),
    entries: [
      makeStep({
        text: 'It is with Acme.',
        attempts: [makeAttempt({ provider: 'simulated', model: 'fast', startMs: atMs + 2_200, endMs: atMs + 2_700 })],
        responseId: `${sessionId}-sub-0`,
        usage: { inputTokens: 40, outputTokens: 8, raw: {} },
        costUsd: '0.000125',
        costSource: 'reported',
        saw: makeSaw({ tools: [] }),
      }),
    ],
    end: { state: 'completed', text: 'It is with Acme.', atMs: atMs + 2_800 },
  });
  const second = makeTurn({
    ...{ sessionId, number: 2, text: 'Where is order 7? Refund it.', answer: '{"order":7}' },
    ...asked,
    entries: busyEntries(sessionId, atMs),
    end: { state: 'completed', text: '{"order":7}', atMs: atMs + 6_000 },
  });
  return { session, turns: [first, second], subSession, subTurn };
}

function busyEntries(sessionId: string, atMs: number): Entry[] {
  const toolCalls = [
    { id: 'call_1', name: 'find_order', arguments: '{"id":"7"}' },
    { id: 'call_2', name: 'find_order', arguments: '{"id":"8"}' },
    { id: 'call_3', name: 'research', arguments: '{"message":"Find the carrier."}' },
    { id: 'call_4', name: 'refund', arguments: '{"id":"7"}' },
  ];
  const started = toolCalls.map(({ id, name }) => ({
    ...({ type: 'tool_started', callId: id, step: 0, name, atMs: atMs + 2_000 } as const),
    sideEffect: name === 'refund' ? ('write' as const) : ('read' as const),
  }));
  const tool = (
    number: number,
    fields: { text: string; endMs: number } & Partial<Extract<Entry, { type: 'tool' }>>,
  ) => {
    const { id = '', name = '', arguments: given = '' } = toolCalls[number] ?? {};
    return {
      ...({ type: 'tool', callId: id, step: 0, name, arguments: given, attempts: 1 } as const),
      toolType: name === 'research' ? ('agent' as const) : ('http' as const),
      startMs: atMs + 2_000,
      ...fields,
    };
  };
  return [
    makeStep({
      attempts: [
        makeAttempt({
          ...{ startMs: atMs, endMs: atMs + 100, firstTokenMs: undefined },
          failure: { kind: 'rate_limited', message: 'slow down', status: 429 },
        }),
        makeAttempt({
          ...{ startMs: atMs + 400, endMs: atMs + 500, firstTokenMs: undefined },
          failure: { kind: 'unavailable', message: 'upstream is down', status: 503 },
        }),
        makeAttempt({ provider: 'anthropic', model: 'claude-sonnet-4-5', startMs: atMs + 600, endMs: atMs + 1_900 }),
      ],
      text: 'I will look.',
      toolCalls,
      state: { provider: 'anthropic', blocks: [{ type: 'thinking', thinking: 'Two orders.', signature: 'x' }] },
      responseId: `${sessionId}-2-0`,
      responseModel: 'claude-sonnet-4-5-20250929',
      usage: {
        inputTokens: 1_000,
        cacheReadTokens: 300,
        cacheWrite5mTokens: 100,
        outputTokens: 60,
        reasoningTokens: 10,
        raw: { input_tokens: 600 },
      },
    }),
    ...started,
    tool(0, { text: '{"status":"on its way"}', endMs: atMs + 2_300 }),
    tool(1, { text: 'The call took longer than 1 s.', failure: 'timeout', attempts: 3, endMs: atMs + 3_000 }),
    tool(2, {
      text: 'It is with Acme.',
      turn: { sessionId: `${sessionId}-sub`, turnId: 'sub-turn-1' },
      costUsd: '0.000125',
      endMs: atMs + 2_900,
    }),
    tool(3, { text: 'It is not known whether it happened.', failure: 'outcome_unknown', endMs: atMs + 3_500 }),
    makeStep({
      step: 1,
      text: 'Order 7 is on its way.',
      attempts: [makeAttempt({ startMs: atMs + 3_600, endMs: atMs + 4_400 })],
      responseId: `${sessionId}-2-1`,
      responseModel: 'gpt-5-mini-2025-08-07',
    }),
    { type: 'notice', text: 'The answer is no JSON. Answer with JSON only.', atMs: atMs + 4_450 },
    makeStep({
      step: 2,
      text: '{"order":7}',
      attempts: [makeAttempt({ startMs: atMs + 4_500, endMs: atMs + 5_900 })],
      responseId: `${sessionId}-2-2`,
      responseModel: 'gpt-5-mini-2025-08-07',
    }),
  ];
}
