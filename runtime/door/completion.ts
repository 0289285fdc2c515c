import type { Usage } from '../models/model.ts';
import { countSteps, knownUsd } from '../run/limits.ts';
import type { Turn, TurnEnd } from '../sessions/record.ts';
import { turnTrace } from '../telemetry/span-ids.ts';
import { describeEnd } from './describe-end.ts';
import { DoorError, type DoorErrorCode, exhaustedError } from './door-error.ts';

export interface TurnFacts {
  turn: Turn & { end: TurnEnd };
  agent: string;
  /** Of its session. */
  revision: string;
}

/** The reply to a request that does not stream. Throws a DoorError where there is no answer. */
export function toCompletion(facts: TurnFacts) {
  const { turn, agent } = facts;
  const failed = findEndError(turn.end);
  if (failed !== undefined) throw failed;
  return {
    id: turn.id,
    object: 'chat.completion',
    created: Math.floor(turn.acceptedMs / 1000),
    model: `agent/${agent}`,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: describeEnd(turn.end), refusal: null },
        logprobs: null,
        finish_reason: finishReason(turn.end),
      },
    ],
    usage: sumUsage(turn),
    sightglass: describeTurn(facts),
  };
}

/** What Sightglass says of a turn, beside the OpenAI protocol. */
export function describeTurn({ turn, agent, revision }: TurnFacts) {
  const { end, entries } = turn;
  return {
    session_id: turn.sessionId,
    turn_id: turn.id,
    trace_id: turnTrace(turn).traceId,
    agent,
    revision,
    state: end.state,
    reason: end.reason ?? null,
    message: end.message ?? null,
    cost_usd: knownUsd(entries),
    steps: countSteps(entries),
    tool_calls: entries.filter(({ type }) => type === 'tool').length,
  };
}

/** All of a turn's own model calls together. */
export function sumUsage({ entries }: Pick<Turn, 'entries'>) {
  const usages = entries.flatMap((entry) => {
    if (entry.type === 'step') return entry.usage ?? [];
    return entry.type === 'compacted' ? (entry.call?.usage ?? []) : [];
  });
  return toOpenAiUsage(usages);
}

/** Totals in the form of the OpenAI API. */
export function toOpenAiUsage(usages: readonly Usage[]) {
  const sum = (read: (usage: Usage) => number | undefined) =>
    usages.reduce((total, one) => total + (read(one) ?? 0), 0);
  const prompt = sum(({ inputTokens }) => inputTokens);
  const completion = sum(({ outputTokens }) => outputTokens);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: sum(({ cacheReadTokens }) => cacheReadTokens) },
    completion_tokens_details: { reasoning_tokens: sum(({ reasoningTokens }) => reasoningTokens) },
  };
}

/** `length` also for every other end that leaves the answer incomplete: the protocol has no other word. */
export function finishReason({ state, reason }: TurnEnd): 'stop' | 'length' | 'content_filter' {
  if (reason === 'content_filter') return 'content_filter';
  return state === 'completed' ? 'stop' : 'length';
}

const failureCodes: Readonly<Record<string, DoorErrorCode>> = {
  rate_limited: 'rate_limited',
  quota: 'quota_exhausted',
  timeout: 'model_timeout',
  context_too_long: 'context_length_exceeded',
};

/** Where a turn gave nothing that could be shown as an answer. */
export function findEndError(end: TurnEnd): DoorError | undefined {
  const message = end.message ?? `The turn ended: ${end.state}.`;
  if (end.state === 'cancelled' && end.text === '') return new DoorError('turn_cancelled', message);
  // After text it ended as by any other limit.
  if (end.reason === 'budget_exhausted' && end.text === '') return exhaustedError(message, end.budget);
  if ((end.reason === 'requests_per_minute' || end.reason === 'tokens_per_minute') && end.text === '')
    return new DoorError('rate_limited', message, { retryAfterMs: end.retryAfterMs });
  if (end.state !== 'failed') return undefined;
  if (end.reason === 'output_invalid') return new DoorError('output_invalid', message);
  if (end.reason === 'internal_error') return new DoorError('internal', message);
  if (end.reason === 'price_unknown' || end.reason === 'budget_unavailable') return new DoorError(end.reason, message);
  const { kind = '', retryAfterMs } = end.failure ?? {};
  return new DoorError(failureCodes[kind] ?? 'model_failed', message, { retryAfterMs });
}
