import type { Metadata } from '@grpc/grpc-js';
import type { Context, MiddlewareHandler } from 'hono';
import type { Entered, Gate, Presented } from './authenticate.ts';
import type { Refusal } from './reply.ts';

/** Who was let in, by the request or the metadata of the call. */
const entered = new WeakMap<object, Entered>();

/** In front of every path of the HTTP port, the two that tell how the process is left out. */
export function keyDoor(gate: Gate, refuse: (c: Context, refusal: Refusal) => Response): MiddlewareHandler {
  return async (c, next) => {
    const { path } = c.req;
    if (path === '/healthz' || path === '/readyz') return next();
    const result = await gate.enter(readHeaders(c), path === '/metrics' ? 'metrics' : 'ingest');
    if (result.status !== 'entered') return refuse(c, result);
    entered.set(c.req.raw, result);
    return next();
  };
}

/** The same for a call of gRPC. */
export async function enterCall(gate: Gate, metadata: Metadata): Promise<Refusal | undefined> {
  const all = (name: string) => metadata.get(name).map((value) => value.toString());
  const result = await gate.enter(
    {
      authorization: all('authorization'),
      apiKey: all('x-api-key'),
      internal: all('x-sightglass-internal'),
      project: all('x-sightglass-project'),
    },
    'ingest',
  );
  if (result.status !== 'entered') return result;
  entered.set(metadata, result);
  return undefined;
}

/** Undefined in local mode, and for what was not let in. */
export function findEntered(request: Request | Metadata): Entered | undefined {
  return entered.get(request);
}

/** A header that was sent twice comes joined by commas, which no key has, or as its first. */
function readHeaders(c: Context): Presented {
  const one = (name: string) => {
    const value = c.req.header(name);
    return value === undefined ? [] : [value];
  };
  return {
    authorization: one('authorization'),
    apiKey: one('x-api-key'),
    internal: one('x-sightglass-internal'),
    project: one('x-sightglass-project'),
  };
}
