import { beginActivity } from './activity.ts';
import { parseJson } from './json.ts';
import type { ApiErrorCode } from './types.ts';

export type Params = Record<string, string | number | readonly string[] | null | undefined>;
/** The API's, our own, or one of the runtime's: those of a turn come as they are. */
export type FailureCode = ApiErrorCode | 'unreachable' | 'bad_reply' | (string & {});

/** A request that gave no answer to show: what failed, in words, and the id under which the server logged it. */
export class ApiFailure extends Error {
  readonly code: FailureCode;
  readonly status: number | null;
  readonly requestId: string | null;

  constructor(failure: { code: FailureCode; message: string; status?: number; requestId?: string | null }) {
    super(failure.message);
    this.name = 'ApiFailure';
    this.code = failure.code;
    this.status = failure.status ?? null;
    this.requestId = failure.requestId ?? null;
  }
}

/** GET below `/api`. The type is the contract's: server and page come from one release. Throws `ApiFailure`, or `AbortError`. */
export async function getJson<Reply>(path: string, params: Params, signal?: AbortSignal): Promise<Reply> {
  const endActivity = beginActivity();
  try {
    const response = await send(`${path}${toSearch(params)}`, { signal });
    return parseBody(await response.text(), response) as Reply;
  } finally {
    endActivity();
  }
}

/** Any request below `/api`; resolves with the head of an answer that is no error. Throws `ApiFailure`, or `AbortError`. */
export async function send(path: string, outgoing: Outgoing = {}): Promise<Response> {
  const response = await ask(path, outgoing);
  if (!response.ok) throw await readFailure(response);
  return response;
}

/** As `send`, but an error is an answer too: `readFailure` reads it. */
export async function ask(path: string, { method = 'GET', headers, body, signal }: Outgoing): Promise<Response> {
  const response = await request(`/api${path}`, {
    method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
  });
  if (response.status === 401 && path !== '/login') unauthorized?.();
  return response;
}

let unauthorized: (() => void) | undefined;

/** Tells one listener, until the returned function is called, that the server wants a key and got none that is valid. */
export function onUnauthorized(listener: () => void): () => void {
  unauthorized = listener;
  return () => {
    if (unauthorized === listener) unauthorized = undefined;
  };
}

interface Outgoing {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiFailure({
      code: 'unreachable',
      message: 'The Sightglass server does not answer. Is it running?',
    });
  }
}

/** True for the error of a request that was given up because its page was left. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Any thrown value as a failure that a page can show. */
export function toFailure(error: unknown): ApiFailure {
  if (error instanceof ApiFailure) return error;
  return new ApiFailure({
    code: 'bad_reply',
    message: error instanceof Error ? error.message : String(error),
  });
}

/** `?a=1&b=2&b=3`; empty and absent values are left out. */
export function toSearch(params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === '') continue;
    const values = typeof value === 'object' ? value : [String(value)];
    for (const one of values) search.append(name, one);
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** Why an answer with an error status is one. */
export async function readFailure(response: Response): Promise<ApiFailure> {
  const text = await response.text();
  const requestId = response.headers.get('x-request-id');
  const fallback = `The server answered ${response.status} ${response.statusText}.`;
  try {
    const body = JSON.parse(text) as { error?: { code?: ApiErrorCode; message?: string } };
    return new ApiFailure({
      code: body.error?.code ?? 'bad_reply',
      message: body.error?.message ?? fallback,
      status: response.status,
      requestId,
    });
  } catch {
    return new ApiFailure({
      code: 'bad_reply',
      message: fallback,
      status: response.status,
      requestId,
    });
  }
}

function parseBody(text: string, response: Response): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new ApiFailure({
      code: 'bad_reply',
      message: 'The server’s answer is not JSON.',
      status: response.status,
      requestId: response.headers.get('x-request-id'),
    });
  }
}
