import { setTimeout as pause } from 'node:timers/promises';
import type { AgentDefinition } from '../definition/schema.ts';
import type { ModelRequest } from '../models/model.ts';
import type { Attempt, TurnEnd } from '../sessions/record.ts';
import type { SessionStore } from '../sessions/store.ts';
import { estimateTokens } from './conversation.ts';

/** A call waits for its turn no longer: whoever asked does better to come again. */
const patienceMs = 10_000;
/** What a model is taken to write where nobody says; a call is corrected to what it really was when it has ended. */
const guessedOutputTokens = 1_000;

/** How fast the model calls of an agent may follow each other. */
export interface CallRate {
  /** Counts a try before it is made, after a short wait where it is needed. Undefined: the turn was stopped while it waited. */
  take(request: ModelRequest, signal: AbortSignal): Promise<CountedTry | undefined>;
}

/** A try that counts. None of these rejects. */
export interface CountedTry {
  /** It was not made. */
  giveBack(): Promise<void>;
  correct(usage: { inputTokens: number; outputTokens: number }): Promise<void>;
}

/** A model call that would come too early. */
export class RateStopped extends Error {
  override readonly name = 'RateStopped';
  readonly ending: Pick<TurnEnd, 'state' | 'reason' | 'message' | 'retryAfterMs'>;
  /** Tries that failed before. */
  readonly attempts: readonly Attempt[];

  constructor(ending: RateStopped['ending'], attempts: readonly Attempt[] = []) {
    super(ending.message);
    this.ending = ending;
    this.attempts = attempts;
  }
}

export interface CallRateParts {
  store: Pick<SessionStore, 'takeRate' | 'correctRate'>;
  agent: string;
  limits: Pick<AgentDefinition['limits'], 'requestsPerMinute' | 'tokensPerMinute'>;
  /** When the turn ends in any case. */
  deadlineMs: number;
  /** Repeats what a store that is away did not do. */
  persist: <Result>(write: () => Promise<Result>) => Promise<Result>;
  nowMs: () => number;
}

/** Undefined: the agent declares no such limit. */
export function callRate(parts: CallRateParts): CallRate | undefined {
  const { requestsPerMinute, tokensPerMinute } = parts.limits;
  if (requestsPerMinute === undefined && tokensPerMinute === undefined) return undefined;
  return { take: (request, signal) => take(parts, request, signal) };
}

/** Throws a RateStopped where the wait would be too long. */
async function take(parts: CallRateParts, request: ModelRequest, signal: AbortSignal): Promise<CountedTry | undefined> {
  const { store, agent, limits, deadlineMs, persist, nowMs } = parts;
  const giveUpMs = Math.min(nowMs() + patienceMs, deadlineMs);
  const tokens = estimateCall(request);
  for (;;) {
    const taken = await persist(() => store.takeRate(agent, { ...limits, tokens }));
    if (taken.status === 'taken') return countedTry(parts, taken);
    const { limit, waitMs } = taken;
    if (nowMs() + waitMs > giveUpMs) throw new RateStopped(describeEnding(parts, { limit, waitMs }));
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
  }
}

function estimateCall({ messages, tools, maxOutputTokens = guessedOutputTokens }: ModelRequest): number {
  return estimateTokens(messages) + Math.ceil(JSON.stringify(tools).length / 4) + maxOutputTokens;
}

/** What it counted for is over within a minute in any case, so a store that is away is not waited for. */
function countedTry(
  { store, agent }: CallRateParts,
  { second, tokens }: { second: number; tokens: number },
): CountedTry {
  const add = (requests: number, more: number) =>
    store.correctRate(agent, { second, requests, tokens: more }).catch(() => undefined);
  return {
    giveBack: () => add(-1, -tokens),
    correct: ({ inputTokens, outputTokens }) => add(0, inputTokens + outputTokens - tokens),
  };
}

function describeEnding(
  { agent, limits }: CallRateParts,
  { limit, waitMs }: { limit: keyof CallRateParts['limits']; waitMs: number },
): RateStopped['ending'] {
  const what = limit === 'requestsPerMinute' ? 'model calls' : 'tokens';
  const reason = limit === 'requestsPerMinute' ? 'requests_per_minute' : 'tokens_per_minute';
  const message = `The agent ${agent} may have ${limits[limit] ?? 0} ${what} a minute (limits.${limit}); the next call can be made in ${Math.ceil(waitMs / 1000)} s.`;
  return { state: 'limited', reason, message, retryAfterMs: waitMs };
}
