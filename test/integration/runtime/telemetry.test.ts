import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SpanDetail, SpanSkeleton } from '../../../server/contract/spans.ts';
import type { CostGroupName } from '../../../server/contract/costs.ts';
import type { Turn } from '../../../server/contract/sessions.ts';
import type { GatewayCall } from '../../../runtime/sessions/record.ts';
import { gatewaySpans } from '../../../runtime/telemetry/gateway-spans.ts';
import type { Span } from '../../../runtime/telemetry/span.ts';
import { SpanSender } from '../../../runtime/telemetry/span-sender.ts';
import { turnSpans } from '../../../runtime/telemetry/turn-spans.ts';
import { type ApiClient, createApiClient } from '../../support/api-client.ts';
import { newProjectId, useDatabase } from '../../support/database.ts';
import { type Pipeline, startPipeline } from '../../support/pipeline.ts';
import {
  makeAttempt,
  makeBusyConversation,
  makeSession,
  makeStep,
  makeTurn,
  researchFacts,
  supportFacts,
  turnsBeginMs,
} from '../../support/runtime-turns.ts';

const settleLimit = { timeout: 60_000, interval: 300 };
const project = newProjectId();
const isoAt = (ms: number) => new Date(ms).toISOString();

let pipeline: Pipeline;
let sender: SpanSender;
let api: ApiClient;

beforeAll(async () => {
  pipeline = await startPipeline(useDatabase());
  sender = new SpanSender({
    endpoint: pipeline.otlp,
    headers: { 'x-sightglass-project': project },
    version: '0.0.0-test',
    log: { warn: (fields: unknown) => expect.fail(JSON.stringify(fields)) },
  });
  const window = { from: isoAt(turnsBeginMs - 3_600_000), to: isoAt(turnsBeginMs + 3_600_000) };
  api = createApiClient({ api: pipeline.api, project, ...window });
});
afterAll(async () => {
  await sender.close();
  await pipeline.stop();
});

async function send(...batches: Span[][]): Promise<void> {
  for (const batch of batches) expect(await sender.send(batch)).toEqual({ status: 'sent' });
}

/** The turns once so many are settled with so many steps. */
function settledTurns(sessionId: string, stepCounts: number[]): Promise<Turn[]> {
  return vi.waitFor(async () => {
    const turns = await api.listTurns(sessionId);
    expect(turns.map(({ steps }) => steps.length)).toEqual(stepCounts);
    return turns;
  }, settleLimit);
}

/** Each span by its name, below its parent, in order of start; what began at once by its name. */
function drawTree(spans: readonly SpanSkeleton[], parent: string | null = null): string[] {
  const place = ({ startTimeUnixNano, name, errorType }: SpanSkeleton) =>
    `${startTimeUnixNano} ${name} ${errorType ?? ''}`;
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .sort((a, b) => (place(a) < place(b) ? -1 : 1))
    .flatMap(({ spanId, name, errorType }) => [
      errorType === null ? name : `${name} (${errorType})`,
      ...drawTree(spans, spanId).map((line) => `  ${line}`),
    ]);
}

const rootOf = (spans: readonly SpanSkeleton[]) => spans.find(({ parentSpanId }) => parentSpanId === null);
const textOf = (messages: SpanDetail['inputMessages']) =>
  messages.map(
    ({ role, parts }) =>
      `${role}: ${parts.map((part) => ('content' in part ? String(part.content) : part.type)).join(' | ')}`,
  );

describe('a conversation with everything in it', () => {
  const sessionId = `busy-${randomUUID()}`;
  const { session, turns, subSession, subTurn } = makeBusyConversation(sessionId);
  const [first, second] = turns;
  let replayed: Turn[];
  let spans: SpanSkeleton[];

  beforeAll(async () => {
    const firstSpans = turnSpans({ session, earlier: [], turn: first, agent: supportFacts });
    const subSpans = turnSpans({ session: subSession, earlier: [], turn: subTurn, agent: researchFacts });
    const secondSpans = turnSpans({ session, earlier: [first], turn: second, agent: supportFacts });
    // The sub-agent ends first; and a process that was killed before it noted that it had sent them sends them again.
    await send(subSpans, firstSpans, secondSpans, [...subSpans, ...secondSpans]);
    replayed = await settledTurns(sessionId, [2, 12]);
    spans = (await api.getTrace(replayed[1]?.traceIds[0] ?? '')).spans;
  });

  it('is one trace a turn, with the sub-agent below the tool that asked for it', () => {
    expect(replayed.map(({ traceIds }) => traceIds.length)).toEqual([1, 1]);
    expect(drawTree(spans)).toEqual([
      'invoke_agent support',
      '  chat gpt-5-mini (rate_limited)',
      '  chat gpt-5-mini (unavailable)',
      '  chat claude-sonnet-4-5',
      '  execute_tool find_order',
      '  execute_tool find_order (timeout)',
      '  execute_tool refund (outcome_unknown)',
      '  execute_tool research',
      '    invoke_agent research',
      '      chat fast',
      '  chat gpt-5-mini',
      '  chat gpt-5-mini',
    ]);
  });

  it('belongs to its session, user, agent and revision', () => {
    const root = rootOf(spans);
    expect(root).toMatchObject({ kind: 'agent', sessionId, userId: 'ann', agentName: 'support', status: 'unset' });
    expect(new Set(spans.map((span) => span.sessionId))).toEqual(new Set([sessionId]));
    const inner = spans.filter(({ agentName }) => agentName === 'research').map(({ name }) => name);
    expect(inner).toEqual(['invoke_agent research', 'chat fast']);
  });

  it('is replayed turn by turn with what was said', () => {
    expect(replayed.map(({ input, output }) => [textOf(input), textOf(output)])).toEqual([
      [['user: Hello'], ['assistant: Hello Ann. How can I help?']],
      [['user: Where is order 7? Refund it.'], ['assistant: {"order":7}']],
    ]);
    expect(replayed.map(({ status }) => status)).toEqual(['ok', 'ok']);
  });

  it('counts tokens and cost once, those of the sub-agent included', () => {
    expect(replayed[1]?.usage).toEqual({
      // Two tries that failed, three answers, one of the sub-agent.
      modelCalls: 6,
      inputTokens: 1_000 + 100 + 100 + 40,
      outputTokens: 60 + 20 + 20 + 8,
      cacheReadTokens: 300,
      cacheWriteTokens: 100,
      reasoningTokens: 10,
    });
    const counted = spans.filter((span) => span.counted);
    expect(counted.map(({ kind }) => kind)).toEqual(Array(6).fill('llm'));
    expect(replayed[1]?.cost).toMatchObject({ pricedCalls: 6, unpricedCalls: 0 });
    const fast = spans.find(({ name }) => name === 'chat fast');
    expect(fast?.cost.usd).toBe('0.000125');
  });

  it('groups its costs by agent and by label, the nearer label first', async () => {
    const grouped = async (by: CostGroupName) =>
      Object.fromEntries(
        (await api.getCosts(by)).rows.map((row) => [
          row.agent ?? Object.values(row.labels ?? {})[0] ?? '',
          row.usage.inputTokens,
        ]),
      );
    expect(await grouped('agent')).toMatchObject({ support: 1_300, research: 40 });
    expect(await grouped('label:team')).toMatchObject({ care: 1_300, lab: 40 });
    expect(await grouped('label:tier')).toMatchObject({ gold: 100, silver: 1_240 });
  });

  it('shows what each call was really given', async () => {
    const chats = spans.filter(({ kind, agentName }) => kind === 'llm' && agentName === 'support');
    const details = await Promise.all(chats.map(({ traceId, spanId }) => api.getSpan(traceId, spanId)));
    const history = ['user: Hello', 'assistant: Hello Ann. How can I help?', 'user: Where is order 7? Refund it.'];
    const tools = [
      'assistant: Two orders. | I will look. | tool_call | tool_call | tool_call | tool_call',
      ...Array<string>(4).fill('tool: tool_call_response'),
    ];
    const repair = ['assistant: Order 7 is on its way.', 'system: The answer is no JSON. Answer with JSON only.'];
    expect(details.map(({ inputMessages }) => textOf(inputMessages))).toEqual([
      history,
      history,
      history,
      [...history, ...tools],
      [...history, ...tools, ...repair],
    ]);
    for (const { systemInstructions } of details)
      expect(systemInstructions).toEqual([{ type: 'text', content: 'You help customers of Shop.' }]);
    expect(details.map(({ outputMessages }) => textOf(outputMessages))).toEqual([
      [],
      [],
      tools.slice(0, 1),
      ['assistant: Order 7 is on its way.'],
      ['assistant: {"order":7}'],
    ]);
    expect(details.map(({ requestModel, responseModel }) => [requestModel, responseModel])).toEqual([
      ['gpt-5-mini', null],
      ['gpt-5-mini', null],
      ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
      ['gpt-5-mini', 'gpt-5-mini-2025-08-07'],
      ['gpt-5-mini', 'gpt-5-mini-2025-08-07'],
    ]);
  });

  it('shows arguments and results of tools', async () => {
    const [good, slow] = await Promise.all(
      spans
        .filter(({ toolName }) => toolName === 'find_order')
        .sort((a, b) => (a.endTimeUnixNano < b.endTimeUnixNano ? -1 : 1))
        .map(({ traceId, spanId }) => api.getSpan(traceId, spanId)),
    );
    expect(good).toMatchObject({ toolArguments: { id: '7' }, toolResult: { status: 'on its way' }, errorType: null });
    expect(slow).toMatchObject({
      ...{ toolArguments: { id: '8' }, toolResult: 'The call took longer than 1 s.', errorType: 'timeout' },
      attributes: { 'sightglass.tool.attempts': 3, 'sightglass.tool.type': 'http' },
    });
  });

  it('knows how the turn went', async () => {
    const root = rootOf(spans);
    const detail = await api.getSpan(root?.traceId ?? '', root?.spanId ?? '');
    expect(detail.attributes).toMatchObject({
      'sightglass.turn.number': 2,
      'sightglass.turn.state': 'completed',
      'sightglass.turn.steps': 3,
      'sightglass.turn.tool_calls': 4,
      'sightglass.turn.retries': 1,
      'sightglass.turn.fallbacks': 1,
    });
  });
});

it('a turn that a limit ended is an error with its reason, and shows what the user saw', async () => {
  const session = makeSession({ id: `limited-${randomUUID()}` });
  const turn = makeTurn({
    ...{ sessionId: session.id, number: 1, text: 'Tell me a story', answer: 'Once upon' },
    end: {
      ...{ state: 'limited', reason: 'turn_timeout', message: 'The turn was ended after 600 s (limits.turnTimeout).' },
      ...{ text: 'Once upon', atMs: turnsBeginMs + 30_000 },
    },
    entries: [
      makeStep({
        text: 'Once upon',
        finishReason: undefined,
        usage: undefined,
        attempts: [
          makeAttempt({
            ...{ startMs: turnsBeginMs + 10_000, endMs: turnsBeginMs + 29_000 },
            failure: { kind: 'aborted', message: 'aborted' },
          }),
        ],
      }),
    ],
  });
  await send(turnSpans({ session, earlier: [], turn, agent: supportFacts }));
  const [replayed] = await settledTurns(session.id, [2]);
  expect(replayed).toMatchObject({ status: 'error', usage: { modelCalls: 1 }, cost: { usd: '0' } });
  expect(textOf(replayed?.output ?? [])).toEqual(['assistant: Once upon']);
  const { spans } = await api.getTrace(replayed?.traceIds[0] ?? '');
  expect(drawTree(spans)).toEqual(['invoke_agent support (turn_timeout)', '  chat gpt-5-mini (aborted)']);
});

it('a turn that never ran is a turn of the replay', async () => {
  const session = makeSession({ id: `waited-${randomUUID()}` });
  const first = makeTurn({ sessionId: session.id, number: 1, text: 'One', answer: 'Two' });
  const second = makeTurn({
    ...{ sessionId: session.id, number: 2, text: 'Three', answer: '', entries: [], startedMs: null },
    // It came while the first one ran.
    acceptedMs: turnsBeginMs + 10_500,
    end: { state: 'cancelled', reason: 'cancelled', message: 'Cancelled.', text: '', atMs: turnsBeginMs + 10_800 },
  });
  await send(
    turnSpans({ session, earlier: [], turn: first, agent: supportFacts }),
    turnSpans({ session, earlier: [first], turn: second, agent: supportFacts }),
  );
  const turns = await settledTurns(session.id, [2, 1]);
  expect(turns.map(({ input, output, status }) => [textOf(input), textOf(output), status])).toEqual([
    [['user: One'], ['assistant: Two'], 'ok'],
    [['user: Three'], [], 'ok'],
  ]);
});

it('without capture, nothing of what was said leaves the runtime', async () => {
  const sessionId = `private-${randomUUID()}`;
  const { session, turns } = makeBusyConversation(sessionId);
  const [first, second] = turns;
  const agent = { ...supportFacts, capture: 'none' as const };
  await send(
    turnSpans({ session, earlier: [], turn: first, agent }),
    turnSpans({ session, earlier: [first], turn: second, agent }),
  );
  // Whoever says nothing does not say where a turn begins either.
  const [replayed] = await settledTurns(sessionId, [12]);
  expect(replayed).toMatchObject({ input: [], output: [], usage: { inputTokens: 1_300 } });
  const details = await Promise.all((replayed?.steps ?? []).map(({ traceId, spanId }) => api.getSpan(traceId, spanId)));
  expect(details.map(({ name }) => name)).toContain('execute_tool find_order');
  expect(JSON.stringify(details)).not.toMatch(/order 7|Acme|You help|slow down|on its way|took longer/i);
});

it('a call of the gateway is one trace with a span for every try', async () => {
  const conversationId = `gateway-${randomUUID()}`;
  const startMs = turnsBeginMs + 5_000;
  const call: GatewayCall = {
    id: randomUUID(),
    conversationId,
    user: 'bob',
    labels: { team: 'care' },
    traceparent: null,
    messages: [
      { role: 'system', text: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    ],
    tools: [],
    attempts: [
      makeAttempt({
        ...{ startMs, endMs: startMs + 100, firstTokenMs: undefined },
        failure: { kind: 'unavailable', message: 'down', status: 503 },
      }),
      makeAttempt({ startMs: startMs + 200, endMs: startMs + 900 }),
    ],
    reply: {
      ...{ text: 'Hi Bob', toolCalls: [], finishReason: 'stop', responseId: `${conversationId}-1` },
      usage: { inputTokens: 12, outputTokens: 3, raw: {} },
    },
  };
  await send(gatewaySpans(call, 'full'));
  const [turn] = await settledTurns(conversationId, [3]);
  expect(turn).toMatchObject({ status: 'ok', usage: { modelCalls: 2, inputTokens: 12, outputTokens: 3 } });
  expect([textOf(turn?.input ?? []), textOf(turn?.output ?? [])]).toEqual([['user: Hi'], ['assistant: Hi Bob']]);
  const { spans } = await api.getTrace(turn?.traceIds[0] ?? '');
  expect(drawTree(spans)).toEqual([
    'gateway openai/gpt-5-mini',
    '  chat gpt-5-mini (unavailable)',
    '  chat gpt-5-mini',
  ]);
});
