import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropicWire } from './anthropic.ts';
import { openaiWire } from './openai.ts';
import { playReply } from './play.ts';
import type { WireBody, WireProtocol, WireScript } from './script.ts';

const protocols = { openai: openaiWire, anthropic: anthropicWire };

/** A request as it came. */
export interface WireRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: WireBody;
  atMs: number;
  /** The client's: the same for requests over one connection. */
  port: number | undefined;
  /** The client closed the connection before the reply was whole. */
  wasLeft: boolean;
}

export interface WireServer {
  /** What a client takes as base address. */
  url: string;
  requests: WireRequest[];
  /** Requests that are being answered. */
  openCount(): number;
  close(): Promise<void>;
}

/**
 * A model provider's API on 127.0.0.1 that really speaks its protocol, events and pacing included. `answer` says what happens to
 * a request (`n` counts from 0): `startWireServer({ protocol: 'openai', answer: () => ({ text: 'Good morning.' }) })`.
 */
export async function startWireServer(options: {
  protocol: keyof typeof protocols;
  answer: (request: WireRequest, n: number) => WireScript;
  /** False: `requests` stays empty, for load. */
  keepsRequests?: boolean;
  port?: number;
}): Promise<WireServer> {
  const { answer, keepsRequests = true, port = 0 } = options;
  const protocol = protocols[options.protocol];
  const requests: WireRequest[] = [];
  let count = 0;
  let open = 0;
  const server = createServer((incoming, response) => {
    open += 1;
    response.once('close', () => (open -= 1));
    const take = (text: string) => {
      const path = incoming.url ?? '';
      if (incoming.method !== 'POST' || path !== protocol.path) {
        refuse(response, 404, `Invalid URL (${String(incoming.method)} ${path})`);
        return;
      }
      const body = JSON.parse(text) as WireBody;
      const request = {
        path,
        headers: incoming.headers,
        body,
        atMs: Date.now(),
        port: incoming.socket.remotePort,
        wasLeft: false,
      };
      response.once('close', () => (request.wasLeft = !response.writableFinished));
      if (keepsRequests) requests.push(request);
      play(response, { protocol, script: answer(request, count++), body });
    };
    readBody(incoming)
      .then(take)
      .catch((error: unknown) => refuse(response, 400, String(error)));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1', 4_096);
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${protocol.basePath}`,
    requests,
    openCount: () => open,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function play(
  response: ServerResponse,
  { protocol, script, body }: { protocol: WireProtocol; script: WireScript; body: WireBody },
): void {
  if ('hang' in script) return;
  if ('raw' in script) {
    response.writeHead(script.status ?? 200, {
      'content-type': script.contentType ?? 'application/json',
      ...script.headers,
    });
    response.end(script.raw);
    return;
  }
  if ('fail' in script) {
    const { status, body: refusal } = protocol.refusal(script);
    sendJson(response, status, refusal, script.headers);
    return;
  }
  playReply(response, { protocol, reply: script, body });
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.destroyed || response.headersSent) return;
  sendJson(response, status, { error: { message, type: 'invalid_request_error', param: null, code: null } });
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
