import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { ask, refusal, type Runtime, startRuntime } from '../../support/runtime.ts';
import { startWireServer, type WireServer } from '../../support/wire/server.ts';

let model: WireServer;
let redis: TestRedis;

beforeAll(async () => {
  model = await startWireServer({
    protocol: 'openai',
    // Asks for a tool that there is not, until it was told so.
    answer: ({ body }) =>
      JSON.stringify(body['messages']).includes('use a tool')
        ? { text: 'Looking.', toolCalls: [{ name: 'none', arguments: {} }] }
        : { text: 'one two three', usage: { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 } },
  });
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
  await model.close();
});

function startReplica(environment: Readonly<Record<string, string>>, dataDir?: string): Promise<Runtime> {
  const own = { instructions: 'Work.', model: [{ model: 'local/one', baseUrl: model.url, retries: 0 }] };
  return startRuntime({
    agents: {
      swift: { ...own, limits: { requestsPerMinute: 4 } },
      wordy: { ...own, limits: { tokensPerMinute: 1_200 } },
      worker: { ...own, limits: { requestsPerMinute: 1 } },
    },
    environment,
    ...(dataDir !== undefined && { dataDir }),
  });
}

describe.each(['sqlite', 'redis'])('two runtimes that share %s', (kind) => {
  let first: Runtime;
  let second: Runtime;

  beforeAll(async () => {
    const environment = kind === 'redis' ? { REDIS_URL: redis.url } : {};
    first = await startReplica(environment);
    second = await startReplica(environment, first.dataDir);
  });
  afterAll(async () => {
    await second.remove();
    await first.remove();
  });

  test('make as many model calls of an agent in a minute as it declares; who comes too early is told when to come again', async () => {
    const before = model.requests.length;
    const asked = Array.from({ length: 12 }, (_, n) =>
      refusal(ask(n % 2 === 0 ? first : second, 'swift', 'hello')).catch(() => 'answered' as const),
    );
    const outcomes = await Promise.all(asked);
    expect(outcomes.filter((one) => one === 'answered')).toHaveLength(4);
    expect(model.requests.length - before).toBe(4);
    const refused = outcomes.find((one) => one !== 'answered');
    expect(refused).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(refused?.message).toMatch(
      /The agent swift may have 4 model calls a minute \(limits\.requestsPerMinute\); the next call can be made in \d+ s\./,
    );

    const body = { model: 'agent/swift', messages: [{ role: 'user', content: 'hello' }], stream: true };
    const response = await fetch(`${second.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(429);
    const waitSeconds = Number(response.headers.get('retry-after'));
    expect(waitSeconds).toBeGreaterThan(0);
    expect(waitSeconds).toBeLessThanOrEqual(61);
    const sessionId = response.headers.get('x-session-id') ?? '';
    const session = await (await fetch(`${first.url}/v1/sessions/${sessionId}`)).json();
    expect(session).toMatchObject({ turns: [{ state: 'limited', reason: 'requests_per_minute' }] });
  });

  test('count tokens as they were once a call has ended: estimates alone would stop the second one', async () => {
    for (let n = 0; n < 6; n += 1) expect((await ask(first, 'wordy', 'hello')).text).toBe('one two three');
    // 6 × 23 were used; what this one may be is more than the rest.
    const long = ask(second, 'wordy', 'word '.repeat(1_500));
    expect(await refusal(long)).toMatchObject({ status: 429, code: 'rate_limited' });
  });

  test('end a turn behind its first words as any other limit does', async () => {
    const { text, finish, turn } = await ask(first, 'worker', 'use a tool');
    expect(finish).toBe('length');
    expect(text).toMatch(/^Looking\.\n\n\[The agent worker may have 1 model calls a minute/);
    expect(turn).toMatchObject({ state: 'limited', reason: 'requests_per_minute', steps: 1 });
  });
});
