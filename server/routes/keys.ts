import { createRoute } from '@hono/zod-openapi';
import { ApiError } from '../contract/errors.ts';
import {
  createdKeyReply,
  createKeyRequest,
  everyProject,
  keyPath,
  keyReply,
  keysQuery,
  keysReply,
} from '../contract/keys.ts';
import type { Access } from '../middleware/access.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Keys } from '../keys/keys.ts';
import { createRouter, replies } from './api.ts';
import { limitKeyBody } from './key-body.ts';

export interface KeyRouteDeps {
  keys: Keys;
  /** Undefined in local mode: nobody presents a key. */
  keyRing: KeyRing | undefined;
  now: () => number;
}

/** Keys of the asking key's project; in local mode, and for a key of every project, all. */
export function keyRoutes({ keys, keyRing, now }: KeyRouteDeps) {
  return createRouter()
    .openapi(listRoute, async (c) => {
      c.header('cache-control', 'no-store');
      return c.json({ keys: await keys.list(c.var.db, c.var.access.projectId, now()) }, 200);
    })
    .openapi(createKeyRoute, async (c) => {
      const request = c.req.valid('json');
      requireProject(c.var.access, request.projectId);
      const created = await keys.create(c.var.db, request, { actor: c.var.access.actor, nowMs: now() });
      c.header('cache-control', 'no-store');
      return c.json(created, 200);
    })
    .openapi(revokeRoute, async (c) => {
      const { keyId } = c.req.valid('param');
      const { projectId, actor } = c.var.access;
      const key = await keys.revoke(c.var.db, { keyId, projectId }, { actor, nowMs: now() });
      await keyRing?.refresh();
      return c.json({ key }, 200);
    });
}

/** A key makes keys of its own project. One of every project is made by who has the database, or already has such a key. */
function requireProject({ key, projectId }: Access, wanted: string): void {
  if (projectId !== undefined && wanted !== projectId) {
    throw new ApiError('forbidden', `this key is of project ${projectId} and makes keys of that alone`);
  }
  if (wanted === everyProject && key === null) {
    throw new ApiError('forbidden', 'a key of every project is made on the command line: sightglass keys create');
  }
}

const listRoute = createRoute({
  method: 'get',
  path: '/keys',
  tags: ['Keys'],
  summary: 'Lists keys, those in force first, the newest of each first',
  request: { query: keysQuery },
  responses: replies(keysReply, 'The keys, without their secrets.'),
});

const createKeyRoute = createRoute({
  method: 'post',
  path: '/keys',
  tags: ['Keys'],
  summary: 'Makes a key; its secret is in this answer and cannot be read again',
  middleware: [limitKeyBody] as const,
  request: {
    query: keysQuery,
    body: { required: true, content: { 'application/json': { schema: createKeyRequest } } },
  },
  responses: replies(createdKeyReply, 'The key.', ['too_many_keys', 'body_too_large']),
});

const revokeRoute = createRoute({
  method: 'delete',
  path: '/keys/{keyId}',
  tags: ['Keys'],
  summary: 'Revokes a key: within five seconds it opens nothing any more, on any port',
  request: { query: keysQuery, params: keyPath },
  responses: replies(keyReply, 'It is revoked.', ['key_not_found']),
});
