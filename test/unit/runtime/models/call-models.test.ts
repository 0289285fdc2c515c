import { describe, expect, test } from 'vitest';
import { model as modelSchema, type Model } from '../../../../runtime/definition/schema.ts';
import { type CallOptions, callModels, type ChainModel } from '../../../../runtime/models/call-models.ts';
import type { ModelAdapter, ModelEvent, ModelRequest } from '../../../../runtime/models/model.ts';
import { ModelFailure, type ModelFailureKind } from '../../../../runtime/models/model-failure.ts';
import { AskFailure } from '../../../../runtime/run/agent.ts';

const end: ModelEvent = { type: 'end', reply: { text: 'Hi.', toolCalls: [], finishReason: 'stop' } };
const answer: ModelEvent[] = [{ type: 'text', text: 'Hi.' }, end];

type Step = ModelEvent | ModelFailure;

/** A model that does what stands in the list, one entry for each call. */
function play(calls: readonly (readonly Step[])[], asked: ModelRequest[] = []): ModelAdapter {
  let n = 0;
  return {
    async *stream(request) {
      asked.push(request);
      await Promise.resolve();
      for (const step of calls[n++] ?? [new ModelFailure('unavailable', 'no call left')]) {
        if (step instanceof ModelFailure) throw step;
        yield step;
      }
    },
  };
}

function hop(adapter: ModelAdapter, settings: Partial<Model> = {}, model = 'first'): ChainModel {
  return { provider: 'test', model, adapter, settings: { ...modelSchema.parse(`test/${model}`), ...settings } };
}

async function ask(
  chain: readonly ChainModel[],
  options: Partial<CallOptions> = {},
  request: Partial<ModelRequest> = {},
) {
  const waitsMs: number[] = [];
  const types: string[] = [];
  const given = {
    signal: new AbortController().signal,
    firstTokenTimeoutMs: 1_000,
    sleep: (ms: number) => Promise.resolve(void waitsMs.push(ms)),
    random: () => 1,
    nowMs: () => 5,
    ...options,
  };
  let failure: AskFailure | undefined;
  try {
    for await (const event of callModels(chain, { messages: [], tools: [], ...request }, given)) types.push(event.type);
  } catch (error) {
    if (!(error instanceof AskFailure)) throw error;
    failure = error;
  }
  return { waitsMs, types, failure, kinds: failure?.attempts.map((one) => one.failure?.kind) };
}

function failing(kind: ModelFailureKind, retryAfterMs?: number): Step[] {
  return [new ModelFailure(kind, kind, { retryAfterMs })];
}

describe('waiting', () => {
  test('doubles up to its limit, and is a random part of it', async () => {
    const chain = [hop(play([]), { retries: 8 })];
    expect((await ask(chain)).waitsMs).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
    expect((await ask(chain, { random: () => 0 })).waitsMs).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('what the provider asks for is kept to, up to a minute', async () => {
    const model = play([
      failing('rate_limited', 60_000),
      failing('unavailable', 2_000),
      failing('rate_limited', 60_001),
    ]);
    const { waitsMs, failure, types } = await ask([hop(model, { retries: 5 })], { random: () => 0 });
    expect(waitsMs).toEqual([60_000, 2_000]);
    expect(failure?.failure.retryAfterMs).toBe(60_001);
    expect(types).toEqual(['attempt', 'attempt']);
  });

  test('ends with an abort', async () => {
    const controller = new AbortController();
    const sleep = () => {
      controller.abort();
      return Promise.resolve();
    };
    const { failure, kinds } = await ask([hop(play([failing('unavailable')]))], { signal: controller.signal, sleep });
    expect(failure?.failure.kind).toBe('aborted');
    expect(kinds).toEqual(['unavailable']);
  });

  test('for real: an abort does not wait for the time', async () => {
    const controller = new AbortController();
    const model = play([failing('rate_limited', 50_000)]);
    const chain = [hop(model)];
    const events = callModels(
      chain,
      { messages: [], tools: [] },
      { signal: controller.signal, firstTokenTimeoutMs: 1_000 },
    );
    expect((await events.next()).value).toMatchObject({ type: 'attempt' });
    const next = events.next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ failure: { kind: 'aborted' } });
  });
});

test.each([
  ['rate_limited', 3, true],
  ['unavailable', 3, true],
  ['timeout', 3, true],
  ['malformed_reply', 3, true],
  ['cut_stream', 3, true],
  ['auth', 1, true],
  ['quota', 1, true],
  ['context_too_long', 1, true],
  ['content_filter', 1, false],
  ['invalid_request', 1, false],
  ['aborted', 1, false],
] as const)('%s is tried %i times, and falls back: %s', async (kind, tries, fallsBack) => {
  const first = hop(play(Array.from({ length: 9 }, () => failing(kind))));
  const { failure, kinds } = await ask([first]);
  expect(failure?.failure.kind).toBe(kind);
  expect(kinds).toEqual(Array.from({ length: tries }, () => kind));
  const again = hop(play(Array.from({ length: 9 }, () => failing(kind))));
  const chain = await ask([again, hop(play([answer]), {}, 'second')]);
  expect(chain.types.includes('end')).toBe(fallsBack);
});

test('a stream that breaks is unavailable for fallbackOn', async () => {
  const broken = () => play([failing('cut_stream')]);
  const second = hop(play([answer, answer]), {}, 'second');
  const on = async (fallbackOn: Model['fallbackOn']) =>
    (await ask([hop(broken(), { retries: 0, fallbackOn }), second])).types.includes('end');
  expect(await on(['unavailable'])).toBe(true);
  expect(await on(['timeout'])).toBe(false);
});

test('for a gateway every piece is visible', async () => {
  const half: Step[] = [
    { type: 'tool_call', index: 0, id: 'a', name: 'now', arguments: '' },
    new ModelFailure('cut_stream', 'cut'),
  ];
  const chain = () => [hop(play([half, answer]))];
  expect((await ask(chain())).types).toEqual(['tool_call', 'attempt', 'text', 'end']);
  const { types, failure } = await ask(chain(), { isAllVisible: true });
  expect(types).toEqual(['tool_call']);
  expect(failure?.failure.kind).toBe('cut_stream');
});

test('each model gets its own settings; what the request says comes first', async () => {
  const asked: ModelRequest[] = [];
  const chain = [
    hop(play([failing('auth')], asked), { temperature: 0.1, seed: 1, maxOutputTokens: 10, reasoningEffort: 'low' }),
    hop(play([answer], asked), { temperature: 0.2, stop: ['x'] }, 'second'),
  ];
  await ask(chain, {}, { maxOutputTokens: 99 });
  const described = asked.map(({ model, temperature, seed, maxOutputTokens, reasoningEffort, stop }) => ({
    ...{ model, temperature, seed, maxOutputTokens, reasoningEffort, stop },
  }));
  expect(described).toEqual([
    { model: 'first', temperature: 0.1, seed: 1, maxOutputTokens: 99, reasoningEffort: 'low' },
    { model: 'second', temperature: 0.2, maxOutputTokens: 99, stop: ['x'] },
  ]);
});

test('an adapter’s own fault is no failure of its model', async () => {
  const adapter: ModelAdapter = {
    // eslint-disable-next-line require-yield -- it fails before its first event
    async *stream() {
      await Promise.resolve();
      throw new TypeError('a fault of ours');
    },
  };
  await expect(ask([hop(adapter)])).rejects.toThrow('a fault of ours');
});

test('a reader that leaves ends the call', async () => {
  let signal: AbortSignal | undefined;
  const adapter: ModelAdapter = {
    async *stream(_request, given) {
      signal = given;
      yield { type: 'text', text: 'a' };
      await new Promise(() => undefined);
    },
  };
  for await (const event of callModels(
    [hop(adapter)],
    { messages: [], tools: [] },
    { signal: new AbortController().signal, firstTokenTimeoutMs: 1_000 },
  )) {
    if (event.type === 'text') break;
  }
  expect(signal?.aborted).toBe(true);
});
