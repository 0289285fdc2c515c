import { describe, expect, test } from 'vitest';
import { callModels, type ChainModel } from '../../../../runtime/models/call-models.ts';
import { model as modelSchema } from '../../../../runtime/definition/schema.ts';
import type { ModelAdapter } from '../../../../runtime/models/model.ts';
import { ModelFailure } from '../../../../runtime/models/model-failure.ts';
import { AskFailure } from '../../../../runtime/run/agent.ts';
import { callRate, type CallRateParts, RateStopped } from '../../../../runtime/run/call-rate.ts';
import type { RateTaken } from '../../../../runtime/sessions/store.ts';

const request = { model: 'one', messages: [], tools: [], maxOutputTokens: 400 };

/** Says what stands in the list, then that there is room. */
function rateOf(answers: RateTaken[], parts: Partial<CallRateParts> = {}) {
  const corrections: { requests: number; tokens: number }[] = [];
  const asked: number[] = [];
  const rate = callRate({
    store: {
      takeRate: (_, { tokens }) => {
        asked.push(tokens);
        return Promise.resolve(answers.shift() ?? { status: 'taken', second: 7, tokens });
      },
      correctRate: (_, { requests, tokens }) => Promise.resolve(void corrections.push({ requests, tokens })),
    },
    ...{ agent: 'swift', limits: { requestsPerMinute: 2, tokensPerMinute: 90 }, deadlineMs: Infinity },
    ...{ persist: (write) => write(), nowMs: () => 1_000, ...parts },
  });
  if (rate === undefined) throw new Error('it declares a limit');
  return { rate, corrections, asked };
}

const full = (waitMs: number, limit: 'requestsPerMinute' | 'tokensPerMinute' = 'requestsPerMinute'): RateTaken => ({
  ...{ status: 'full', limit, waitMs },
});
const signal = new AbortController().signal;

describe('a call above the limit', () => {
  test('waits where that is short, and is counted then', async () => {
    const { rate, asked } = rateOf([full(2), full(1)]);
    expect(await rate.take(request, signal)).toBeDefined();
    expect(asked).toEqual([401, 401, 401]);
  });

  test.each<[string, RateTaken, Partial<CallRateParts>, object]>([
    [
      'the wait is long',
      full(10_001),
      {},
      {
        ...{ state: 'limited', reason: 'requests_per_minute', retryAfterMs: 10_001 },
        message:
          'The agent swift may have 2 model calls a minute (limits.requestsPerMinute); the next call can be made in 11 s.',
      },
    ],
    [
      'the turn would be over',
      full(500, 'tokensPerMinute'),
      { deadlineMs: 1_499 },
      {
        ...{ state: 'limited', reason: 'tokens_per_minute', retryAfterMs: 500 },
        message:
          'The agent swift may have 90 tokens a minute (limits.tokensPerMinute); the next call can be made in 1 s.',
      },
    ],
  ])('ends its turn where %s', async (_, answer, parts, ending) => {
    const stopped = await rateOf([answer], parts)
      .rate.take(request, signal)
      .catch((error: unknown) => error);
    expect(stopped).toBeInstanceOf(RateStopped);
    expect(stopped).toMatchObject({ ending });
  });

  test('does not wait on where its turn was stopped', async () => {
    const controller = new AbortController();
    const taking = rateOf([full(9_000)]).rate.take(request, controller.signal);
    controller.abort();
    expect(await taking).toBeUndefined();
  });
});

test('an agent that declares no such limit asks nobody', () => {
  const parts = { agent: 'free', limits: {}, deadlineMs: 1, persist: () => Promise.reject(new Error('asked')) };
  const store = { takeRate: parts.persist, correctRate: parts.persist };
  expect(callRate({ ...parts, store, nowMs: () => 1 })).toBeUndefined();
});

describe('each try of a chain', () => {
  const reply = {
    text: 'Hi.',
    toolCalls: [],
    finishReason: 'stop',
    usage: { inputTokens: 30, outputTokens: 5 },
  } as const;
  const hop = (failures: ModelFailure[]): ChainModel => {
    const adapter: ModelAdapter = {
      async *stream() {
        const failure = failures.shift();
        await Promise.resolve();
        if (failure !== undefined) throw failure;
        yield { type: 'end', reply: { ...reply, usage: { ...reply.usage, raw: {} } } };
      },
    };
    return { provider: 'test', model: 'one', adapter, settings: modelSchema.parse('test/one') };
  };
  const ask = async (chain: ChainModel[], more: object) => {
    const options = { signal, firstTokenTimeoutMs: 1_000, sleep: () => Promise.resolve(), ...more };
    for await (const event of callModels(chain, { messages: [], tools: [] }, options)) if (event.type === 'end') return;
  };

  test('counts: as what it was, as a call without tokens where it was refused, by estimate where nobody knows', async () => {
    const { rate, corrections, asked } = rateOf([]);
    const refused = new ModelFailure('rate_limited', 'busy', { status: 429 });
    await ask([hop([refused, new ModelFailure('timeout', 'late')])], { rate });
    expect(asked).toEqual([1_001, 1_001, 1_001]);
    expect(corrections).toEqual([
      { requests: 0, tokens: -1_001 },
      { requests: 0, tokens: 35 - 1_001 },
    ]);
  });

  test('is given back where a budget refuses it', async () => {
    const { rate, corrections } = rateOf([]);
    const refusal = { reason: 'price_unknown', message: 'no price' } as const;
    const budget = { hold: () => Promise.resolve({ status: 'refused', refusal }), release: () => Promise.resolve() };
    await expect(ask([hop([])], { rate, budget })).rejects.toThrow('no price');
    expect(corrections).toEqual([{ requests: -1, tokens: -1_001 }]);
  });

  test('that comes too early ends it, with the tries before', async () => {
    const { rate } = rateOf([{ status: 'taken', second: 7, tokens: 9 }, full(60_000)]);
    const stopped = await ask([hop([new ModelFailure('timeout', 'late')])], { rate }).catch((error: unknown) => error);
    expect(stopped).toMatchObject({ ending: { reason: 'requests_per_minute' }, attempts: [{ model: 'one' }] });
  });

  test('is not made where the turn was stopped meanwhile', async () => {
    const controller = new AbortController();
    const { rate } = rateOf([full(9_000)]);
    const asking = ask([hop([])], { rate, signal: controller.signal }).catch((error: unknown) => error);
    controller.abort();
    expect(await asking).toBeInstanceOf(AskFailure);
  });
});
