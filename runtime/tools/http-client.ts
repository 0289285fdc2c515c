import { lookup as lookupHost } from 'node:dns';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { isPublicAddress } from './address-rule.ts';

const keptSocketsMax = 8;
const keptSocketIdleMs = 15_000;
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_|TLS|SSL/;

export interface HttpRequest {
  method: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  signal: AbortSignal;
  /** It may be sent once more when a connection that lay idle turns out to be closed. */
  isRepeatable: boolean;
}

/** A request without a response. */
export class HttpRequestError extends Error {
  override readonly name = 'HttpRequestError';
  /** `denied`: its address is private. `unsendable`: no other try can do better. `malformed`: what came is no HTTP. */
  readonly reason: 'denied' | 'unsendable' | 'broken' | 'malformed';
  /** Something may have arrived at the server. */
  readonly wasSent: boolean;

  constructor(reason: HttpRequestError['reason'], message: string, { wasSent }: { wasSent: boolean }) {
    super(message);
    this.reason = reason;
    this.wasSent = wasSent;
  }
}

/** Sends HTTP requests to addresses that are allowed; the addresses that are checked are those it connects to. */
export class HttpClient {
  readonly #options: RequestOptions;
  readonly #allowsPrivate: boolean;
  readonly #agents: { 'http:': HttpAgent; 'https:': HttpsAgent };

  /** `lookup` finds the addresses of a host name. */
  constructor({ allowsPrivate, lookup = lookupHost }: { allowsPrivate: boolean; lookup?: typeof lookupHost }) {
    this.#allowsPrivate = allowsPrivate;
    this.#options = allowsPrivate ? {} : { lookup: lookupPublic(lookup) };
    const kept = { keepAlive: true, maxFreeSockets: keptSocketsMax, timeout: keptSocketIdleMs };
    this.#agents = { 'http:': new HttpAgent(kept), 'https:': new HttpsAgent(kept) };
  }

  /** One request, its redirects not followed. Throws an HttpRequestError; aborting the signal ends the response's body too. */
  async send(request: HttpRequest): Promise<IncomingMessage> {
    // Names are checked as they are looked up; an address is connected to without that.
    const host = request.url.hostname.replace(/^\[|\]$/g, '');
    if (!this.#allowsPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw new DeniedAddressError();
    try {
      // A request that must not arrive twice gets a connection of its own, so that a break means something.
      return await this.#exchange(request, { keepsSocket: request.isRepeatable });
    } catch (error) {
      if (!(error instanceof IdleSocketError)) throw error;
      return await this.#exchange(request, { keepsSocket: false });
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #exchange(request: HttpRequest, { keepsSocket }: { keepsSocket: boolean }): Promise<IncomingMessage> {
    const { method, url, headers, body, signal } = request;
    const isTls = url.protocol === 'https:';
    const agent = keepsSocket ? this.#agents[isTls ? 'https:' : 'http:'] : false;
    return new Promise((resolve, reject) => {
      let wasSent = false;
      const fail = (error: unknown) => {
        reject(readError(error, wasSent));
      };
      try {
        const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
        const options = { ...this.#options, method, headers: { ...headers, ...length }, agent, signal };
        const sent = (isTls ? requestHttps : requestHttp)(url, options, resolve);
        sent.once('socket', (socket: Socket) => {
          if (!socket.connecting) wasSent = true;
          else socket.once(isTls ? 'secureConnect' : 'connect', () => (wasSent = true));
        });
        sent.once('error', (error: NodeJS.ErrnoException) => {
          const wasIdle = keepsSocket && sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
          if (wasIdle) reject(new IdleSocketError());
          else fail(error);
        });
        sent.end(body);
      } catch (error) {
        fail(error); // such as a header that cannot be written
      }
    });
  }
}

/** An idle connection had been closed by the server; the request itself failed for no reason of its own. */
class IdleSocketError extends Error {}

class DeniedAddressError extends HttpRequestError {
  constructor() {
    super('denied', 'its address is of this machine or a private network', { wasSent: false });
  }
}

function lookupPublic(lookup: typeof lookupHost): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const allowed = error === null ? found.filter(({ address }) => isPublicAddress(address)) : [];
      const [first] = allowed;
      if (error !== null) callback(error, []);
      else if (first === undefined) callback(new DeniedAddressError(), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function readError(error: unknown, wasSent: boolean): HttpRequestError {
  if (error instanceof HttpRequestError) return error;
  const { code = '', message = '' } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code.startsWith('HPE_')) {
    return new HttpRequestError('malformed', `what it answered is not HTTP (${code})`, { wasSent });
  }
  const reason = certificateCodes.test(code) || code === 'ERR_INVALID_CHAR' ? 'unsendable' : 'broken';
  return new HttpRequestError(reason, describeBreak(code, message), { wasSent });
}

/** Without the address that messages of the platform name. */
function describeBreak(code: string, message: string): string {
  if (code === 'ECONNREFUSED') return 'the connection was refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its host name was not found';
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return 'the connection broke';
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'it does not answer';
  if (certificateCodes.test(code)) return `its certificate is not accepted (${code})`;
  if (code === 'ERR_INVALID_CHAR') return 'one of its headers cannot be sent as it is';
  return code === '' && /abort/i.test(message)
    ? 'the request was stopped'
    : `the request failed (${code || 'no code'})`;
}
