import { looksLikeSecret } from '../definition/secrets.ts';
import { ModelFailure, type ModelFailureKind } from './model-failure.ts';

/** A provider's own words beyond this help nobody. */
const messageLimitChars = 500;

/** What a provider says of a failure, whatever protocol it speaks. */
export interface Refusal {
  /** Absent within a stream. */
  status?: number | undefined;
  code?: string | undefined;
  type?: string | undefined;
  message: string;
  retryAfterMs?: number | undefined;
}

/** The failure that a refusal means. */
export function toModelFailure(refusal: Refusal, cause?: unknown): ModelFailure {
  const { status, message, retryAfterMs } = refusal;
  const words = [...(status === undefined ? [] : [`HTTP ${status}`]), ...(message === '' ? [] : [message])].join(': ');
  return new ModelFailure(kindOf(refusal), tidyMessage(words), { status, retryAfterMs, cause });
}

const quotaCodes =
  /^(insufficient_quota|billing_hard_limit_reached|billing_not_active|billing_error|insufficient_balance)$/;
const quotaWords =
  /credit balance is too low|insufficient (credits|balance|funds|quota)|exceeded your current quota|billing hard limit/i;
/** A quota that is full again soon is a rate limit by another name. */
const soonAgain = /(retry|try again) in [\d.]+ ?m?s/i;
const contextCodes =
  /^(context_length_exceeded|context_window_exceeded|model_context_window_exceeded|request_too_large|exceed_context_size_error)$/;
const contextWords =
  /maximum context length|context[_ -]?(length|window)|prompt is too long|prompt too long|exceed(s|ed)? (the )?(available )?context|input token count.*exceeds|too many (input |prompt )?tokens|^request too large/i;
const filterCodes = /^(content_filter|content_policy_violation|responsibleaipolicyviolation|data_inspection_failed)$/i;
const authCodes = /^(invalid_api_key|authentication_error|permission_error|invalid_authentication)$/;
/** Google's 400. */
const authWords = /api key not valid|pass a valid api key/i;
const limitCodes = /^(rate_limit_error|rate_limit_exceeded|requests|tokens|resource_exhausted)$/i;
const busyCodes =
  /^(overloaded_error|api_error|server_error|internal_error|internal_server_error|timeout_error|unavailable)$/i;
const requestCodes = /^(invalid_request_error|not_found_error|invalid_argument|bad_request)$/i;

function kindOf({ status, code = '', type = '', message, retryAfterMs }: Refusal): ModelFailureKind {
  const says = (words: RegExp) => words.test(code) || words.test(type);
  const isRefusal = status === undefined || (status >= 400 && status <= 499);
  if (isRefusal) {
    if (status === 402 || says(quotaCodes)) return 'quota';
    if (quotaWords.test(message) && retryAfterMs === undefined && !soonAgain.test(message)) return 'quota';
    if (status === 413 || says(contextCodes) || (status !== 401 && contextWords.test(message)))
      return 'context_too_long';
    if (says(filterCodes)) return 'content_filter';
    if (authWords.test(message)) return 'auth';
  }
  switch (status) {
    case undefined:
      if (says(authCodes)) return 'auth';
      if (says(limitCodes)) return 'rate_limited';
      // A code such as `server_error` beside a type that says less.
      if (!says(busyCodes) && says(requestCodes)) return 'invalid_request';
      return 'unavailable';
    case 401:
    case 403:
      return 'auth';
    case 408:
      return 'timeout';
    // Another call holds what this one needs, or it came too early.
    case 409:
    case 425:
      return 'unavailable';
    case 429:
      return 'rate_limited';
    default:
      return status >= 500 ? 'unavailable' : 'invalid_request';
  }
}

/** Providers repeat parts of keys in their messages; these end in spans and logs. */
function tidyMessage(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ').trim();
  const words = looksLikeSecret(line) ? line.replaceAll(/\S*(?:sk-|key-|AIza|gsk_|eyJ)[\w*.…-]+/g, '…') : line;
  const safe = looksLikeSecret(words) ? 'a message that holds what looks like a key' : words;
  return safe.length > messageLimitChars ? `${safe.slice(0, messageLimitChars)}…` : safe;
}

/** How long a provider wants to be left alone: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date. */
export function readRetryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const exact = toNumber(headers.get('retry-after-ms'));
  if (exact !== undefined) return Math.round(exact);
  const text = headers.get('retry-after');
  const seconds = toNumber(text);
  if (seconds !== undefined) return Math.round(seconds * 1_000);
  // Dates alone: `Date.parse` takes much else for one.
  const dateMs = text !== null && /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

function toNumber(text: string | null): number | undefined {
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}
