import { serve } from '@hono/node-server';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../server/app.ts';
import { agentReply, agentSessionReply, agentsReply, chatBodyBytesMax } from '../../../server/contract/agents.ts';
import { errorReply } from '../../../server/contract/errors-reply.ts';
import { LiveFeed } from '../../../server/live/live-feed.ts';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { useDatabase } from '../../support/database.ts';
import { channelsOn } from '../../support/channels.ts';
import { configurationOn } from '../../support/configuration.ts';
import { keysOn } from '../../support/keys.ts';
import { resettlementsOn } from '../../support/resettlements.ts';
import { type SmallRuntime, startSmallRuntime } from './small-runtime.ts';

const support = {
  ...{ name: 'support', description: null, labels: { team: 'care' }, revision: 'support@1a2b3c4d5e6f' },
  ...{ deployedAt: '2026-11-20T12:00:00.000Z', models: ['simulated/careful', 'simulated/quick'] },
  ...{ tools: [{ name: 'find_order', type: 'http' }], revisionCount: 2 },
};
const agent = {
  ...support,
  definition: { name: 'support', instructions: 'Help.', limits: { maxSteps: 12 } },
  revisions: [{ revision: support.revision, registeredAt: support.deployedAt, isDeployed: true }],
  deployments: [{ revision: support.revision, previous: null, deployedAt: support.deployedAt }],
};
const session = {
  ...{ id: 's/1', agent: 'support', revision: support.revision, user: null },
  turns: [
    {
      ...{ id: 't1', number: 1, state: 'completed', reason: null, message: null, input: ['Hi'], text: 'Hello' },
      ...{ trace_id: 'ab'.repeat(16), cost_usd: '0.0001', steps: 1, tool_calls: 0 },
    },
  ],
};
const outcome = {
  ...{ session_id: 's1', turn_id: 't1', trace_id: 'ab'.repeat(16), agent: 'support', revision: support.revision },
  ...{ state: 'completed', reason: null, message: null, cost_usd: null, steps: 1, tool_calls: 0 },
};
const completion = { id: 'c1', choices: [{ message: { role: 'assistant', content: 'Hello' } }], sightglass: outcome };
const hello = JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }] });

describe('agents, forwarded to the runtime', () => {
  const database = useDatabase();
  let runtime: SmallRuntime;
  const servers: Server[] = [];
  const db = connectDb(database);
  const log = pino({ level: 'silent' });
  const liveFeed = new LiveFeed({ db, log });
  let url = '';

  const start = async (runtimeUrl: string | undefined) => {
    const app = createApp({
      ...{
        db,
        log,
        liveFeed,
        resettlements: resettlementsOn(database),
        keys: keysOn(database),
        configuration: configurationOn(database),
        channels: channelsOn(database),
        priceBook: loadPriceBook(undefined),
      },
      ...{ now: Date.now, uiDirectory: import.meta.dirname, schemaVersion: '0001_spans.sql', publicUrl: undefined },
      runtimeUrl,
    });
    return new Promise<string>((resolve) => {
      const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }: AddressInfo) =>
        resolve(`http://127.0.0.1:${port}`),
      ) as Server;
      servers.push(server);
    });
  };
  const chat = (body: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${url}/api/agents/support/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      ...(signal === undefined ? {} : { signal }),
    });
  const errorOf = async (response: Response) => ({
    status: response.status,
    ...errorReply.parse(await response.json()).error,
  });

  beforeAll(async () => {
    runtime = await startSmallRuntime();
    url = await start(runtime.url);
  });
  afterAll(async () => {
    liveFeed.close();
    for (const server of servers) server.closeAllConnections();
    await Promise.all([runtime.stop(), db.close(), ...servers.map((one) => new Promise((end) => one.close(end)))]);
  });

  it('lists them, reads one, and reads its conversations', async () => {
    runtime.reply('GET /agents', { agents: [support] });
    runtime.reply('GET /agents/support', { agent });
    runtime.reply('GET /v1/sessions/s%2F1', session);
    expect(agentsReply.parse(await (await fetch(`${url}/api/agents`)).json())).toEqual({ agents: [support] });
    expect(agentReply.parse(await (await fetch(`${url}/api/agents/support`)).json())).toEqual({ agent });
    const read = await fetch(`${url}/api/agents/support/sessions/s%2F1`);
    expect(agentSessionReply.parse(await read.json())).toEqual(session);
  });

  it('knows no agent that the runtime does not, and no session of another one', async () => {
    runtime.reply(
      'GET /agents/nobody',
      { error: { code: 'agent_not_found', message: 'no such agent' } },
      { status: 404 },
    );
    runtime.reply('GET /v1/sessions/gone', { error: { code: 'session_not_found', message: 'gone' } }, { status: 404 });
    runtime.reply('GET /v1/sessions/s%2F1', session);
    const missing = await errorOf(await fetch(`${url}/api/agents/nobody`));
    expect(missing).toMatchObject({ status: 404, code: 'agent_not_found', message: 'no such agent' });
    const asked = runtime.asked.length;
    for (const name of ['Some%20One', '%2e%2e', 'a%2Fb']) {
      expect(await errorOf(await fetch(`${url}/api/agents/${name}`))).toMatchObject({ status: 404 });
    }
    expect(await errorOf(await fetch(`${url}/api/agents/support/sessions/%2e%2e/`))).toMatchObject({ status: 404 });
    expect(runtime.asked).toHaveLength(asked);
    for (const path of ['refunds/sessions/s%2F1', 'support/sessions/gone']) {
      const refused = await errorOf(await fetch(`${url}/api/agents/${path}`));
      expect(refused).toMatchObject({ status: 404, code: 'session_not_found' });
    }
  });

  it('takes a turn there and back with the headers that are named, and no others', async () => {
    runtime.reply('POST /agents/support/chat', completion, {
      headers: {
        'x-session-id': 's1',
        'x-turn-id': 't1',
        'x-trace-id': 'ab'.repeat(16),
        'set-cookie': 'a=b',
        server: 'x',
      },
    });
    const response = await chat(hello, {
      ...{ 'x-session-id': 's1', 'idempotency-key': 'k1', traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` },
      ...{ cookie: 'secret=1', authorization: 'Bearer secret', 'x-other': 'y' },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(completion);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      ...{ 'x-session-id': 's1', 'x-turn-id': 't1', 'x-trace-id': 'ab'.repeat(16), 'cache-control': 'no-store' },
    });
    expect(response.headers.has('set-cookie')).toBe(false);
    expect(response.headers.has('server')).toBe(false);
    const { headers, body } = runtime.asked.at(-1) ?? expect.fail();
    expect(body).toBe(hello);
    expect(headers).toMatchObject({
      'x-session-id': 's1',
      'idempotency-key': 'k1',
      'content-type': 'application/json',
    });
    expect(headers['traceparent']).toContain('ab'.repeat(16));
    for (const name of ['cookie', 'authorization', 'x-other', 'origin']) expect(headers[name]).toBeUndefined();
  });

  it('passes a stream on piece by piece, as it comes', async () => {
    let open: ServerResponse | undefined;
    runtime.on('POST /agents/support/chat', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-session-id': 's1' });
      response.write('data: {"n":1}\n\n');
      open = response;
    });
    const response = await chat(hello, { 'accept-encoding': 'gzip' });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('content-encoding')).toBeNull();
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader() ?? expect.fail();
    expect((await reader.read()).value).toBe('data: {"n":1}\n\n');
    open?.write('data: {"n":2}\n\n');
    expect((await reader.read()).value).toBe('data: {"n":2}\n\n');
    open?.end('data: [DONE]\n\n');
    expect((await reader.read()).value).toBe('data: [DONE]\n\n');
    expect((await reader.read()).done).toBe(true);
  });

  it('hangs up on the runtime when its own client does', async () => {
    const closed = new Promise<void>((resolve) => {
      runtime.on('POST /agents/support/chat', (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(': open\n\n');
        response.on('close', resolve);
      });
    });
    const controller = new AbortController();
    await chat(hello, {}, controller.signal);
    controller.abort();
    await closed;
  });

  it('ends a stream that breaks off with an error', async () => {
    runtime.on('POST /agents/support/chat', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"n":1}\n\n', () => response.destroy());
    });
    const response = await chat(hello);
    const error = { code: 'runtime_unavailable', message: 'the runtime broke off its answer; try again' };
    expect(await response.text()).toBe(`data: {"n":1}\n\n\n\ndata: ${JSON.stringify({ error })}\n\n`);
  });

  it('gives back errors of a turn with the runtime’s own status, code and Retry-After', async () => {
    const error = { message: 'the session runs a turn', type: 'conflict_error', code: 'session_busy', param: null };
    runtime.reply('POST /agents/support/chat', { error }, { status: 409, headers: { 'retry-after': '3' } });
    const response = await chat(hello);
    expect(response.status).toBe(409);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await response.json()).toEqual({ error });
  });

  it('cancels the turn of a session of this agent', async () => {
    runtime.reply('GET /v1/sessions/s%2F1', session);
    runtime.reply('POST /v1/sessions/s%2F1/cancel', { cancelled: 1 });
    const cancel = (name: string) => fetch(`${url}/api/agents/${name}/sessions/s%2F1/cancel`, { method: 'POST' });
    expect((await cancel('support')).status).toBe(200);
    expect(runtime.asked.at(-1)).toMatchObject({ method: 'POST', path: '/v1/sessions/s%2F1/cancel', body: '' });
    expect(await errorOf(await cancel('refunds'))).toMatchObject({ status: 404, code: 'session_not_found' });
  });

  it.each([
    ['no JSON', (response: ServerResponse) => response.writeHead(200, { 'content-type': 'application/json' }).end('{')],
    ['another form', (response: ServerResponse) => jsonOf(response, { agents: [{ ...support, models: 'all' }] })],
    ['no error in an error', (response: ServerResponse) => jsonOf(response, { oops: true }, 500)],
  ])('says so when the runtime answers %s', async (_what, answer) => {
    runtime.on('GET /agents', (_request, response) => {
      answer(response);
    });
    expect(await errorOf(await fetch(`${url}/api/agents`))).toMatchObject({ status: 502, code: 'runtime_bad_reply' });
  });

  it('passes no page on as an answer', async () => {
    runtime.on('POST /agents/support/chat', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<script>');
    });
    expect(await errorOf(await chat(hello))).toMatchObject({ status: 502, code: 'runtime_bad_reply' });
  });

  it('takes no body that is too large, malformed or no JSON', async () => {
    const large = JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(chatBodyBytesMax) }] });
    expect(await errorOf(await chat(large))).toMatchObject({ status: 413, code: 'body_too_large' });
    for (const body of ['{"messages":"Hi"}', '[]', '{"messages":[{}]}', '{"messages":[],"stream":"yes"}', '{']) {
      expect(await errorOf(await chat(body))).toMatchObject({ status: 400, code: 'invalid_request' });
    }
    const plain = await errorOf(await chat(hello, { 'content-type': 'text/plain' }));
    expect(plain).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  it('keeps pages of other origins out', async () => {
    const foreign = { origin: 'https://evil.example' };
    expect(await errorOf(await chat(hello, foreign))).toMatchObject({ status: 403, code: 'foreign_origin' });
    const cancel = `${url}/api/agents/support/sessions/s1/cancel`;
    expect((await fetch(cancel, { method: 'POST', headers: foreign })).status).toBe(403);
    expect((await fetch(cancel, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  });

  it('says what is missing where there is no runtime, or none that answers', async () => {
    const without = await start(undefined);
    const refused = await fetch(`${without}/api/agents`);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await errorOf(refused)).toMatchObject({
      ...{ status: 503, code: 'runtime_unavailable' },
      message: 'this server knows of no runtime: SIGHTGLASS_RUNTIME_URL is not set',
    });
    const gone = await startSmallRuntime();
    await gone.stop();
    const unreachable = await start(gone.url);
    expect(await errorOf(await fetch(`${unreachable}/api/agents`))).toMatchObject({ status: 503 });
    const refusedChat = await fetch(`${unreachable}/api/agents/support/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: hello,
    });
    expect(await errorOf(refusedChat)).toMatchObject({ status: 503, code: 'runtime_unavailable' });
  });

  it('waits for a list for a limited time', async () => {
    vi.spyOn(AbortSignal, 'timeout').mockImplementationOnce(() => AbortSignal.abort());
    runtime.on('GET /agents', () => undefined);
    expect(await errorOf(await fetch(`${url}/api/agents`))).toMatchObject({ status: 503, code: 'runtime_unavailable' });
  });
});

function jsonOf(response: ServerResponse, content: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}
