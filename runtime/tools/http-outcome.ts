import type { IncomingMessage } from 'node:http';
import { describeBody, maybeText, readContentType } from './body-text.ts';
import type { NoAnswer } from './describe-failure.ts';
import { type HttpClient, type HttpRequest, HttpRequestError } from './http-client.ts';
import { RedirectError, sendFollowing } from './http-redirects.ts';
import { readBody } from './read-body.ts';
import { readRetryAfter } from './retry-delay.ts';
import type { ToolFailureKind, ToolResult } from './tool.ts';

/** What the model is shown of the body of an error. */
const errorBodyBytesMax = 2_000;

/** What came of one try. */
export type HttpOutcome = { isRetryable: boolean; retryAfterMs?: number | undefined } & (
  { result: Omit<ToolResult, 'attempts'> } | { noAnswer: NoAnswer }
);

/** Sends a request once and reads its answer. Never rejects. */
export async function tryRequest(
  client: HttpClient,
  request: HttpRequest,
  { maxResponseBytes }: { maxResponseBytes: number },
): Promise<HttpOutcome> {
  let response: IncomingMessage;
  try {
    response = await sendFollowing(client, request);
  } catch (error) {
    return describeUnanswered(error);
  }
  try {
    return await readAnswer(response, { maxResponseBytes, isWrite: !request.isRepeatable });
  } catch {
    const what = `HTTP ${response.statusCode ?? 0} came, but its answer broke off`;
    return { noAnswer: { what, kind: 'transport', wasSent: true }, isRetryable: true };
  }
}

function describeUnanswered(error: unknown): HttpOutcome {
  if (error instanceof RedirectError) {
    const failure = error.reason === 'foreign' ? 'denied' : 'bad_response';
    return { result: { text: `The call failed: ${error.message}.`, failure }, isRetryable: false };
  }
  if (!(error instanceof HttpRequestError)) {
    return { noAnswer: { what: 'the request failed', kind: 'transport', wasSent: true }, isRetryable: false };
  }
  if (error.reason === 'denied') {
    return { result: { text: `Not allowed: ${error.message}.`, failure: 'denied' }, isRetryable: false };
  }
  const kind = error.reason === 'malformed' ? 'bad_response' : 'transport';
  return { noAnswer: { what: error.message, kind, wasSent: error.wasSent }, isRetryable: error.reason === 'broken' };
}

async function readAnswer(
  response: IncomingMessage,
  { maxResponseBytes, isWrite }: { maxResponseBytes: number; isWrite: boolean },
): Promise<HttpOutcome> {
  const status = response.statusCode ?? 0;
  const isFine = status >= 200 && status < 300;
  const type = readContentType(response.headers['content-type']);
  const keptBytes = isFine ? maxResponseBytes : Math.min(maxResponseBytes, errorBodyBytesMax);
  const body = await readBody(response, maybeText(type) ? keptBytes : 0);
  const { text, cutFromBytes, isBroken } = describeBody(type, body);
  const name = `HTTP ${status}${response.statusMessage === '' ? '' : ` ${response.statusMessage ?? ''}`}`;
  if (isFine) {
    if (isBroken) {
      return {
        result: { text: `${name} says that this is JSON, but it is not: ${text}`, failure: 'bad_response' },
        isRetryable: false,
      };
    }
    const shown = body.totalBytes === 0 ? `${name}, without content` : text;
    return { result: { text: shown, ...(cutFromBytes === undefined ? {} : { cutFromBytes }) }, isRetryable: false };
  }
  const retryAfterMs = readRetryAfter(response.headers['retry-after'], Date.now());
  const told = [
    name,
    ...(retryAfterMs === undefined ? [] : [`may be asked again in ${Math.ceil(retryAfterMs / 1_000)} s`]),
    // A proxy that got no answer from behind says so with these.
    ...(isWrite && status >= 500 ? ['whether it was done all the same is not known'] : []),
  ].join('; ');
  const failure = readFailure(status);
  const isRetryable = status === 408 || status === 429 || status >= 500;
  return { result: { text: body.totalBytes === 0 ? told : `${told}: ${text}`, failure }, isRetryable, retryAfterMs };
}

/** Of a status that is no success. */
export function readFailure(status: number): ToolFailureKind {
  if (status === 401 || status === 403 || status === 407) return 'auth';
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'upstream_5xx';
  return status >= 400 ? 'upstream_4xx' : 'bad_response';
}
