import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from 'pino';
import { apiErrors, ApiError, type ApiErrorCode } from '../contract/errors.ts';
import type { ServerEnv } from './environment.ts';

/** When a client should come back: about as long as an embedded ClickHouse takes to restart. */
const retryAfterSeconds = 2;
const retryable = new Set<ApiErrorCode>(['database_unavailable', 'runtime_unavailable', 'too_many_streams']);
/** Nobody reads it: the client has gone. */
const clientClosedRequest = 499;

/** Turns what a handler threw into `{ error: { code, message } }`; logs bugs and a missing database, never what was asked. */
export function errorResponder(log: Logger) {
  return (error: unknown, c: Context<ServerEnv>): Response => {
    if (c.req.raw.signal.aborted) return new Response(null, { status: clientClosedRequest });
    if (error instanceof ApiError) return respond(c, error, log);
    // Thrown where a body that should be JSON is read.
    if (error instanceof HTTPException && error.status === 400) {
      return answer(c, new ApiError('invalid_request', 'the body is not valid JSON'));
    }
    log.error({ requestId: c.var.requestId, route: c.req.path, err: error }, 'request failed');
    const message = `this is a bug; the log has its cause under request id ${c.var.requestId}`;
    return answer(c, new ApiError('internal', message));
  };
}

function respond(c: Context<ServerEnv>, error: ApiError, log: Logger): Response {
  if (apiErrors[error.code].status >= 500) {
    log.warn({ requestId: c.var.requestId, code: error.code, cause: causeOf(error) }, error.message);
  }
  return answer(c, error);
}

function answer(c: Context<ServerEnv>, error: ApiError): Response {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  // No Basic: browsers would ask for a password of their own.
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Bearer realm="sightglass"';
  if (retryable.has(error.code)) {
    headers['retry-after'] = String(retryAfterSeconds);
  }
  return c.json({ error: { code: error.code, message: error.message } }, apiErrors[error.code].status, headers);
}

/** The reason without the query: ClickHouse's messages may quote values. */
function causeOf({ cause }: ApiError): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { code } = cause as NodeJS.ErrnoException;
  return code === undefined ? cause.name : `${cause.name} ${code}`;
}
