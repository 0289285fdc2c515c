import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tool as toolSchema } from '../../../runtime/definition/tool-schema.ts';
import { callTool } from '../../../runtime/tools/call-tool.ts';
import { openToolBox } from '../../../runtime/tools/tool-box.ts';
import type { ToolBox, ToolCallContext, ToolResult } from '../../../runtime/tools/tool.ts';
import { makeMcpServer, type McpState } from './fakes/mcp-tools.ts';

const never = new AbortController().signal;

/** An MCP server over HTTP, whose sessions can be lost and which can be broken in every way. */
class FakeServer {
  readonly state: McpState = { calls: [], lists: 0, descriptions: {} };
  readonly sessions = new Map<string, StreamableHTTPServerTransport>();
  /** What came: method, name of the message, session. */
  readonly seen: { method: string; message: string; headers: IncomingMessage['headers'] }[] = [];
  /** The responses of the calls that are being made. */
  readonly callResponses: ServerResponse[] = [];
  /** Answers instead of the server; false: it does not. */
  intercept: (request: IncomingMessage, response: ServerResponse, message: string) => boolean = () => false;
  /** How a session that is not known is refused. */
  unknownStatus = 404;
  isJson = false;
  #http: Server = createServer();
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/mcp`;
  }

  async start(): Promise<void> {
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#http.listen(this.#port, '127.0.0.1');
    await once(this.#http, 'listening');
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.sessions.clear();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  get initializeCount(): number {
    return this.seen.filter(({ message }) => message === 'initialize').length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const message = (body as { method?: string } | undefined)?.method ?? '';
    this.seen.push({ method: request.method ?? '', message, headers: request.headers });
    if (this.intercept(request, response, message)) return;
    if (message === 'tools/call') this.callResponses.push(response);
    const id = request.headers['mcp-session-id'];
    let transport = typeof id === 'string' ? this.sessions.get(id) : undefined;
    if (transport === undefined) {
      if (!isInitializeRequest(body)) {
        const error = { jsonrpc: '2.0', id: null, error: { code: -32_000, message: 'Bad Request: no such session' } };
        response.writeHead(this.unknownStatus, { 'content-type': 'application/json' }).end(JSON.stringify(error));
        return;
      }
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        enableJsonResponse: this.isJson,
        onsessioninitialized: (sessionId) => void this.sessions.set(sessionId, made),
      });
      await makeMcpServer(this.state).connect(made);
      transport = made;
    }
    await transport.handleRequest(request, response, body);
  }
}

let fake: FakeServer;
let boxes: ToolBox[];
let warnings: string[];

beforeEach(async () => {
  fake = new FakeServer();
  boxes = [];
  warnings = [];
  await fake.start();
});
afterEach(async () => {
  await Promise.all(boxes.map((box) => box.close()));
  await fake.stop();
});

function openBox(declared: object = {}, environment: NodeJS.ProcessEnv = {}): ToolBox {
  const tool = toolSchema.parse({
    type: 'mcp',
    name: 'crm',
    url: fake.url,
    allowPrivateAddress: true,
    timeout: '20s',
    ...declared,
  });
  const box = openToolBox([tool], {
    environment,
    runAgent: () => Promise.reject(new Error('no agents here')),
    onWarning: ({ message }) => warnings.push(message),
    surroundings: { sleep: () => new Promise((resolve) => setTimeout(resolve, 20)), random: () => 0 },
  });
  boxes.push(box);
  return box;
}

async function call(box: ToolBox, name: string, signal = never): Promise<ToolResult> {
  const { tools } = await box.open(never);
  const context: ToolCallContext = {
    idempotencyKey: 'key-1',
    traceparent: 'trace-1',
    caller: { sessionId: 's', turnId: 't', callId: 'c' },
    signal,
  };
  return callTool({ id: '1', name: `crm__${name}`, arguments: '{"text":"x"}' }, tools, context);
}

test.each([false, true])('lists, calls, keeps its session and ends it (answers as JSON: %s)', async (isJson) => {
  fake.isJson = isJson;
  const box = openBox({ headers: { authorization: 'Bearer ${env:CRM_TOKEN}' } }, { CRM_TOKEN: 'geheim-123456' });
  expect((await box.open(never)).tools).toHaveLength(16);
  expect(await call(box, 'echo')).toEqual({ text: 'hello', attempts: 1 });
  expect(await call(box, 'fail')).toMatchObject({ failure: 'tool_error' });
  expect(fake.state.meta).toEqual({ traceparent: 'trace-1', 'sightglass/idempotency-key': 'key-1' });
  expect(fake.seen.every(({ headers }) => headers.authorization === 'Bearer geheim-123456')).toBe(true);
  expect(fake.seen.filter(({ headers }) => headers['traceparent'] === 'trace-1').map(({ message }) => message)).toEqual(
    ['tools/call', 'tools/call'],
  );
  expect(fake.initializeCount).toBe(1);
  expect(fake.state.lists).toBe(4); // its pages, once
  await box.close();
  expect(fake.seen.at(-1)).toMatchObject({ method: 'DELETE' });
});

test.each([404, 400])(
  'a session that the server forgot (%d) is opened anew, and the call repeated, a write too',
  async (status) => {
    fake.unknownStatus = status;
    const box = openBox();
    await call(box, 'echo');
    fake.sessions.clear();
    expect(await call(box, 'echo')).toEqual({ text: 'hello', attempts: 2 });
    expect(fake.state.calls).toEqual(['echo', 'echo']);
    expect(fake.initializeCount).toBe(2);
  },
);

test('a server that forgets every session is asked twice, not for ever', async () => {
  const box = openBox();
  await box.open(never);
  fake.intercept = (_request, response, message) => {
    if (message !== 'tools/call') return false;
    response.writeHead(404).end('Session not found');
    return true;
  };
  expect(await call(box, 'echo')).toMatchObject({ failure: 'server_unavailable', attempts: 2 });
  expect(fake.initializeCount).toBe(2);
});

test('calls of the same time that lose their session share the new one', async () => {
  const box = openBox();
  await call(box, 'echo');
  fake.sessions.clear();
  const results = await Promise.all(Array.from({ length: 8 }, () => call(box, 'echo')));
  expect(results.every(({ text }) => text === 'hello')).toBe(true);
  expect(fake.initializeCount).toBe(2);
});

test('a server that is restarted in between is found again', async () => {
  const box = openBox();
  await call(box, 'echo');
  await fake.stop();
  expect(await call(box, 'echo')).toMatchObject({ failure: 'server_unavailable' });
  await fake.start();
  await expect.poll(async () => (await call(box, 'echo')).text, { timeout: 40_000 }).toBe('hello');
});

test('a server that comes back while a call waits gets it, once', async () => {
  const box = openBox({ retries: 5 });
  await call(box, 'echo');
  await box.open(never);
  await fake.stop();
  const called = call(box, 'echo');
  await fake.start();
  const result = await called;
  expect([result.text, result.failure]).not.toContain('outcome_unknown');
  expect(fake.state.calls.length).toBe(result.text === 'hello' ? 2 : 1);
});

test.each([false, true])(
  'a write whose connection breaks may have happened and is not repeated (JSON: %s)',
  async (isJson) => {
    fake.isJson = isJson;
    fake.state.onCall = () => fake.callResponses.at(-1)?.destroy();
    expect(await call(openBox(), 'hang')).toMatchObject({ failure: 'outcome_unknown', attempts: 1 });
    expect(fake.state.calls).toEqual(['hang']);
  },
);

test('a read whose connection breaks is repeated', async () => {
  fake.state.onCall = () => {
    if (fake.state.calls.length === 1) fake.callResponses.at(-1)?.destroy();
  };
  expect(await call(openBox({ sideEffect: 'read' }), 'echo')).toMatchObject({ text: 'hello', attempts: 2 });
});

test('a stream that ends properly without an answer is noticed at once', async () => {
  fake.intercept = (_request, response, message) => {
    if (message !== 'tools/call') return false;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n');
    return true;
  };
  expect(await call(openBox(), 'echo')).toMatchObject({
    failure: 'outcome_unknown',
    text: expect.stringContaining('the stream of its answer ended without one') as string,
  });
});

test.each([
  [401, 'auth', 1],
  [403, 'auth', 1],
  [400, 'upstream_4xx', 1],
  [404, 'server_unavailable', 4],
  [429, 'rate_limited', 3],
  [503, 'upstream_5xx', 3],
])('HTTP %d of a call is %s', async (status, failure, attempts) => {
  fake.intercept = (_request, response, message) => {
    if (message !== 'tools/call') return false;
    response.writeHead(status).end('go away');
    return true;
  };
  expect(await call(openBox({ sideEffect: 'read' }), 'echo')).toMatchObject({ failure, attempts });
});

test.each([
  ['text/html', '<html>'],
  ['application/json', '<html>'],
  ['application/json', '{"jsonrpc":"2.0","id":"other","result":{"content":7}}'],
  ['application/json', `{"a":"${'x'.repeat(11 * 1024 * 1024)}"}`],
  ['text/event-stream', `data: ${'x'.repeat(11 * 1024 * 1024)}\n\n`],
])('an answer that is none (%s)', async (type, text) => {
  fake.intercept = (_request, response, message) => {
    if (message !== 'tools/call') return false;
    response.writeHead(200, { 'content-type': type }).end(text);
    return true;
  };
  const result = await call(openBox({ sideEffect: 'read', timeout: '3s' }), 'echo');
  expect(['bad_response', 'timeout']).toContain(result.failure);
  expect(result.failure === 'timeout').toBe(text.includes('other')); // an answer to something that was not asked
});

test('no answer in time: the server is told, and the connection closed', async () => {
  const box = openBox({ timeout: '300ms', sideEffect: 'read' });
  expect(await call(box, 'hang')).toMatchObject({ failure: 'timeout', attempts: 1 });
  await expect.poll(() => fake.seen.map(({ message }) => message)).toContain('notifications/cancelled');
  await expect.poll(() => fake.callResponses.at(-1)?.destroyed).toBe(true);
  expect(await call(box, 'echo')).toMatchObject({ text: 'hello' });
});

test('a call that was answered is not cancelled later', async () => {
  const box = openBox({ timeout: '200ms' });
  await call(box, 'echo');
  const { promise, resolve } = Promise.withResolvers<undefined>();
  AbortSignal.timeout(400).addEventListener('abort', () => resolve(undefined));
  await promise;
  expect(fake.seen.map(({ message }) => message)).not.toContain('notifications/cancelled');
});

test('private addresses are not connected to unless they are allowed', async () => {
  const box = openBox({ allowPrivateAddress: false });
  const message = 'its address is of this machine or a private network';
  expect(await box.open(never)).toEqual({ tools: [], unavailable: [{ name: 'crm', message }] });
  expect(fake.seen).toEqual([]);
});

test('a server that refuses at length is named in one line', async () => {
  fake.intercept = (_request, response) => {
    response.writeHead(500).end('<html>\n'.repeat(1_000));
    return true;
  };
  const [server] = (await openBox().open(never)).unavailable;
  expect(server?.message).toMatch(/^Error POSTing to endpoint: (<html> ){38}/);
  expect(server?.message.length).toBe(300);
});

test('does not follow a redirect to another place', async () => {
  fake.intercept = (_request, response) => {
    response.writeHead(307, { location: 'http://127.0.0.2:1/mcp' }).end();
    return true;
  };
  const { unavailable } = await openBox().open(never);
  expect(unavailable).toMatchObject([{ message: expect.stringContaining('not followed') as string }]);
});

test('a server that hangs while it starts does not hold the turn for ever', async () => {
  fake.intercept = () => true;
  const cancel = new AbortController();
  const opened = openBox().open(cancel.signal);
  cancel.abort();
  expect(await opened).toMatchObject({ tools: [], unavailable: [{ name: 'crm' }] });
});

test('a tool that becomes another one is told', async () => {
  const box = openBox();
  await call(box, 'change');
  await expect.poll(async () => (await box.open(never)).tools[0]?.spec.description).toBe('Sends your secrets away.');
  expect(warnings).toEqual(['crm__echo has another description or schema than before']);
});
