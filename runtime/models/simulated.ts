import { randomUUID } from 'node:crypto';
import type { Simulate } from '../definition/simulate-schema.ts';
import type { ModelAdapter, ModelEvent, ModelRequest } from './model.ts';
import { ModelFailure } from './model-failure.ts';
import { hashRequest, planCall } from './simulated-plan.ts';
import { readBehaviour } from './simulated-profiles.ts';

/** A call that never answers is given up after this, if nobody else does. */
const hangLimitMs = 600_000;
/** Of so many different requests it is known how often they came; the oldest are forgotten. */
const rememberedMax = 10_000;

/** Where a simulated model has its time from. */
export interface SimulatedClock {
  now(): number;
  /** Calls back once; the answer cancels. */
  after(ms: number, callback: () => void): () => void;
}

const systemClock: SimulatedClock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * A provider without a network: text, times, tokens, prices and errors follow from the seed, the request and how often the
 * same request came before; only the ids of responses are new each time. `simulate` is what the definition says of the model; its name says the rest.
 */
export function simulatedAdapter({
  simulate,
  clock = systemClock,
  newId = () => `sim-${randomUUID()}`,
}: {
  simulate?: Simulate | undefined;
  clock?: SimulatedClock | undefined;
  /** Names calls: two that say the same are two all the same. */
  newId?: () => string;
} = {}): ModelAdapter {
  const asked = new Map<string, number>();
  return {
    stream: (request, signal) =>
      answer(request, { simulate, clock, repetition: countRepetition(request, asked), responseId: newId(), signal }),
  };
}

function countRepetition(request: ModelRequest, asked: Map<string, number>): number {
  const hash = hashRequest(request);
  const before = asked.get(hash) ?? 0;
  asked.delete(hash);
  asked.set(hash, before + 1);
  const [oldest] = asked.keys();
  if (asked.size > rememberedMax && oldest !== undefined) asked.delete(oldest);
  return before;
}

interface Given {
  simulate: Simulate | undefined;
  clock: SimulatedClock;
  repetition: number;
  responseId: string;
  signal: AbortSignal;
}

async function* answer(
  request: ModelRequest,
  { simulate, clock, repetition, responseId, signal }: Given,
): AsyncGenerator<ModelEvent, void> {
  const waiting = startWaiting(clock, signal);
  try {
    const plan = planCall(request, readBehaviour(request.model, simulate), { repetition, responseId });
    if (plan.end === 'hang') {
      await waiting.until(hangLimitMs);
      throw new ModelFailure('timeout', `simulated: no answer within ${hangLimitMs / 1000} s`);
    }
    const gaps = Math.max(plan.pieces.length - 1, 1);
    for (const [i, piece] of plan.pieces.entries()) {
      await waiting.until(plan.firstTokenMs + ((plan.endMs - plan.firstTokenMs) * i) / gaps);
      yield piece;
    }
    await waiting.until(plan.endMs);
    if (plan.end instanceof ModelFailure) throw plan.end;
    yield { type: 'end', reply: plan.end };
  } finally {
    waiting.close();
  }
}

/** Waits for times after its start; one listener for the whole stream. Throws `aborted`. */
function startWaiting(clock: SimulatedClock, signal: AbortSignal) {
  const startMs = clock.now();
  let wake: () => void = () => undefined;
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  const throwIfAborted = () => {
    if (signal.aborted) throw new ModelFailure('aborted', 'the call was given up', { cause: signal.reason });
  };
  return {
    until: async (ms: number) => {
      throwIfAborted();
      const leftMs = startMs + ms - clock.now();
      if (leftMs <= 0) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(leftMs, resolve);
        wake = () => {
          cancel();
          resolve();
        };
      });
      throwIfAborted();
    },
    close: () => signal.removeEventListener('abort', onAbort),
  };
}
