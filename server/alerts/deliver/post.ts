import { lookup as lookupHost } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { isPublicAddress } from './public-address.ts';

/** Of an answer so much is read; what comes behind is not waited for. */
const answerBytesMax = 2_048;
/** The status is what counts: for the rest of the answer nobody waits longer. */
const bodyTimeoutMs = 2_000;

export interface PostRequest {
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Asked when the connection stands and before anything is sent over it; false: nothing is sent. */
  mayPost: () => Promise<boolean>;
  /** Ends it; what was sent stays sent. */
  signal: AbortSignal;
}

/** `withheld`: `mayPost` said no. `unreached`: nothing was sent. `unknown`: it was sent, and no answer came. */
export type PostResult =
  | {
      status: 'answered';
      httpStatus: number;
      body: string;
      retryAfter: string | undefined;
      location: string | undefined;
    }
  | { status: 'unreached'; message: string; isDenied: boolean }
  | { status: 'unknown'; message: string }
  | { status: 'withheld' };

export interface PosterOptions {
  /** Addresses of this machine and of private networks may be posted to. */
  allowsPrivate: boolean;
  lookup?: typeof lookupHost | undefined;
  connectTimeoutMs?: number | undefined;
  answerTimeoutMs?: number | undefined;
}

/** Standard Webhooks recommends 15 to 30 s for an answer. */
const defaultAnswerTimeoutMs = 15_000;
const defaultConnectTimeoutMs = 5_000;

/** The longest that a post may take, its question whether it may be sent left aside. */
export const postTimeoutMs = defaultConnectTimeoutMs + defaultAnswerTimeoutMs;

/**
 * Posts to addresses that are allowed; those that are checked are those it connects to. Each post has a connection of its own, so
 * that it is known whether anything was sent. Redirects are not followed.
 */
export class Poster {
  readonly #options: {
    allowsPrivate: boolean;
    lookup: LookupFunction;
    connectTimeoutMs: number;
    answerTimeoutMs: number;
  };

  constructor({ allowsPrivate, lookup = lookupHost, connectTimeoutMs, answerTimeoutMs }: PosterOptions) {
    this.#options = {
      allowsPrivate,
      lookup: allowsPrivate ? lookup : lookupPublic(lookup),
      connectTimeoutMs: connectTimeoutMs ?? defaultConnectTimeoutMs,
      answerTimeoutMs: answerTimeoutMs ?? defaultAnswerTimeoutMs,
    };
  }

  /** Never throws. */
  async post(request: PostRequest): Promise<PostResult> {
    const { allowsPrivate } = this.#options;
    // Names are checked as they are looked up; an address is connected to without that.
    const host = request.url.hostname.replace(/^\[|\]$/g, '');
    if (!allowsPrivate && isIP(host) !== 0 && !isPublicAddress(host)) return denied;
    return new Promise((resolve) => {
      try {
        this.#exchange(request, resolve);
      } catch {
        resolve({ status: 'unreached', message: 'the request cannot be sent as it is', isDenied: false });
      }
    });
  }

  #exchange({ url, headers, body, mayPost, signal }: PostRequest, settle: (result: PostResult) => void): void {
    const { lookup, connectTimeoutMs, answerTimeoutMs } = this.#options;
    const isTls = url.protocol === 'https:';
    let [isSent, isAnswered] = [false, false];
    let timer: NodeJS.Timeout | undefined;
    const end = (result: PostResult) => {
      clearTimeout(timer);
      settle(result);
      sent.destroy();
    };
    const fail = (message: string) => {
      if (isAnswered) return; // its body breaks off, which is not needed
      end(isSent ? { status: 'unknown', message } : { status: 'unreached', message, isDenied: false });
    };
    const limit = (ms: number, message: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(message), ms);
    };
    const sent = (isTls ? requestHttps : requestHttp)(url, {
      ...{ method: 'POST', lookup, agent: false, signal },
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    });
    limit(connectTimeoutMs, `it cannot be connected to within ${describeSeconds(connectTimeoutMs)}`);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof DeniedAddressError) end(denied);
      else fail(signal.aborted ? 'the server stopped' : describeBreak(error));
    });
    const start = async () => {
      clearTimeout(timer);
      const isAllowed = await mayPost().catch(() => false);
      if (sent.destroyed) return; // it broke meanwhile, and has said so
      if (!isAllowed) {
        end({ status: 'withheld' });
        return;
      }
      limit(answerTimeoutMs, `no answer within ${describeSeconds(answerTimeoutMs)}`);
      isSent = true;
      sent.end(body);
    };
    sent.once('socket', (socket: Socket) => {
      socket.once(isTls ? 'secureConnect' : 'connect', () => void start());
    });
    sent.once('response', (answer) => {
      const { statusCode: httpStatus = 0, headers: answered } = answer;
      isAnswered = true;
      clearTimeout(timer);
      timer = setTimeout(() => answer.destroy(), bodyTimeoutMs);
      void readStart(answer).then((text) => {
        const [retryAfter, location] = [answered['retry-after'], answered.location];
        end({ status: 'answered', httpStatus, body: text, retryAfter, location });
      });
    });
  }
}

const denied: PostResult = {
  status: 'unreached',
  isDenied: true,
  message:
    'its address is of this machine or a private network, which is allowed only with SIGHTGLASS_PRIVATE_TARGETS=on',
};

class DeniedAddressError extends Error {}

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

/** The status has come, so it is an answer, also where its body breaks off. */
async function readStart(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= answerBytesMax) break;
    }
  } catch {
    // What came is what there is.
  }
  return Buffer.concat(chunks).subarray(0, answerBytesMax).toString();
}

function describeSeconds(ms: number): string {
  return `${ms / 1_000} s`;
}

/** Without the address that messages of the platform name: it may be a secret. */
function describeBreak({ code = '' }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'the connection was refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its host name was not found';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the connection broke';
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'it does not answer';
  if (code.startsWith('HPE_')) return `what it answered is not HTTP (${code})`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_|TLS|SSL/.test(code)) return `its certificate is not accepted (${code})`;
  return `the request failed (${code === '' ? 'no code' : code})`;
}
