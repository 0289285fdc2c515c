import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';
import { ask, refusal, type Runtime, startRuntime } from '../../support/runtime.ts';
import { startWireServer, type WireServer } from '../../support/wire/server.ts';

let model: WireServer;
let collector: OtlpReceiver;
let text = '';

beforeAll(async () => {
  model = await startWireServer({ protocol: 'openai', answer: () => ({ text, firstTokenMs: 400, gapMs: 150 }) });
  // Who gets rid of its spans at once has nothing else to wait for.
  collector = await startOtlpReceiver();
});

afterAll(async () => {
  await model.close();
  await collector.close();
});

async function start(): Promise<Runtime> {
  return startRuntime({
    agents: { helper: { instructions: 'Help.', model: [{ model: 'local/one', baseUrl: model.url, retries: 0 }] } },
    environment: { OPENAI_BASE_URL: model.url, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  });
}

test('a runtime that is told to stop first answers whom it answers already', async () => {
  text = 'It takes a while.';
  const runtime = await start();
  try {
    const before = model.requests.length;
    const body = (name: string) => ({ model: name, messages: [{ role: 'user' as const, content: 'Hello.' }] });
    const texts = [
      ask(runtime, 'helper', 'Hello.').then((answer) => answer.text),
      runtime.client.chat.completions.stream(body('agent/helper')).finalContent(),
      runtime.client.chat.completions.stream(body('openai/gpt')).finalContent(),
      runtime.client.chat.completions.create(body('openai/gpt')).then(({ choices }) => choices[0]?.message.content),
    ];
    const answers = Promise.allSettled(texts);
    await expect.poll(() => model.requests.length - before).toBe(4);
    const stopped = runtime.stop();
    expect(await answers).toEqual(texts.map(() => ({ status: 'fulfilled', value: text })));
    expect(await stopped).toBe(0);
  } finally {
    await runtime.remove();
  }
});

test('who waits for a turn that is left to the next process is told so', async () => {
  text = 'word '.repeat(200);
  const runtime = await start();
  try {
    const first = runtime.client.chat.completions.create({
      model: 'agent/helper',
      messages: [{ role: 'user', content: 'Hello.' }],
      stream: true,
    });
    const { data: stream, response } = await first.withResponse();
    const reading = (async () => {
      for await (const { id } of stream) expect(id).toBe(response.headers.get('x-turn-id'));
    })();
    const sessionId = response.headers.get('x-session-id') ?? '';
    const waiting = refusal(ask(runtime, 'helper', 'Next.', { 'x-session-id': sessionId }));
    await expect
      .poll(async () => (await fetch(`${runtime.url}/v1/sessions/${sessionId}`)).json())
      .toMatchObject({ turns: [{ state: 'running' }, { state: 'waiting' }] });
    const stopped = runtime.stop();
    await expect(reading).rejects.toThrow('the runtime stops; the turn goes on and its answer is kept in its session');
    expect(await waiting).toMatchObject({ status: 503, code: 'shutting_down' });
    expect(await stopped).toBe(0);
  } finally {
    await runtime.remove();
  }
});
