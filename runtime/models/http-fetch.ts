import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';

/** A refusal's body is read up to here; what follows is left out. */
const refusalLimitBytes = 64 * 1024;

const bodies = new WeakMap<Response, IncomingMessage>();

/** What a fetch of `keepAliveFetch` brought, to be read by `takeMessage`. */
export function takeMessage(response: Response): IncomingMessage {
  const message = bodies.get(response);
  if (message === undefined) throw new Error('this response has no message: it is a refusal or of another fetch');
  return message;
}

/**
 * A `fetch` for the providers' packages that keeps connections alive and hands the body out as Node has it: 500 streams read so
 * take two thirds of the time and memory of those of the built-in fetch. Follows no redirect. Proxies are those that `env` names.
 */
export function keepAliveFetch(env: NodeJS.ProcessEnv): typeof fetch {
  const options = { keepAlive: true, proxyEnv: passLoopbackBy(env) };
  const http = new HttpAgent(options);
  const https = new HttpsAgent(options);
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const isPlain = url.protocol === 'http:';
    const headers = { ...Object.fromEntries(new Headers(init.headers)), 'accept-encoding': 'identity' };
    const body = init.body as string | undefined;
    const send = isPlain ? requestHttp : requestHttps;
    const start = () =>
      send(url, {
        method: init.method ?? 'GET',
        agent: isPlain ? http : https,
        headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
      });
    return toResponse(await exchange(start, body, init.signal ?? undefined));
  };
}

/** A model server on this machine is never behind a proxy. */
function passLoopbackBy(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const named = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
  const all = [...(named === '' ? [] : [named]), 'localhost', '127.0.0.1', '::1', '[::1]'].join(',');
  return { ...env, no_proxy: all, NO_PROXY: all };
}

/** Sends a request. A kept connection that its server closed at that moment is no failure: the request goes over another one. */
async function exchange(
  start: () => ClientRequest,
  body: string | undefined,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  for (;;) {
    const request = start();
    // From the response on its reader listens itself; Node's own way would listen to the end.
    const abort = () => request.destroy(new Error('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    try {
      request.setNoDelay();
      request.end(body);
      return await responseOf(request);
    } catch (error) {
      const wasClosed = request.reusedSocket && (error as { code?: unknown }).code === 'ECONNRESET';
      if (!wasClosed || signal?.aborted === true) throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}

async function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', (message) => {
      // Whoever reads the message sees that it broke; the request's own error says the same again.
      request.on('error', () => undefined);
      resolve(message);
    });
    request.once('error', reject);
  });
}

async function toResponse(message: IncomingMessage): Promise<Response> {
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headersDistinct)) {
    for (const one of value ?? []) headers.append(name, one);
  }
  if (status >= 200 && status <= 299) {
    const response = new Response(null, { status, headers });
    bodies.set(response, message);
    return response;
  }
  const text = await readStart(message);
  return new Response(status === 304 ? null : text, { status: status < 200 ? 502 : status, headers });
}

async function readStart(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= refusalLimitBytes) break;
    }
  } catch {
    // The status says what went wrong; a body that broke off adds nothing.
  }
  return Buffer.concat(chunks).subarray(0, refusalLimitBytes).toString();
}
