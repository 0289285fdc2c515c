import { BudgetStopped, type CallBudget } from '../budgets/call-budget.ts';
import { type AskEvent, AskFailure } from '../run/agent.ts';
import { type CallRate, RateStopped } from '../run/call-rate.ts';
import type { Price } from '../run/price-usage.ts';
import type { Attempt } from '../sessions/record.ts';
import { callOnce } from './call-once.ts';
import type { ModelAdapter, ModelRequest } from './model.ts';
import { type ModelFailure, type ModelFailureKind, wasUnbilled } from './model-failure.ts';
import { abortedFailure } from './read-reply.ts';
import type { Model } from '../definition/schema.ts';

/** A provider that wants to be left alone for longer is given up, and the next model takes over. */
const retryAfterLimitMs = 60_000;
/** The wait before a try is a random part of this, doubled with every try up to the limit. */
const backoffStartMs = 500;
const backoffLimitMs = 20_000;

/** Another try of the same model may work. */
const retryable: ReadonlySet<ModelFailureKind> = new Set([
  'rate_limited',
  'unavailable',
  'timeout',
  'malformed_reply',
  'cut_stream',
]);

/** What each failure is for `fallbackOn`; for the others no model takes over. */
const fallbackReasons: Partial<Record<ModelFailureKind, NonNullable<Model['fallbackOn']>[number]>> = {
  rate_limited: 'rate_limited',
  quota: 'quota',
  unavailable: 'unavailable',
  malformed_reply: 'unavailable',
  cut_stream: 'unavailable',
  timeout: 'timeout',
  auth: 'auth',
  context_too_long: 'context_too_long',
};

/** One model of a chain: how to speak with it, and its settings. */
export interface ChainModel {
  provider: string;
  /** Without the provider. */
  model: string;
  adapter: ModelAdapter;
  settings: Pick<
    Model,
    | 'temperature'
    | 'topP'
    | 'maxOutputTokens'
    | 'reasoningEffort'
    | 'stop'
    | 'seed'
    | 'timeout'
    | 'retries'
    | 'fallbackOn'
  >;
  /** By which the provider itself says what a call cost. */
  reportedPrice?: Price | undefined;
  /** Where no table has a price. */
  declaredPrice?: Price | undefined;
}

export interface CallOptions {
  signal: AbortSignal;
  /** Of each try, to its first text, reasoning or tool call; its whole time is `timeout` of the model. */
  firstTokenTimeoutMs: number;
  /** Who hands everything on as it comes, as a gateway does, cannot take reasoning and tool calls back either. */
  isAllVisible?: boolean;
  /** Absent: no budget counts this call, and nothing waits for one. */
  budget?: CallBudget | undefined;
  /** Absent: calls may follow each other as fast as they like. */
  rate?: CallRate | undefined;
  nowMs?: () => number;
  /** Ends early, without throwing, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  random?: () => number;
}

/**
 * Asks the models of a chain in their order until one gives a whole answer; the only place that tries again. Yields what arrives,
 * `attempt` after a try that failed where another one follows (reasoning and pieces of tool calls that came with it are void), and `end`. Until the first
 * text another try or model takes over; from then on a failure ends it. Throws an AskFailure, or before a try a BudgetStopped or a
 * RateStopped that refuses it.
 */
export async function* callModels(
  chain: readonly ChainModel[],
  request: Omit<ModelRequest, 'model'>,
  options: CallOptions,
): AsyncGenerator<AskEvent, void, undefined> {
  const { signal, budget, rate, nowMs = Date.now, sleep = sleepUnlessAborted, random = Math.random } = options;
  const attempts: Attempt[] = [];
  const fail = (failure: ModelFailure, partialText: string) => new AskFailure({ attempts, partialText, failure });
  for (const [place, hop] of chain.entries()) {
    const isLast = place === chain.length - 1;
    for (let tries = 1; ; tries += 1) {
      const next = { number: attempts.length, model: hop, request: fillRequest(request, hop), isLast };
      const counted = await rate?.take(next.request, signal).catch((error: unknown) => {
        throw error instanceof RateStopped ? new RateStopped(error.ending, attempts) : error;
      });
      if (rate !== undefined && counted === undefined) throw fail(abortedFailure(), '');
      const held = await budget?.hold(next);
      if (held !== undefined && (held.status !== 'granted' || signal.aborted)) await counted?.giveBack();
      if (held?.status === 'skipped') break;
      if (held?.status === 'refused') throw new BudgetStopped(held.refusal, attempts);
      if (held !== undefined && signal.aborted) {
        await budget?.release(next);
        throw fail(abortedFailure(), '');
      }
      const attempt: Attempt = { provider: hop.provider, model: hop.model, startMs: nowMs(), endMs: 0 };
      if (held?.reservedUsd !== undefined) attempt.reservedUsd = held.reservedUsd;
      const outcome = yield* callOnce(hop.adapter, held?.request ?? next.request, {
        signal,
        timeoutMs: hop.settings.timeout,
        firstTokenTimeoutMs: options.firstTokenTimeoutMs,
        onFirstToken: () => (attempt.firstTokenMs = nowMs()),
      });
      attempt.endMs = nowMs();
      attempts.push(attempt);
      if ('reply' in outcome) {
        if (outcome.reply.usage !== undefined) await counted?.correct(outcome.reply.usage);
        yield { type: 'end', reply: outcome.reply, attempts };
        return;
      }
      const { failure, partialText } = outcome;
      const { kind, message, status, retryAfterMs } = failure;
      attempt.failure = { kind, message, status, retryAfterMs };
      if (wasUnbilled(failure, attempt)) {
        await counted?.correct({ inputTokens: 0, outputTokens: 0 });
        if (attempt.reservedUsd !== undefined) await budget?.release(next);
        delete attempt.reservedUsd;
      }
      const isVisible = partialText !== '' || (options.isAllVisible === true && attempt.firstTokenMs !== undefined);
      if (isVisible || failure.kind === 'aborted') throw fail(failure, partialText);
      const waitMs = tries <= hop.settings.retries ? chooseWaitMs(failure, tries, random) : undefined;
      const isOver = waitMs === undefined && (isLast || !fallsBack(failure, hop.settings.fallbackOn));
      if (isOver) throw fail(failure, '');
      yield { type: 'attempt', attempt };
      if (waitMs === undefined) break;
      await sleep(waitMs, signal);
      if (signal.aborted) throw fail(abortedFailure(), '');
    }
  }
  throw new Error('a chain needs at least one model');
}

/** What the request says itself comes before the model's settings. */
function fillRequest(request: Omit<ModelRequest, 'model'>, { model, settings }: ChainModel): ModelRequest {
  return {
    ...request,
    model,
    temperature: request.temperature ?? settings.temperature,
    topP: request.topP ?? settings.topP,
    maxOutputTokens: request.maxOutputTokens ?? settings.maxOutputTokens,
    reasoningEffort: request.reasoningEffort ?? settings.reasoningEffort,
    stop: request.stop ?? settings.stop,
    seed: request.seed ?? settings.seed,
  };
}

/** Undefined: this model is not tried again. What the provider asks for is kept to; else full jitter. */
function chooseWaitMs(failure: ModelFailure, tries: number, random: () => number): number | undefined {
  if (!retryable.has(failure.kind)) return undefined;
  const { retryAfterMs } = failure;
  if (retryAfterMs !== undefined && retryAfterMs > retryAfterLimitMs) return undefined;
  const spreadMs = Math.min(backoffLimitMs, backoffStartMs * 2 ** (tries - 1));
  return retryAfterMs === undefined ? random() * spreadMs : retryAfterMs + random() * backoffStartMs;
}

function fallsBack(failure: ModelFailure, fallbackOn: Model['fallbackOn']): boolean {
  const reason = fallbackReasons[failure.kind];
  return reason !== undefined && (fallbackOn === undefined || fallbackOn.includes(reason));
}

async function sleepUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
