import type { MiddlewareHandler } from 'hono';
import { DoorError } from './door-error.ts';

const ownHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Keeps web pages out of a local port: only requests that name this machine, and none that a page of another origin sent.
 * A foreign Host is 421 (it is how DNS rebinding looks), a foreign Origin or a cross-site fetch 403; bodies are JSON, else 415.
 * Where keys are needed the port is not a local one: it may be called by any name.
 */
export function localDoor({ isLocal }: { isLocal: boolean }): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (isLocal && !isOwnHost(host))
      throw new DoorError('wrong_host', `Host "${host.slice(0, 100)}" is not localhost, 127.0.0.1 or [::1]`);
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site');
    // A proxy may have taken TLS off.
    const isOwn = origin === `http://${host}` || (!isLocal && origin === `https://${host}`);
    if (origin !== undefined && !isOwn)
      throw new DoorError('foreign_origin', `Origin "${origin.slice(0, 100)}" is not this address`);
    if (site === 'cross-site' || site === 'same-site')
      throw new DoorError('foreign_origin', `Sec-Fetch-Site "${site}" is not allowed`);
    const type = c.req.header('content-type');
    // A DELETE or a cancel needs no body; with one of another type a page could send it without asking.
    if (
      c.req.method !== 'GET' &&
      !(type === undefined && !hasBody(c.req.raw)) &&
      !/^application\/json\s*(;|$)/i.test(type ?? '')
    )
      throw new DoorError(
        'unsupported_media_type',
        `Content-Type "${(type ?? '').slice(0, 100)}" is not application/json`,
      );
    await next();
  };
}

function hasBody(request: Request): boolean {
  return request.headers.get('transfer-encoding') !== null || (request.headers.get('content-length') ?? '0') !== '0';
}

/** `host` is a Host header: name or address with an optional port. */
function isOwnHost(host: string): boolean {
  const match = /^(\[[0-9a-f:]+\]|[^:]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1] !== undefined && ownHosts.has(match[1].toLowerCase());
}
