import type { Context, MiddlewareHandler } from 'hono';

const ownHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Keeps web pages out of a local port: only requests that name this machine, and none that a page of another origin sent.
 * A foreign Host is 421 (it is how DNS rebinding looks), a foreign Origin or a cross-site fetch 403. Exporters send neither.
 */
export function localDoor(refuse: (c: Context, status: 403 | 421, message: string) => Response): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (!isOwnHost(host)) return refuse(c, 421, `Host "${host.slice(0, 100)}" is not localhost, 127.0.0.1 or [::1]`);
    const origin = c.req.header('origin');
    if (origin !== undefined && origin !== `http://${host}`) {
      return refuse(c, 403, `Origin "${origin.slice(0, 100)}" is not this address`);
    }
    const site = c.req.header('sec-fetch-site');
    if (site === 'cross-site' || site === 'same-site') {
      return refuse(c, 403, `Sec-Fetch-Site "${site}" is not allowed`);
    }
    await next();
    return undefined;
  };
}

/** `host` is a Host header: name or address with an optional port. */
export function isOwnHost(host: string): boolean {
  const match = /^(\[[0-9a-f:]+\]|[^:]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1] !== undefined && ownHosts.has(match[1].toLowerCase());
}
