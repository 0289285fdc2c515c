import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, HonoRequest, MiddlewareHandler } from 'hono';
import { ApiError } from '../contract/errors.ts';
import { everyProject } from '../contract/keys.ts';
import { readCredential } from '../domain/keys/credentials.ts';
import { isApiPath, isOpenPath, neededScopes } from '../domain/keys/needed-scopes.ts';
import type { StoredKey } from '../domain/keys/stored-key.ts';
import type { Identified, KeyRing } from '../keys/key-ring.ts';
import type { Sessions } from '../keys/sessions.ts';
import { type Access, localAccess } from './access.ts';
import type { ServerEnv } from './environment.ts';
import { isOwnOrigin } from './network-mode.ts';

export interface Authentication {
  keyRing: KeyRing;
  sessions: Sessions;
  /** What the installation's own programs present in `x-sightglass-internal`. */
  internalSecret: string;
  /** Absent: the address of the request. */
  publicUrl: string | undefined;
}

/** Without a key: what is open to everybody sees this. */
const nobody: Access = { ...localAccess, auth: 'on', actor: '', scopes: [] };
/** These have no project of their own in their query. */
const withoutProject = /^\/api\/(projects|agents|keys|settlement|prices\/schema\.json|openapi\.json)(\/|$)/;
/** The server's own numbers. */
const metricsPath = '/metrics';
/** What the runtime asks for. */
const internalPaths = new Set(['/api/prices', '/api/budgets/resolve']);

/**
 * Lets in who has a key: by a header, or by the cookie of a login. The key decides the project: a request that names none is
 * one for the key's, one that names another is refused. Without `authentication` everything is allowed.
 */
export function authenticate(authentication: Authentication | undefined): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    if (authentication === undefined) {
      c.set('access', localAccess);
      return next();
    }
    const { path, method } = c.req;
    const access = isApiPath(path) || path === metricsPath ? await findAccess(c, authentication) : undefined;
    c.set('access', access ?? nobody);
    if (path === metricsPath) requireEveryProject(access);
    if (isApiPath(path) && !isOpenPath(path)) {
      if (access === undefined) throw noKey();
      requireScope(access, method, path);
      if (access.projectId !== undefined) holdToProject(c.req, access.projectId);
    }
    return next();
  };
}

/** What this server says of itself is of all projects. */
function requireEveryProject(access: Access | undefined): void {
  if (access === undefined) throw noKey();
  if (access.scopes.includes('read') && access.projectId === undefined) return;
  throw new ApiError(
    'forbidden',
    `this needs a key with scope read, made with --project '${everyProject}': the numbers are of all projects`,
  );
}

function noKey(): ApiError {
  const forms = 'Authorization: Bearer KEY, Authorization: Basic with KEY-ID:SECRET, or x-api-key: KEY';
  return new ApiError('unauthorized', `this needs a valid key: ${forms}`);
}

/** Undefined: nothing was presented, or a cookie that is no longer good. */
async function findAccess(c: Context<ServerEnv>, authentication: Authentication): Promise<Access | undefined> {
  const { keyRing, sessions, internalSecret } = authentication;
  const internal = c.req.header('x-sightglass-internal');
  if (internal !== undefined) {
    if (!internalPaths.has(c.req.path) || !isSame(internal, internalSecret)) throw noKey();
    return { ...localAccess, auth: 'on', actor: 'runtime', scopes: ['read', 'run'] };
  }
  const presented = readCredential({
    authorization: c.req.header('authorization'),
    apiKey: c.req.header('x-api-key'),
  });
  if (presented.status === 'none') {
    const session = sessions.read(c);
    if (session === undefined || !mayUseCookie(c.req as HonoRequest, authentication)) return undefined;
    const identified = keyRing.recall(session.keyId);
    const cannotTell = identified.status === 'unavailable' && !isOpenPath(c.req.path);
    return identified.status === 'inForce' || cannotTell ? readIdentified(identified, keyRing) : undefined;
  }
  // The login takes the key in its body.
  if (presented.status !== 'key') throw noKey();
  return readIdentified(await keyRing.identify(presented.credential), keyRing);
}

function readIdentified(identified: Identified, keyRing: KeyRing): Access {
  switch (identified.status) {
    case 'inForce':
      return toAccess(identified.key, keyRing);
    case 'expired':
      throw new ApiError('unauthorized', `the key ${identified.keyId} has expired`);
    case 'revoked':
      throw new ApiError('unauthorized', `the key ${identified.keyId} was revoked`);
    case 'unknown':
      throw noKey();
    case 'unavailable':
      throw new ApiError(
        'database_unavailable',
        'ClickHouse does not answer, so this key cannot be checked; try again',
      );
  }
}

function toAccess({ keyId, name, projectId, scopes }: StoredKey, keyRing: KeyRing): Access {
  return {
    auth: 'on',
    key: { keyId, name, projectId, scopes: [...scopes] },
    projectId: projectId === everyProject ? undefined : projectId,
    ...{ actor: keyId, scopes },
    onEnd: (end) => keyRing.watch(keyId, end),
  };
}

/** A browser sends the cookie by itself: it counts for requests of our own pages alone, and to write they must say so. */
function mayUseCookie(request: Pick<HonoRequest, 'method' | 'header'>, { publicUrl }: Authentication): boolean {
  const site = request.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const origin = request.header('origin');
  if (origin === undefined) return request.method === 'GET' || request.method === 'HEAD';
  return isOwnOrigin(origin, { host: request.header('host') ?? '', publicUrl });
}

function requireScope({ scopes }: Access, method: string, path: string): void {
  const needed = neededScopes(method, path);
  if (needed.some((scope) => scopes.includes(scope))) return;
  throw new ApiError('forbidden', `this needs a key with scope ${needed.join(' or ')}; yours has ${scopes.join(', ')}`);
}

/** Handlers see the key's project in the query, whatever was sent. */
function holdToProject(request: HonoRequest, projectId: string): void {
  const queries = request.queries();
  const named = Object.hasOwn(queries, 'project') ? (queries['project'] ?? []) : [];
  if (named.some((one) => one !== projectId)) {
    throw new ApiError('forbidden', `this key is of project ${projectId}, not of the one that \`project\` names`);
  }
  if (withoutProject.test(request.path)) return;
  const held = { ...queries, project: named.length > 1 ? named : [projectId] };
  // The checks of requests read all parameters by this method.
  request.queries = ((name?: string) =>
    name === undefined ? held : held[name as 'project']) as typeof request.queries;
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
