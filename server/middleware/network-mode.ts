import type { MiddlewareHandler } from 'hono';
import { ApiError } from '../contract/errors.ts';
import { hasBody, isJson } from './json-bodies.ts';

interface OwnAddress {
  /** The Host header. */
  host: string;
  publicUrl: string | undefined;
}

/**
 * With keys any name may lead here, and a link from elsewhere may open a page of the UI. The API takes nothing that a page of
 * another origin sent, whatever key or cookie comes with it, and no body but JSON.
 */
export function networkModeGuard({ publicUrl }: { publicUrl: string | undefined }): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.path === '/api' || c.req.path.startsWith('/api/')) {
      const origin = c.req.header('origin');
      if (origin !== undefined && !isOwnOrigin(origin, { host: c.req.header('host') ?? '', publicUrl })) {
        throw new ApiError('foreign_origin', 'requests from pages of another origin are refused');
      }
      if (c.req.header('sec-fetch-site')?.toLowerCase() === 'cross-site') {
        throw new ApiError('foreign_origin', 'requests from pages of another site are refused');
      }
      if (hasBody(c.req.raw.headers) && !isJson(c.req.header('content-type'))) {
        throw new ApiError('unsupported_media_type', 'a body must have content type application/json');
      }
    }
    await next();
  };
}

/** An origin is ours if it is that of the public address, or names the host that was asked, which a proxy may serve by TLS. */
export function isOwnOrigin(origin: string, { host, publicUrl }: OwnAddress): boolean {
  const given = origin.toLowerCase();
  if (publicUrl !== undefined && given === new URL(publicUrl).origin) return true;
  return host !== '' && (given === `http://${host.toLowerCase()}` || given === `https://${host.toLowerCase()}`);
}
