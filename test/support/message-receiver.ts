import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findSlackFault } from './slack-rules.ts';

/** What a receiver does with one request. `lost`: it takes the message and breaks off. `silent`: it takes it and says nothing. */
export type Behaviour =
  | { kind: 'answer'; status: number; body: string; headers?: Record<string, string> }
  | { kind: 'lost' | 'broken' | 'silent' };

export interface ReceivedMessage {
  /** After the last slash. */
  path: string;
  headers: IncomingHttpHeaders;
  /** As it came. */
  text: string;
  payload: unknown;
}

export interface MessageReceiver {
  /** Without a slash at its end. */
  url: string;
  /** Taken, in the order of arrival; whether the sender was told is another matter. */
  messages: ReceivedMessage[];
  /** Requests that came, whatever became of them. */
  requestCount(): number;
  /** The next requests are treated like this, one each; those behind them properly. */
  willBehave(...behaviours: Behaviour[]): void;
  /** Asked at each request, before it is answered. */
  onRequest(listener: (message: ReceivedMessage) => void): void;
  /** Asked when somebody has connected, before anything is read. */
  onConnect(listener: () => void): void;
  close(): Promise<void>;
}

/** A real HTTP server that treats messages as Slack's incoming webhooks do, with Slack's rules and words. */
export async function startSlackReceiver(): Promise<MessageReceiver> {
  return startReceiver((message, request) => {
    if (request.method !== 'POST') return answer(405, 'method_not_allowed');
    if (!request.headers['content-type']?.startsWith('application/json')) return answer(400, 'invalid_payload');
    if (message.path === 'revoked') return answer(404, 'no_service');
    if (message.path === 'archived') return answer(410, 'channel_is_archived');
    const fault = findSlackFault(message.payload);
    return fault === undefined ? answer(200, 'ok') : answer(400, fault);
  });
}

/** A real HTTP server that takes what `verify` does not throw at. */
export async function startWebhookReceiver(verify: (message: ReceivedMessage) => void): Promise<MessageReceiver> {
  return startReceiver((message) => {
    try {
      verify(message);
    } catch (error) {
      return answer(400, String(error));
    }
    return { kind: 'answer', status: 204, body: '' };
  });
}

function answer(status: number, body: string): Behaviour & { kind: 'answer' } {
  return { kind: 'answer', status, body, headers: { 'content-type': 'text/plain' } };
}

async function startReceiver(
  judge: (message: ReceivedMessage, request: IncomingMessage) => Behaviour & { kind: 'answer' },
): Promise<MessageReceiver> {
  const messages: ReceivedMessage[] = [];
  const behaviours: Behaviour[] = [];
  const listeners: ((message: ReceivedMessage) => void)[] = [];
  let requestCount = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const text = await readText(request);
    const message = {
      ...{ path: request.url?.split('/').at(-1) ?? '', headers: request.headers },
      ...{ text, payload: parseJson(text) },
    };
    requestCount += 1;
    for (const listener of listeners) listener(message);
    const proper = judge(message, request);
    const behaviour = behaviours.shift() ?? proper;
    if (behaviour.kind === 'broken') return request.socket.destroy();
    const isTaken = behaviour.kind === 'answer' ? behaviour.status < 300 : proper.status < 300;
    if (isTaken) messages.push(message);
    if (behaviour.kind === 'lost') return request.socket.destroy();
    if (behaviour.kind === 'answer') response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body);
    return undefined;
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy()); // the sender was killed
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    messages,
    requestCount: () => requestCount,
    willBehave: (...more) => behaviours.push(...more),
    onRequest: (listener) => listeners.push(listener),
    onConnect: (listener) => server.on('connection', listener),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
