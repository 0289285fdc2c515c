import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { z } from 'zod';
import { runtimeError } from './contract/agents.ts';
import { type ApiErrorCode, ApiError } from './contract/errors.ts';

/** A list or a session comes at once; an answer of an agent may take as long as its turn. */
const readTimeoutMs = 10_000;
/** Of one JSON answer: a long session with its texts. */
const replyBytesMax = 32 * 1024 * 1024;

interface RuntimeRequest {
  method: 'GET' | 'POST';
  /** Its parts percent-encoded. */
  path: string;
  /** Whose sessions are meant. */
  projectId: string;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
  /** Aborted: the caller has gone. */
  signal: AbortSignal;
}

/** Checked, or the runtime's own error. */
type RuntimeReply<Reply> =
  | { status: 'ok'; reply: Reply; text: string }
  | { status: 'refused'; httpStatus: number; error: z.infer<typeof runtimeError>['error'] };

/**
 * Speaks to the runtime over HTTP. Throws `runtime_unavailable` where it is not configured, not there or too slow, and
 * `runtime_bad_reply` where it answers what it should not. By `node:http`: `fetch` gives up on a turn that is quiet for five minutes.
 */
export class RuntimeClient {
  readonly #url: string | undefined;
  readonly #internalSecret: string | undefined;

  /** `http(s)://host:port`; undefined: there is no runtime. With keys the runtime knows us by the secret. */
  constructor(url: string | undefined, internalSecret: string | undefined) {
    this.#url = url;
    this.#internalSecret = internalSecret;
  }

  /** False: every request would be `runtime_unavailable`. */
  get isConfigured(): boolean {
    return this.#url !== undefined;
  }

  /** The reply to a request that is answered at once; of errors only those named in `expected` are passed on. */
  async ask<Reply>(
    request: RuntimeRequest,
    { schema, expected }: { schema: z.ZodType<Reply>; expected: readonly ApiErrorCode[] },
  ): Promise<Reply> {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(readTimeoutMs)]);
    const answer = await this.send({ ...request, signal });
    const read = await readJson(answer, schema);
    if (read.status === 'ok') return read.reply;
    throw toApiError(read, expected);
  }

  /** Resolves with the head of the answer; its body is still to come. */
  async send({ method, path, projectId, headers, body, signal }: RuntimeRequest): Promise<IncomingMessage> {
    if (this.#url === undefined) {
      throw new ApiError('runtime_unavailable', 'this server knows of no runtime: SIGHTGLASS_RUNTIME_URL is not set');
    }
    const url = new URL(this.#url);
    const start = url.protocol === 'https:' ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const outgoing = start(`${url.origin}${url.pathname.replace(/\/$/, '')}${path}`, {
        method,
        headers: {
          accept: 'application/json, text/event-stream',
          ...headers,
          ...(this.#internalSecret === undefined
            ? {}
            : {
                'x-sightglass-internal': this.#internalSecret,
                'x-sightglass-project': Buffer.from(projectId).toString('latin1'),
              }),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        signal,
      });
      outgoing.on('response', resolve);
      outgoing.on('error', (cause) => {
        reject(new ApiError('runtime_unavailable', 'the runtime does not answer; try again', { cause }));
      });
      outgoing.end(body);
    });
  }
}

/** Reads a JSON answer to its end and checks it. */
export async function readJson<Reply>(answer: IncomingMessage, schema: z.ZodType<Reply>): Promise<RuntimeReply<Reply>> {
  const text = await readText(answer);
  const httpStatus = answer.statusCode ?? 0;
  const content = parseJson(text);
  if (httpStatus >= 400) {
    const parsed = runtimeError.safeParse(content);
    if (parsed.success) return { status: 'refused', httpStatus, error: parsed.data.error };
    throw badReply(`status ${httpStatus} without an error in its body`);
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw badReply('another form than agreed', parsed.error);
  return { status: 'ok', reply: parsed.data, text };
}

/** An error of the runtime as one of this API. */
function toApiError(
  { httpStatus, error }: { httpStatus: number; error: z.infer<typeof runtimeError>['error'] },
  expected: readonly ApiErrorCode[],
): ApiError {
  const code = expected.find((one) => one === error.code);
  if (code !== undefined) return new ApiError(code, error.message);
  if (httpStatus === 503 || httpStatus === 429) return new ApiError('runtime_unavailable', error.message);
  return badReply(`status ${httpStatus}`);
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > replyBytesMax) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new ApiError('runtime_unavailable', 'the runtime broke off its answer; try again', { cause });
  }
  if (bytes > replyBytesMax) throw badReply(`more than ${replyBytesMax} bytes`);
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function badReply(what: string, cause?: Error): ApiError {
  return new ApiError('runtime_bad_reply', `the runtime’s answer cannot be read: ${what}`, { cause });
}
