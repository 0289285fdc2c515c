import { describe, expect, it } from 'vitest';
import type { CostsReply } from '../../../server/contract/costs.ts';
import type { SessionSummary } from '../../../server/contract/sessions.ts';
import type { SpanSkeleton } from '../../../server/contract/spans.ts';
import type { TraceSummary } from '../../../server/contract/traces.ts';
import type { Usage } from '../../../server/contract/values.ts';
import type { ApiClient } from '../../support/api-client.ts';
import { compareSessions } from '../../support/capture-sessions.ts';
import { compareSums } from '../../support/capture-sums.ts';
import { loadCaptures } from '../../support/captures.ts';

// A check that cannot fail is worth nothing: each of these answers is wrong in one place.

const [capture] = loadCaptures('otel-openai-chat-multiturn');
if (capture === undefined) throw new Error('the capture is missing');
const sessionId = 'sess-otel-001-e0cc6';
const userId = 'user-42-e0cc6';

describe('compareSums', () => {
  it('accepts the truth', async () => {
    expect(await compareSums(capture, answer(truth()))).toEqual([]);
  });

  it.each<[string, (all: Answers) => void]>([
    ['a call that is counted twice', ({ costs }) => (costs.totals.usage.inputTokens += 300)],
    ['a call that is missing', ({ costs }) => (costs.totals.usage.modelCalls -= 1)],
    ['rows that do not add up', ({ costs }) => void costs.rows.pop()],
    ['counted spans that do not add up', ({ spans }) => void spans.pop()],
    ['a span that does not count', ({ spans }) => spans.forEach((span) => (span.counted = false))],
    ['a span that is not settled', ({ spans }) => spans.forEach((span) => (span.settled = false))],
    ['a call without a price', ({ costs }) => (costs.totals.cost.unpricedCalls = 1)],
    ['an unknown cost', ({ costs }) => (costs.totals.cost.usd = null)],
    ['another response model', ({ spans }) => spans.forEach((span) => (span.responseModel = 'gpt-4o'))],
    ['no parents', ({ spans }) => spans.forEach((span) => (span.parentSpanId = null))],
  ])('finds %s', async (_what, damage) => {
    const answers = truth();
    damage(answers);
    expect(await compareSums(capture, answer(answers))).not.toEqual([]);
  });
});

describe('compareSessions', () => {
  it('accepts the truth', async () => {
    expect(await compareSessions(capture, answer(truth()))).toEqual([]);
  });

  it.each<[string, (all: Answers) => void]>([
    ['a session that is not listed', (all) => (all.sessions = [])],
    ['a session without turns', (all) => (all.turnCount = 0)],
    ['a session with other costs than its own', ({ sessions }) => sessions.forEach((one) => (one.usage = usage(1, 1)))],
    ['a user without costs', ({ costs }) => costs.rows.forEach((row) => (row.user = null))],
  ])('finds %s', async (_what, damage) => {
    const answers = truth();
    damage(answers);
    expect(await compareSessions(capture, answer(answers))).not.toEqual([]);
  });
});

interface Answers {
  costs: CostsReply;
  spans: SpanSkeleton[];
  sessions: SessionSummary[];
  turnCount: number;
}

function truth(): Answers {
  const cost = { usd: '0.1', pricedCalls: 2, unpricedCalls: 0 };
  const all = usage(637, 118, 2);
  return {
    costs: {
      totals: { usage: all, cost, callsByStatus: { priced: 2, reported: 0, unpricedModel: 0, unpricedUsage: 0 } },
      rows: [{ model: 'gpt-4o-mini-2024-07-18', user: userId, session: sessionId, usage: { ...all }, cost }],
      groupCount: 1,
      booked: { verifiedTo: '1' },
    },
    spans: [spanOf(1, null), spanOf(2, usage(300, 55)), spanOf(3, null), spanOf(4, usage(337, 63))],
    sessions: [
      {
        ...{ sessionId, userId, agents: [], models: [], startTimeUnixNano: '1', endTimeUnixNano: '2' },
        ...{ turnCount: 1, traceCount: 2, errorCount: 0, status: 'ok', firstInput: null, lastOutput: null },
        ...{ labels: {}, usage: all, cost },
      },
    ],
    turnCount: 1,
  };
}

function usage(inputTokens: number, outputTokens: number, modelCalls = 1): Usage {
  return { modelCalls, inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
}

/** Spans 1 and 2 are one trace, 3 and 4 another. */
function spanOf(place: number, used: Usage | null): SpanSkeleton {
  return {
    traceId: place <= 2 ? 'a' : 'b',
    spanId: String(place),
    parentSpanId: used === null ? null : String(place - 1),
    ...{ name: '', kind: 'llm', operation: null, startTimeUnixNano: '1', endTimeUnixNano: '2', status: 'ok' },
    ...{ errorType: null, agentName: null, sessionId: null, userId: null, provider: null, requestModel: null },
    responseModel: 'gpt-4o-mini-2024-07-18',
    ...{ toolName: null, serviceName: null, usage: used, usageScope: 'call', counted: used !== null },
    ...{ notCountedBecause: null, settled: true, cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 } },
  };
}

function answer({ costs, spans, sessions, turnCount }: Answers): ApiClient {
  return {
    listTraces: () => Promise.resolve([...new Set(spans.map(({ traceId }) => traceId))].map(traceOf)),
    getTrace: (traceId) =>
      Promise.resolve({ trace: traceOf(traceId), spans: spans.filter((span) => span.traceId === traceId) }),
    getSpan: notAsked,
    listSpans: notAsked,
    getCosts: () => Promise.resolve(costs),
    listSessions: () => Promise.resolve(sessions),
    listTurns: () => Promise.resolve(Array.from({ length: turnCount }, turnOf)),
  };
}

function turnOf() {
  return {
    ...{ traceIds: [], startTimeUnixNano: '1', endTimeUnixNano: '2', input: [], output: [], steps: [], stepCount: 0 },
    ...{ usage: usage(0, 0), cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 }, status: 'ok' as const },
  };
}

function traceOf(traceId: string): TraceSummary {
  return {
    ...{ traceId, name: '', startTimeUnixNano: '1', endTimeUnixNano: '2', durationNs: '1', status: 'ok' },
    ...{ spanCount: 2, errorCount: 0, agents: [], models: [], inputPreview: null, outputPreview: null },
    ...{ sessionId: null, userId: null, usage: usage(0, 0), cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 } },
  };
}

function notAsked(): Promise<never> {
  return Promise.reject(new Error('this comparison does not ask for it'));
}
