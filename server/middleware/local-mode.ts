import type { MiddlewareHandler } from 'hono';
import { ApiError } from '../contract/errors.ts';
import { hasBody, isJson } from './json-bodies.ts';

const localHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * Keeps a web page in the user's browser out: only this machine's own names as `Host` (a rebound DNS name fails here), no
 * foreign `Origin`, no cross-site request, no body but JSON. Runs before everything else, for every method and path.
 */
export function localModeGuard(): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host');
    if (host === undefined || !localHost.test(host)) {
      throw new ApiError('wrong_host', 'the Host header must be localhost, 127.0.0.1 or [::1]');
    }
    const origin = c.req.header('origin');
    if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
      throw new ApiError('foreign_origin', `requests from pages of another origin are refused; this is http://${host}`);
    }
    if (c.req.header('sec-fetch-site')?.toLowerCase() === 'cross-site') {
      throw new ApiError('foreign_origin', 'requests from pages of another site are refused');
    }
    if (hasBody(c.req.raw.headers) && !isJson(c.req.header('content-type'))) {
      throw new ApiError('unsupported_media_type', 'a body must have content type application/json');
    }
    await next();
  };
}
