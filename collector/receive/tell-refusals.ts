import type { Context, MiddlewareHandler } from 'hono';
import { findEntered } from './key-door.ts';
import { readProject } from './project.ts';
import { contentTypes, type Signal } from './reply.ts';
import type { Protocol, RequestListener } from './visitor.ts';

/** What refused requests were told, until they are answered. */
const messages = new WeakMap<Response, string>();
/** Requests that the intake has answered, and told of. */
const taken = new WeakSet<Request>();

/** Stands first: tells of every request for a signal that was refused before it came to the intake. */
export function tellRefusals(listener: RequestListener, { isLocal }: { isLocal: boolean }): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const signal = signalOf(c.req.path);
    if (signal === undefined || c.res.status < 400 || taken.has(c.req.raw)) return;
    // What a request without a key says of its project is not believed.
    const entered = findEntered(c.req.raw);
    const projectId = isLocal ? readProject(c.req.header('x-sightglass-project')) : entered?.projectId;
    const visitor = {
      signal,
      projectId,
      keyId: entered?.keyId,
      protocol: protocolOf(c),
      userAgent: c.req.header('user-agent'),
    };
    listener.onRefused(visitor, { status: c.res.status, message: messages.get(c.res) ?? '' });
  };
}

/** Remembers what a refusal says. */
export function toldRefusal(response: Response, message: string): Response {
  messages.set(response, message);
  return response;
}

/** From here on the intake tells of this request. */
export function wasTaken(c: Context): void {
  taken.add(c.req.raw);
}

function signalOf(path: string): Signal | undefined {
  return /\/v1\/(traces|logs|metrics)$/.exec(path)?.[1] as Signal | undefined;
}

function protocolOf(c: Context): Protocol {
  const type = c.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.protobuf) return 'http-protobuf';
  return type === contentTypes.json ? 'http-json' : 'http';
}
