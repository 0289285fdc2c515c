import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import type OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refusal, type Runtime, startRuntime } from '../../support/runtime.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer, type WireServer } from '../../support/wire/server.ts';

let script: WireScript = { text: 'Hello.' };
let model: WireServer;
let runtime: Runtime;

beforeAll(async () => {
  model = await startWireServer({ protocol: 'openai', answer: () => script });
  runtime = await startRuntime({
    agents: { helper: { instructions: 'Help.', model: [{ model: 'local/one', baseUrl: model.url, retries: 0 }] } },
    environment: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'a key', ANTHROPIC_BASE_URL: 'no address' },
  });
});

afterAll(async () => {
  await runtime.remove();
  await model.close();
});

beforeEach(() => {
  model.requests.length = 0;
});

const hello: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hello.' }];
const slow: WireScript = { text: Array.from({ length: 400 }, (_, i) => ` ${i}`), gapMs: 50 };
const hangs: WireScript = { hang: true };

describe('a client that leaves', () => {
  test.each([
    { what: 'within a stream', said: slow, isStream: true, waits: true },
    { what: 'before the first piece of a stream', said: hangs, isStream: true, waits: false },
    { what: 'while it waits for a whole answer', said: slow, isStream: false, waits: false },
  ])('$what: the model’s connection is closed, and the door goes on', async ({ said, isStream, waits }) => {
    script = said;
    const left = new AbortController();
    const body = { model: 'openai/gpt-5', messages: hello };
    const reading = (async () => {
      if (!isStream) {
        await runtime.client.chat.completions.create(body, { signal: left.signal });
        return;
      }
      const stream = await runtime.client.chat.completions.create({ ...body, stream: true }, { signal: left.signal });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) left.abort();
    })().catch(() => undefined);
    await expect.poll(() => model.requests.length).toBe(1);
    if (!waits) left.abort();
    await reading;
    await expect.poll(() => model.requests[0]?.wasLeft).toBe(true);
    script = { text: 'Still here.' };
    const next = await runtime.client.chat.completions.create(body);
    expect(next.choices[0]?.message.content).toBe('Still here.');
  });

  test('of a turn loses nothing, whenever it leaves, and the door goes on', async () => {
    script = { text: 'One two three four', firstTokenMs: 300, gapMs: 100 };
    const body = { model: 'agent/helper', messages: hello };
    for (const leave of ['first', 'within'] as const) {
      const left = new AbortController();
      const sending = fetch(`${runtime.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': leave },
        body: JSON.stringify({ ...body, stream: true }),
        signal: left.signal,
      });
      if (leave === 'within') await (await sending).body?.getReader().read();
      else await expect.poll(() => model.requests.length).toBe(1);
      left.abort();
      await sending.catch(() => undefined);
      const again = await runtime.client.chat.completions.create(body, { headers: { 'idempotency-key': leave } });
      expect(again.choices[0]?.message.content).toBe('One two three four');
    }
    expect(model.requests).toHaveLength(2);
  });
});

describe('the door refuses', () => {
  test.each(['gpt-5', 'mistral/large', 'local/one', 'openai/', 'open ai/x', '/x'])('the model %j', async (name) => {
    const asked = runtime.client.chat.completions.create({ model: name, messages: hello });
    expect(await refusal(asked)).toEqual({
      status: 404,
      code: 'model_not_found',
      message: `404 model ${name} is not known, allowed: MODEL of openai, anthropic, gemini, simulated, or agent/NAME`,
    });
  });

  test('a model that it cannot reach as it is set up', async () => {
    const asked = runtime.client.chat.completions.create({ model: 'anthropic/claude', messages: hello });
    expect(await refusal(asked)).toEqual({
      status: 502,
      code: 'model_failed',
      message: '502 the baseUrl of anthropic is no http or https address',
    });
  });

  test('tools and tool calls of the caller, with an agent', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'look' } }];
    const body = { model: 'agent/helper', messages: hello };
    expect(await refusal(runtime.client.chat.completions.create({ ...body, tools }))).toEqual({
      status: 400,
      code: 'invalid_request',
      message: '400 tools are not allowed with agent/helper: it has its own',
    });
    const calling: OpenAI.ChatCompletionMessageParam[] = [
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'seen' },
    ];
    expect(
      await refusal(runtime.client.chat.completions.create({ ...body, messages: [...hello, ...calling] })),
    ).toMatchObject({
      status: 400,
      message: '400 messages[1] is about a tool call: agents make theirs themselves',
    });
  });

  const good = JSON.stringify({ model: 'agent/helper', messages: hello });
  const json = { 'content-type': 'application/json' };
  test.each([
    { what: 'a body that is no JSON', body: '{', headers: json, status: 400, code: 'invalid_request' },
    { what: 'an empty body', body: '', headers: json, status: 400, code: 'invalid_request' },
    { what: 'a list', body: '[]', headers: json, status: 400, code: 'invalid_request' },
    {
      what: 'plain text',
      body: good,
      headers: { 'content-type': 'text/plain' },
      status: 415,
      code: 'unsupported_media_type',
    },
    { what: 'no content type', body: good, headers: {}, status: 415, code: 'unsupported_media_type' },
    { what: 'a foreign host', body: good, headers: { ...json, host: 'evil.example' }, status: 421, code: 'wrong_host' },
    {
      what: 'a foreign origin',
      body: good,
      headers: { ...json, origin: 'https://evil.example' },
      status: 403,
      code: 'foreign_origin',
    },
    {
      what: 'a page of another site',
      body: good,
      headers: { ...json, 'sec-fetch-site': 'cross-site' },
      status: 403,
      code: 'foreign_origin',
    },
    {
      what: 'a session id with a blank',
      body: good,
      headers: { ...json, 'x-session-id': 'a b' },
      status: 400,
      code: 'invalid_request',
    },
  ])('$what with $status $code', async ({ body, headers, status, code }) => {
    const reply = await post(body, headers);
    expect(reply.status).toBe(status);
    const said = { code, message: expect.any(String) as string, type: expect.any(String) as string };
    expect(JSON.parse(reply.text)).toMatchObject({ error: said });
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });

  test.each([false, true])('a body above 8 MiB (in chunks of unknown number: %s)', async (isChunked) => {
    const body = JSON.stringify({
      model: 'agent/helper',
      messages: [{ role: 'user', content: 'x'.repeat(9_000_000) }],
    });
    const reply = await post(body, json, isChunked);
    expect(reply.status).toBe(413);
    const said = { code: 'body_too_large', message: 'the body is larger than 8 MiB' };
    expect(JSON.parse(reply.text)).toMatchObject({ error: said });
  });

  test('what it does not know', async () => {
    const reply = await fetch(`${runtime.url}/v1/embeddings`, { method: 'POST', headers: json, body: '{}' });
    expect(reply.status).toBe(404);
    expect(await reply.json()).toMatchObject({ error: { message: 'there is no POST /v1/embeddings' } });
  });
});

/** As no browser and no package sends it. */
async function post(body: string, headers: Readonly<Record<string, string>>, isChunked = false) {
  const { hostname, port } = new URL(runtime.url);
  const framing = isChunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const path = '/v1/chat/completions';
  const sending = requestHttp({ hostname, port, path, method: 'POST', headers: { ...framing, ...headers } });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  // A door that has refused does not read the rest.
  sending.on('error', () => undefined);
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, headers: response.headers, text };
}
