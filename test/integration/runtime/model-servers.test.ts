import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { model as modelSchema } from '../../../runtime/definition/schema.ts';
import { ModelAccessFault, ModelAdapters, UnknownProvider } from '../../../runtime/models/adapters.ts';
import { callModels, type ChainModel } from '../../../runtime/models/call-models.ts';
import type { AskFailure } from '../../../runtime/run/agent.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer, type WireRequest } from '../../support/wire/server.ts';

// How servers are found, and how those are taken that follow the protocol in their own way.

async function start(answer: (request: WireRequest, n: number) => WireScript) {
  const server = await startWireServer({ protocol: 'openai', answer });
  onTestFinished(() => server.close());
  return server;
}

async function ask(chain: readonly ChainModel[]) {
  const options = { signal: new AbortController().signal, firstTokenTimeoutMs: 10_000 };
  const request = {
    messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Hi.' }] }],
    tools: [],
  };
  for await (const event of callModels(chain, request, options)) if (event.type === 'end') return event;
  throw new Error('no end');
}

describe('a server that does not know stream_options', () => {
  test('is asked once without it, and from then on never with it', async () => {
    const server = await start(({ body }) =>
      'stream_options' in body
        ? { fail: 'invalid_request', message: 'Unrecognized request argument supplied: stream_options' }
        : { text: 'Hi.' },
    );
    const chain = new ModelAdapters({}).chainOf([modelSchema.parse({ model: 'old/m', baseUrl: server.url })]);
    for (let i = 0; i < 2; i += 1) {
      const { reply, attempts } = await ask(chain);
      expect(reply.text).toBe('Hi.');
      expect(reply.usage).toBeUndefined();
      expect(attempts).toHaveLength(1);
    }
    expect(server.requests.map(({ body }) => 'stream_options' in body)).toEqual([true, false, false]);
  });
});

test('a definition’s own address and key are filled in from the environment', async () => {
  const server = await start(() => ({ text: 'Hi.' }));
  const adapters = new ModelAdapters({ LLM_URL: server.url, LLM_KEY: ' key-of-llm\n', OPENAI_API_KEY: 'of-openai' });
  const settings = { model: 'local/org/llama-4', baseUrl: '${env:LLM_URL}', apiKey: '${env:LLM_KEY}' };
  await ask(adapters.chainOf([modelSchema.parse(settings)]));
  expect(server.requests[0]).toMatchObject({
    headers: { authorization: 'Bearer key-of-llm' },
    body: { model: 'org/llama-4' },
  });
});

test('a server that needs no key gets none, neither OpenAI’s own', async () => {
  const server = await start(() => ({ text: 'Hi.' }));
  const adapters = new ModelAdapters({ OPENAI_API_KEY: 'of-openai', OPENAI_ORG_ID: 'org-1' });
  await ask(adapters.chainOf([modelSchema.parse({ model: 'ollama/m', baseUrl: server.url })]));
  expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  expect(server.requests[0]?.headers).not.toHaveProperty('openai-organization');
});

test('Gemini is reached through Google’s door for this protocol', async () => {
  const server = await start(() => ({ text: 'Hi.' }));
  const adapters = new ModelAdapters({ GEMINI_BASE_URL: server.url, GEMINI_API_KEY: 'of-google' });
  const { attempts } = await ask(adapters.chainOfName('gemini/gemini-3-flash'));
  expect(attempts[0]).toMatchObject({ provider: 'gemini', model: 'gemini-3-flash' });
  expect(server.requests[0]?.headers.authorization).toBe('Bearer of-google');
});

test('one server and key is one client, whatever agents use it', async () => {
  const server = await start(() => ({ text: 'Hi.' }));
  const adapters = new ModelAdapters({ KEY_A: 'a', KEY_B: 'b' });
  const at = (model: string, key: string) =>
    adapters.chainOf([modelSchema.parse({ model: `local/${model}`, baseUrl: server.url, apiKey: `\${env:${key}}` })]);
  const [first, second, third] = [at('m1', 'KEY_A'), at('m2', 'KEY_A'), at('m1', 'KEY_B')].map(([one]) => one?.adapter);
  expect(first).toBe(second);
  expect(first).not.toBe(third);
  for (const key of ['KEY_A', 'KEY_A', 'KEY_B']) await ask(at('m1', key));
  expect(new Set(server.requests.map(({ port }) => port)).size).toBe(1);
});

test('names that say nothing of a server are refused', () => {
  const adapters = new ModelAdapters({ LLM_URL: 'not an address' });
  expect(() => adapters.chainOfName('opnai/gpt-5')).toThrow(UnknownProvider);
  expect(() => adapters.chainOfName('opnai/gpt-5')).toThrow(
    'model opnai/gpt-5 is not known, allowed: MODEL of openai, anthropic, gemini, simulated',
  );
  expect(() => adapters.chainOf([modelSchema.parse({ model: 'local/m', baseUrl: '${env:LLM_URL}' })])).toThrow(
    ModelAccessFault,
  );
});

test('simulated models need no server', async () => {
  const { reply, attempts } = await ask(new ModelAdapters({}).chainOfName('simulated/fast'));
  expect(reply.text).not.toBe('');
  expect(attempts[0]).toMatchObject({ provider: 'simulated', model: 'fast' });
});

test('an answer in many small pieces arrives whole, whatever bytes it has', async () => {
  const words = Array.from({ length: 5_000 }, (_, i) => `słowo-${i} 東京 🚀\n`);
  const server = await start(() => ({ text: words }));
  const { reply } = await ask(
    new ModelAdapters({}).chainOf([modelSchema.parse({ model: 'local/m', baseUrl: server.url })]),
  );
  expect(reply.text).toBe(words.join(''));
  expect(reply.usage?.outputTokens).toBe(5_000);
});

test('a kept connection that its server has closed is replaced, not counted as a failure', async () => {
  const reply = (text: string) =>
    `data: ${JSON.stringify({ choices: [{ delta: { content: text }, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;
  let connections = 0;
  let requests = 0;
  const server = createServer((socket) => {
    connections += 1;
    let isUsed = false;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (!data.toString().includes('"stream":true')) return;
      requests += 1;
      // Every connection serves one request; the next one finds it closed.
      if (isUsed) {
        socket.resetAndDestroy();
        return;
      }
      isUsed = true;
      const body = reply(`answer ${requests}`);
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${body.length}\r\nconnection: keep-alive\r\n\r\n${body}`,
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const chain = new ModelAdapters({}).chainOf([modelSchema.parse({ model: 'local/m', baseUrl, retries: 0 })]);
  for (const text of ['answer 1', 'answer 3', 'answer 5']) {
    const { reply: said, attempts } = await ask(chain);
    expect([said.text, attempts.length]).toEqual([text, 1]);
  }
  expect(connections).toBe(3);
});

test('a proxy that the environment names is used, but not for this machine', async () => {
  const local = await start(() => ({ text: 'near' }));
  const asked: unknown[] = [];
  const proxy = createHttpServer((request, response) => {
    asked.push(request.url);
    request.resume();
    response.setHeader('content-type', 'text/event-stream');
    response.end('data: {"choices":[{"delta":{"content":"far"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const adapters = new ModelAdapters({ HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
  const at = (baseUrl: string) => adapters.chainOf([modelSchema.parse({ model: 'local/m', baseUrl })]);
  expect((await ask(at('http://models.example/v1'))).reply.text).toBe('far');
  expect((await ask(at(local.url))).reply.text).toBe('near');
  expect(asked).toEqual(['http://models.example/v1/chat/completions']);
});

test('of a refusal only the start is read', async () => {
  const page = `<html>${'x'.repeat(20_000_000)}`;
  const server = await start(() => ({ raw: page, status: 502, contentType: 'text/html' }));
  const chain = new ModelAdapters({}).chainOf([
    modelSchema.parse({ model: 'local/m', baseUrl: server.url, retries: 0 }),
  ]);
  const { failure } = (await ask(chain).catch((error: unknown) => error)) as AskFailure;
  expect(failure).toMatchObject({ kind: 'unavailable', status: 502, message: 'HTTP 502' });
  await expect.poll(() => server.requests[0]?.wasLeft).toBe(true);
});

test('a refusal in plain words is told', async () => {
  const server = await start(() => ({ raw: 'upstream connect error', status: 503, contentType: 'text/plain' }));
  const chain = new ModelAdapters({}).chainOf([
    modelSchema.parse({ model: 'local/m', baseUrl: server.url, retries: 0 }),
  ]);
  const { failure } = (await ask(chain).catch((error: unknown) => error)) as AskFailure;
  expect(failure.message).toBe('HTTP 503: upstream connect error');
});
