import { readRetryAfterMs, type Refusal, toModelFailure } from './failure-kinds.ts';
import { ModelFailure } from './model-failure.ts';
import { abortedFailure } from './read-reply.ts';

/** What an error of the `openai` and `@anthropic-ai/sdk` packages means; both make theirs the same way. Throws on any other. */
export function readSdkError(error: unknown, { signal, nowMs }: { signal: AbortSignal; nowMs: number }): ModelFailure {
  if (error instanceof ModelFailure) return error;
  if (signal.aborted) return abortedFailure();
  // Whatever is no error of the packages is a fault of ours.
  if (!(error instanceof Error) || !('status' in error)) throw error;
  const { status, headers, error: body } = error as Error & { status?: unknown; headers?: unknown; error?: unknown };
  if (typeof status === 'number') {
    const refusal: Refusal = body === undefined ? { message: readPlainBody(error.message) } : readErrorObject(body);
    const header = headers instanceof Headers ? readRetryAfterMs(headers, nowMs) : undefined;
    return toModelFailure({ ...refusal, status, retryAfterMs: header ?? refusal.retryAfterMs }, error);
  }
  return readConnectionError(error);
}

/** The packages' `502 upstream connect error`, without its number; a page of HTML tells people nothing. */
function readPlainBody(message: string): string {
  const text = message.replace(/^\d{3} /, '');
  return /^\s*<|^status code \(no body\)$/.test(text) ? '' : text;
}

/**
 * The parts of an error object, wherever a provider puts them: `{ message, type, code }`, the same within `error`, within a list
 * (Google), or a bare text.
 */
export function readErrorObject(body: unknown): Refusal {
  if (typeof body === 'string') return { message: body };
  if (Array.isArray(body)) return readErrorObject(body[0]);
  if (typeof body !== 'object' || body === null) return { message: '' };
  const { error, message, type, code, status, details, detail } = body as Record<string, unknown>;
  if (error !== undefined && error !== null) return readErrorObject(error);
  const said = message ?? detail;
  return {
    status: typeof code === 'number' && code >= 400 && code <= 599 ? code : undefined,
    code: typeof code === 'string' ? code : typeof status === 'string' ? status : undefined,
    type: typeof type === 'string' ? type : undefined,
    message: typeof said === 'string' ? said : said === undefined ? '' : JSON.stringify(said),
    retryAfterMs: readRetryDelay(details),
  };
}

/** Google's form: `{ "@type": "…RetryInfo", "retryDelay": "36s" }`. */
function readRetryDelay(details: unknown): number | undefined {
  if (!Array.isArray(details)) return undefined;
  for (const one of details as unknown[]) {
    const delay = (one as { retryDelay?: unknown } | null)?.retryDelay;
    const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(typeof delay === 'string' ? delay : '') ?? [];
    if (seconds !== undefined) return Math.round(Number(seconds) * 1_000);
  }
  return undefined;
}

function readConnectionError(error: Error): ModelFailure {
  let root: unknown = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  const { code } = root as { code?: unknown };
  const words = root instanceof Error && root.message !== '' ? root.message : 'no connection';
  const kind = code === 'ETIMEDOUT' ? 'timeout' : 'unavailable';
  const named = typeof code === 'string' && !words.includes(code) ? `${code}: ${words}` : words;
  return new ModelFailure(kind, `the connection failed: ${named}`, { cause: error });
}
