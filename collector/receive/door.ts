import type { Context, MiddlewareHandler } from 'hono';
import type { Refusal } from './reply.ts';

/** What a request says of where it came from and where it wanted to go. */
interface Visitor {
  /** The Host header, or the authority of HTTP/2; a client may send none, whatever the library's types say. */
  host: string | undefined;
  origin: string | undefined;
  /** Sec-Fetch-Site */
  site: string | undefined;
}

const ownHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Keeps web pages out of a local port: only requests that name this machine, and none that a page of another origin sent.
 * A foreign Host is 421 (it is how DNS rebinding looks), a foreign Origin or a cross-site fetch 403. Exporters send neither.
 * Where keys are needed the port is not a local one: it may be called by any name.
 */
export function findIntruder(
  { host = '', origin, site }: Visitor,
  { isLocal = true }: { isLocal?: boolean } = {},
): Refusal | undefined {
  if (isLocal && !isOwnHost(host)) {
    return { status: 421, message: `Host "${host.slice(0, 100)}" is not localhost, 127.0.0.1 or [::1]` };
  }
  // A proxy may have taken TLS off.
  const isOwn = origin === `http://${host}` || (!isLocal && origin === `https://${host}`);
  if (origin !== undefined && !isOwn) {
    return { status: 403, message: `Origin "${origin.slice(0, 100)}" is not this address` };
  }
  if (site === 'cross-site' || site === 'same-site') {
    return { status: 403, message: `Sec-Fetch-Site "${site}" is not allowed` };
  }
  return undefined;
}

/** `findIntruder` in front of every path of the HTTP port. */
export function localDoor(
  refuse: (c: Context, refusal: Refusal) => Response,
  options: { isLocal?: boolean } = {},
): MiddlewareHandler {
  return async (c, next) => {
    const visitor = {
      host: c.req.header('host'),
      origin: c.req.header('origin'),
      site: c.req.header('sec-fetch-site'),
    };
    const refusal = findIntruder(visitor, options);
    if (refusal !== undefined) return refuse(c, refusal);
    await next();
    return undefined;
  };
}

/** `host` is a Host header: name or address with an optional port. */
export function isOwnHost(host: string): boolean {
  const match = /^(\[[0-9a-f:]+\]|[^:]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1] !== undefined && ownHosts.has(match[1].toLowerCase());
}
