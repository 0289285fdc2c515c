import { describe, expect, it } from 'vitest';
import { simulate } from '../../../../runtime/definition/simulate-schema.ts';
import { simulatedAdapter } from '../../../../runtime/models/simulated.ts';
import { assistant, createModel, findOrder, user } from './simulated-calls.ts';

const question = [user('What do you think of gardening in small flats?')];

it('gives the same text, times and errors for the same seed and requests, and others for another seed', async () => {
  const settings = { seed: 7, errors: { cut_stream: 0.2, unavailable: 0.2 }, firstToken: { p50: '200ms', p99: '2s' } };
  const run = async (seed: number) => {
    const model = createModel({ ...settings, seed });
    const calls = [];
    for (let i = 0; i < 20; i += 1) calls.push(await model.ask([user(`Question ${i % 10} about roses`)]));
    return calls;
  };
  const first = await run(7);
  expect(await run(7)).toEqual(first);
  expect(await run(8)).not.toEqual(first);
});

it('says the same again when it is asked the same again, at another pace', async () => {
  const model = createModel({ firstToken: { p50: '200ms', p99: '2s' } });
  const [once, again] = [await model.ask(question), await model.ask(question)];
  expect(again.text).toBe(once.text);
  expect(again.atMs).not.toEqual(once.atMs);
});

it('names every call as no other, also one that says the same', async () => {
  const adapter = simulatedAdapter({ simulate: simulate.parse({ firstToken: '0ms', latency: '0ms' }) });
  const ids = new Set<string | undefined>();
  for (let i = 0; i < 3; i += 1) {
    const stream = adapter.stream(
      { model: 'quick', messages: [user('Hello')], tools: [] },
      new AbortController().signal,
    );
    for await (const event of stream) if (event.type === 'end') ids.add(event.reply.responseId);
  }
  expect(ids.size).toBe(3);
});

it('ends with a reply that is what it streamed, with tokens and what they cost', async () => {
  const { text, reply } = await createModel({ usdPerMillionInput: 2, usdPerMillionOutput: 10 }).ask(question);
  expect(reply).toMatchObject({ text, finishReason: 'stop', responseModel: 'quick', toolCalls: [] });
  const { inputTokens, outputTokens } = reply?.usage ?? { inputTokens: 0, outputTokens: 0 };
  expect(outputTokens).toBe(Math.ceil(text.length / 4));
  expect(Number(reply?.costUsd)).toBeCloseTo((inputTokens * 2 + outputTokens * 10) / 1e6, 12);
});

it('has the prompt of the call before in its cache, and takes less for it', async () => {
  const model = createModel({ usdPerMillionInput: 2, usdPerMillionCachedInput: 0.2, usdPerMillionOutput: 0 });
  const opening = user(`Here is a long text: ${'word '.repeat(200)}`);
  const { reply: first } = await model.ask([opening]);
  const { reply: second } = await model.ask([opening, assistant('I have read it.'), user('What was it about?')]);
  expect(first?.usage?.cacheReadTokens).toBe(0);
  const { inputTokens = 0, cacheReadTokens = 0 } = second?.usage ?? {};
  expect(cacheReadTokens).toBeGreaterThan((first?.usage?.inputTokens ?? 0) - 64);
  expect(cacheReadTokens).toBeLessThanOrEqual(first?.usage?.inputTokens ?? 0);
  expect(Number(second?.costUsd)).toBeCloseTo(((inputTokens - cacheReadTokens) * 2 + cacheReadTokens * 0.2) / 1e6, 12);
});

it('stops at stop sequences and at as many tokens as it may', async () => {
  const long = await createModel({ answerTokens: 200 }).ask(question, { maxOutputTokens: 10 });
  expect(long).toMatchObject({ reply: { finishReason: 'length', usage: { outputTokens: 10 } } });
  expect(long.text).toHaveLength(40);
  const stopped = await createModel({ answerTokens: 200 }).ask(question, { stop: ['.'] });
  expect(stopped.text).not.toContain('.');
});

it('counts what it thought about', async () => {
  const { reply } = await createModel().ask(question, { reasoningEffort: 'high' });
  expect(reply?.usage?.reasoningTokens).toBeGreaterThan(500);
  expect(reply?.usage?.outputTokens).toBeGreaterThan(reply?.usage?.reasoningTokens ?? 0);
});

describe('its times', () => {
  it('are constant where one value is given', async () => {
    const { atMs } = await createModel({ firstToken: '300ms', tokensPerSecond: 100, answerTokens: 100 }).ask(question);
    expect(atMs[0]).toBeCloseTo(300);
    expect(atMs.at(-1)).toBeGreaterThan(1_200);
    expect(atMs).toEqual(atMs.toSorted((a, b) => a - b));
    const { atMs: whole } = await createModel({ firstToken: '300ms', latency: '2s' }).ask(question);
    expect([whole[0], whole.at(-1)]).toEqual([300, 2_000]);
  });

  it('have the median and the tail that were asked for', async () => {
    const model = createModel({ seed: 3, firstToken: { p50: '400ms', p99: '2s' }, latency: '0ms' });
    const first: number[] = [];
    for (let i = 0; i < 3_000; i += 1) first.push((await model.ask([user(`hello ${i}`)])).atMs[0] ?? 0);
    first.sort((a, b) => a - b);
    const percentile = (share: number) => first[Math.floor(first.length * share)] ?? 0;
    expect(percentile(0.5)).toBeGreaterThan(370);
    expect(percentile(0.5)).toBeLessThan(430);
    expect(percentile(0.99)).toBeGreaterThan(1_600);
    expect(percentile(0.99)).toBeLessThan(2_500);
    expect(first.at(-1)).toBeLessThanOrEqual(6_000);
  });
});

describe('fails', () => {
  it.each([
    [{ rate_limited: { rate: 1, retryAfter: '3s' } }, { kind: 'rate_limited', status: 429, retryAfterMs: 3_000 }],
    [{ unavailable: 1 }, { kind: 'unavailable', status: 503 }],
    [{ timeout: 1 }, { kind: 'timeout' }],
  ])('before its first word: %j', async (errors, failure) => {
    expect(await createModel({ errors }).ask(question)).toMatchObject({ text: '', reply: undefined, failure });
  });

  it.each([
    [{ error_in_stream: 1 }, 'unavailable'],
    [{ cut_stream: 1 }, 'cut_stream'],
  ])('in the middle of its answer: %j', async (errors, kind) => {
    const whole = await createModel({ answerTokens: 300 }).ask(question);
    const model = createModel({ answerTokens: 300, errors });
    const broken = await Promise.all(Array.from({ length: 10 }, () => model.ask(question)));
    for (const { text, reply, failure } of broken) {
      expect([reply, failure?.kind]).toEqual([undefined, kind]);
      expect(whole.text.startsWith(text) && text.length < whole.text.length).toBe(true);
    }
    expect(new Set(broken.map(({ text }) => text.length)).size).toBeGreaterThan(5);
  });

  it('as often as it was told to', async () => {
    const model = createModel({ seed: 5, errors: { rate_limited: 0.1, cut_stream: 0.05 } });
    const counts: Record<string, number> = {};
    for (let i = 0; i < 2_000; i += 1) {
      const kind = (await model.ask([user(`hello ${i}`)])).failure?.kind ?? 'none';
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    expect(counts['rate_limited']).toBeGreaterThan(150);
    expect(counts['rate_limited']).toBeLessThan(250);
    expect(counts['cut_stream']).toBeGreaterThan(65);
    expect(counts['cut_stream']).toBeLessThan(135);
  });

  it('where the request is longer than its context window', async () => {
    const { failure } = await createModel({ contextWindow: 100 }).ask([user('word '.repeat(200))]);
    expect(failure).toMatchObject({
      kind: 'context_too_long',
      status: 400,
      message: 'the request has 254 tokens, the context window 100',
    });
  });

  it('and then works, when it is asked again often enough', async () => {
    const model = createModel({ seed: 2, errors: { unavailable: 0.5 } });
    const tries = [];
    for (let i = 0; i < 12; i += 1) tries.push((await model.ask(question)).failure?.kind);
    expect(new Set(tries)).toEqual(new Set(['unavailable', undefined]));
  });
});

describe('ends at once when it is given up', () => {
  it('before it begins', async () => {
    const before = await createModel().ask(question, {}, AbortSignal.abort());
    expect(before).toMatchObject({ text: '', failure: { kind: 'aborted' } });
  });

  it('while it waits, and leaves no timer behind', async () => {
    const giveUp = new AbortController();
    let timers = 0;
    const after = () => {
      timers += 1;
      setImmediate(() => giveUp.abort());
      return () => {
        timers -= 1;
      };
    };
    const settings = simulate.parse({ errors: { timeout: 1 } });
    const adapter = simulatedAdapter({ simulate: settings, clock: { now: () => 0, after } });
    const stream = adapter.stream({ model: 'quick', messages: question, tools: [] }, giveUp.signal);
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ kind: 'aborted' });
    expect(timers).toBe(0);
  });

  it('while it speaks', async () => {
    const giveUp = new AbortController();
    const stream = simulatedAdapter().stream({ model: 'quick', messages: question, tools: [] }, giveUp.signal);
    const taken: string[] = [];
    const take = async () => {
      for await (const { type } of stream) {
        taken.push(type);
        giveUp.abort();
      }
    };
    await expect(take()).rejects.toMatchObject({ kind: 'aborted' });
    expect(taken).toEqual(['text']);
  });
});

it('streams a tool call in pieces that make up the reply’s', async () => {
  const { reply } = await createModel().ask([user('Where is my order 1042?')], { tools: [findOrder] });
  expect(reply).toMatchObject({
    finishReason: 'tool_calls',
    toolCalls: [{ name: 'find_order', arguments: '{"order_id":"1042"}' }],
  });
});
