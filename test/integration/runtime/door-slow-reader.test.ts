import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ask, type Runtime, startRuntime } from '../../support/runtime.ts';
import { startWireServer, type WireServer } from '../../support/wire/server.ts';

/** More than the buffers of two connections and of the door together. */
const pieces = Array.from({ length: 400 }, (_, i) => `${String(i).padStart(5)}${'x'.repeat(100_000)}`);

let model: WireServer;
let runtime: Runtime;
let sockets: Socket[] = [];

beforeAll(async () => {
  model = await startWireServer({
    protocol: 'openai',
    answer: ({ body }) => (body['model'] === 'small' ? { text: 'Small.' } : { text: pieces }),
  });
  runtime = await startRuntime({
    agents: {
      helper: { instructions: 'Help.', model: [{ model: 'local/big', baseUrl: model.url, retries: 0 }] },
      small: { instructions: 'Help.', model: [{ model: 'local/small', baseUrl: model.url, retries: 0 }] },
    },
    environment: { OPENAI_BASE_URL: model.url },
  });
});

beforeEach(() => {
  model.requests.length = 0;
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await runtime.remove();
  await model.close();
});

/** Asks for a stream and reads its head alone; the answer is the session. */
async function askWithoutReading(name: string): Promise<{ head: string; socket: Socket }> {
  const { hostname, port } = new URL(runtime.url);
  const body = JSON.stringify({ model: name, stream: true, messages: [{ role: 'user', content: 'Hello.' }] });
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  const head = [
    ...['POST /v1/chat/completions HTTP/1.1', `Host: ${hostname}:${port}`, 'Content-Type: application/json'],
    ...[`Content-Length: ${body.length}`, '', body],
  ];
  socket.write(head.join('\r\n'));
  const [first] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return { head: first.toString(), socket };
}

test('a client of a model that does not read is let go, and its model too', async () => {
  await askWithoutReading('openai/big');
  await expect.poll(() => model.requests[0]?.wasLeft, { timeout: 30_000 }).toBe(true);
  expect((await ask(runtime, 'small', 'Hello.')).text).toBe('Small.');
});

test('a client of an agent that does not read is let go, and the turn goes on', async () => {
  const { head, socket } = await askWithoutReading('agent/helper');
  const [, sessionId = ''] = /x-session-id: (\S+)/i.exec(head) ?? [];
  const readSession = async () => (await fetch(`${runtime.url}/v1/sessions/${sessionId}`)).json();
  await expect
    .poll(readSession, { timeout: 30_000 })
    .toMatchObject({ turns: [{ state: 'completed', text: pieces.join('') }] });
  socket.resume();
  await once(socket, 'close');
  expect((await ask(runtime, 'small', 'Hello.')).text).toBe('Small.');
});
