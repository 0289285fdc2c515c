import type { Context, MiddlewareHandler } from 'hono';
import type { Env } from 'hono';
import { DoorError } from './door-error.ts';
import { isSameSecret, type KeyCheck } from './key-check.ts';

/** What stands at the door where keys are needed. */
export interface Authentication {
  keys: Pick<KeyCheck, 'check'>;
  /** What the server presents when it forwards, with the project it forwards for. */
  internalSecret: string;
}

/** What the middleware gives every handler by `c.var`. */
export interface DoorEnv extends Env {
  Variables: {
    /** Whose sessions these are; undefined in local mode: the default project's. */
    project: string | undefined;
  };
}

const everyProject = '*';
const neededScope = 'run';
const comeBackMs = 2_000;
const projectPattern = /^[^\p{Cc}*]{1,128}$/u;

/** Lets in who has a key with scope `run`, and the server. Its project decides whose sessions a request sees. */
export function authenticate(authentication: Authentication | undefined): MiddlewareHandler<DoorEnv> {
  return async (c, next) => {
    if (authentication === undefined || c.req.path === '/healthz' || c.req.path === '/readyz') {
      c.set('project', undefined);
      return next();
    }
    c.set('project', await findProject(c, authentication));
    return next();
  };
}

async function findProject(c: Context, { keys, internalSecret }: Authentication): Promise<string> {
  const internal = c.req.header('x-sightglass-internal');
  const named = readProject(c.req.header('x-sightglass-project'));
  if (internal !== undefined) {
    if (!isSameSecret(internal, internalSecret)) throw noKey();
    return named ?? 'default';
  }
  const presented = { authorization: c.req.header('authorization'), apiKey: c.req.header('x-api-key') };
  if (presented.authorization === undefined && presented.apiKey === undefined) throw noKey();
  const checked = await keys.check(presented);
  if (checked.status === 'unavailable') {
    throw new DoorError(
      'key_check_unavailable',
      'the server does not answer, so this key cannot be checked; try again',
      {
        retryAfterMs: comeBackMs,
      },
    );
  }
  if (checked.status === 'refused') throw new DoorError('unauthorized', checked.message);
  const { projectId, scopes } = checked;
  if (!scopes.includes(neededScope)) {
    throw new DoorError('forbidden', `this needs a key with scope ${neededScope}; yours has ${scopes.join(', ')}`);
  }
  if (projectId === everyProject) return named ?? 'default';
  if (named !== undefined && named !== projectId) {
    throw new DoorError(
      'forbidden',
      `this key is of project ${projectId}, not of the one that x-sightglass-project names`,
    );
  }
  return projectId;
}

function noKey(): DoorError {
  return new DoorError('unauthorized', 'this needs a valid key: Authorization: Bearer KEY, or x-api-key: KEY');
}

/** Header values arrive as Latin-1; senders mean UTF-8. */
function readProject(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const name = Buffer.from(header, 'latin1').toString();
  if (projectPattern.test(name)) return name;
  throw new DoorError('invalid_request', 'x-sightglass-project is not a name of 1 to 128 characters');
}
