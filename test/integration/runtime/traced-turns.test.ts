import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type ApiClient, createApiClient } from '../../support/api-client.ts';
import { type OwnDatabase, startDatabase } from '../../support/database.ts';
import { type Pipeline, startPipeline } from '../../support/pipeline.ts';
import { type Runtime, startRuntime } from '../../support/runtime.ts';

const settleLimit = { timeout: 60_000, interval: 200 };
const model = {
  model: 'simulated/quick',
  simulate: { firstToken: '20ms', tokensPerSecond: 500, usdPerMillionInput: 1, usdPerMillionOutput: 2 },
};
const scripted = (script: object[]) => [{ ...model, simulate: { ...model.simulate, script } }];
const agents = {
  secretary: {
    instructions: 'You answer for {{company}}.',
    variables: { company: { default: 'Shop' } },
    tools: [{ type: 'agent', name: 'ask_expert', agent: 'expert', description: 'Knows everything.' }],
    model: scripted([
      { when: { user: 'moon' }, call: [{ tool: 'ask_expert', with: { message: 'How far is the moon?' } }] },
      { when: { after: 'ask_expert' }, answer: 'The expert says: {{ask_expert}}' },
      { answer: 'Good morning.' },
    ]),
  },
  expert: { instructions: 'You know everything.', model: scripted([{ answer: '384400 km.' }]) },
};

let database: OwnDatabase;
let pipeline: Pipeline;
let runtime: Runtime;
let api: ApiClient;

beforeAll(async () => {
  database = await startDatabase();
  pipeline = await startPipeline(database);
  runtime = await startRuntime({
    agents,
    environment: { SIGHTGLASS_SERVER_URL: pipeline.api, OTEL_EXPORTER_OTLP_ENDPOINT: pipeline.otlp },
  });
  const iso = (ms: number) => new Date(ms).toISOString();
  const window = { from: iso(Date.now() - 3_600_000), to: iso(Date.now() + 3_600_000) };
  api = createApiClient({ api: pipeline.api, project: 'default', ...window });
});
afterAll(async () => {
  await runtime.remove();
  await pipeline.stop();
  await database.stop();
});

/** A turn in a stream, to its end. */
async function ask(
  text: string,
  headers: Record<string, string> = {},
  { client }: Pick<Runtime, 'client'> = runtime,
): Promise<{ answer: string; headers: Headers }> {
  const asked = { model: 'agent/secretary', messages: [{ role: 'user' as const, content: text }], user: 'ann' };
  const { data, response } = await client.chat.completions
    .create({ ...asked, stream: true }, { headers })
    .withResponse();
  let answer = '';
  for await (const chunk of data) answer += chunk.choices[0]?.delta.content ?? '';
  return { answer, headers: response.headers };
}

it('a conversation is replayed within seconds: turns, sub-agent, cost, and what each model was given', async () => {
  const first = await ask('Good morning');
  const sessionId = first.headers.get('x-session-id') ?? '';
  const second = await ask('How far is the moon?', { 'x-session-id': sessionId });
  const turns = await vi.waitFor(async () => {
    const found = await api.listTurns(sessionId);
    expect(found.map(({ steps }) => steps.map(({ name }) => name).sort())).toEqual([
      ['chat quick', 'invoke_agent secretary'],
      [
        ...['chat quick', 'chat quick', 'chat quick', 'execute_tool ask_expert'],
        ...['invoke_agent expert', 'invoke_agent secretary'],
      ],
    ]);
    return found;
  }, settleLimit);
  expect(turns.map(({ traceIds }) => traceIds)).toEqual([
    [first.headers.get('x-trace-id')],
    [second.headers.get('x-trace-id')],
  ]);
  expect(turns.map(({ output }) => output[0]?.parts)).toEqual([
    [{ type: 'text', content: 'Good morning.' }],
    [{ type: 'text', content: second.answer }],
  ]);
  const [, moon] = turns;
  expect(moon?.usage.modelCalls).toBe(3);
  expect(moon?.cost.pricedCalls).toBe(3);
  const chats = (moon?.steps ?? []).filter(({ kind }) => kind === 'llm');
  const details = await Promise.all(chats.map(({ traceId, spanId }) => api.getSpan(traceId, spanId)));
  const given = details.map(({ agentName, inputMessages }) => [
    agentName,
    inputMessages.map(({ role }) => role).join(' '),
  ]);
  expect(given.toSorted()).toEqual([
    ['expert', 'user'],
    ['secretary', 'user assistant user'],
    ['secretary', 'user assistant user assistant tool'],
  ]);
  const sums = details.reduce((sum, { cost }) => sum + Number(cost.usd), 0);
  expect(Number(moon?.cost.usd)).toBeCloseTo(sums, 12);
  expect(sums).toBeGreaterThan(0);
  expect(details.map(({ systemInstructions }) => systemInstructions[0])).toContainEqual({
    ...{ type: 'text', content: 'You answer for Shop.' },
  });
});

it('a turn goes on in the trace of its caller', async () => {
  const traceId = 'aaaabbbbccccddddeeeeffff00001111';
  const { headers } = await ask('Good morning', { traceparent: `00-${traceId}-0123456789abcdef-01` });
  expect(headers.get('x-trace-id')).toBe(traceId);
  const spans = await vi.waitFor(async () => {
    const found = await api.getTrace(traceId);
    expect(found.spans).toHaveLength(2);
    return found.spans;
  }, settleLimit);
  expect(spans.find(({ kind }) => kind === 'agent')?.parentSpanId).toBe('0123456789abcdef');
});

it('a runtime that is killed before it could send its spans loses none: the next one sends them', async () => {
  const alone = await startRuntime({ agents }); // its collector is away
  const { headers } = await ask('Good morning', {}, alone);
  await alone.kill();
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: pipeline.otlp };
  const next = await startRuntime({ agents, dataDir: alone.dataDir, environment });
  try {
    const [turn] = await vi.waitFor(async () => {
      const found = await api.listTurns(headers.get('x-session-id') ?? '');
      expect(found.map(({ steps }) => steps.length)).toEqual([2]);
      return found;
    }, settleLimit);
    expect(turn?.traceIds).toEqual([headers.get('x-trace-id')]);
    expect(turn?.usage.modelCalls).toBe(1);
  } finally {
    await next.remove();
    await alone.remove();
  }
});

it('a call through the gateway is traced', async () => {
  const asked = { messages: [{ role: 'user' as const, content: 'Tell me something' }], user: 'bob' };
  const { data, response } = await runtime.client.chat.completions
    .create({ model: 'simulated/quick', ...asked })
    .withResponse();
  expect(data.choices[0]?.message.content).not.toBe('');
  const traceId = response.headers.get('x-trace-id') ?? '';
  await vi.waitFor(async () => {
    const { trace, spans } = await api.getTrace(traceId);
    expect([trace.userId, spans.map(({ name }) => name).sort()]).toEqual([
      'bob',
      ['chat quick', 'gateway simulated/quick'],
    ]);
  }, settleLimit);
});
