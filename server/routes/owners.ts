import { randomBytes } from 'node:crypto';
import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from '../contract/errors.ts';
import {
  ownerChange,
  ownerInput,
  ownerLimits,
  ownerPath,
  ownerPreviewQuery,
  ownerPreviewReply,
  ownerReply,
  ownersQuery,
  ownersReply,
} from '../contract/owners.ts';
import { readCandidate } from '../domain/owners/preview.ts';
import type { ServerEnv } from '../middleware/environment.ts';
import type { ConfigurationWriter } from '../queries/configuration-writer.ts';
import { previewOwnerRule } from '../queries/owner-preview.ts';
import { findOwnerRule, listOwnerRules, toOwnerRule } from '../queries/owners.ts';
import { createRouter, replies } from './api.ts';
import { costWindowMs } from './costs.ts';
import { readWindow } from './filters.ts';

const bodyBytesMax = 16 * 1024;
const idBytes = 6;

const limitBody: MiddlewareHandler<ServerEnv> = bodyLimit({
  maxSize: bodyBytesMax,
  onError: () => {
    throw new ApiError('body_too_large', `an owner rule has at most ${bodyBytesMax} bytes`);
  },
});

/** Who pays for what. `now` is milliseconds since 1970. */
export function ownerRoutes({ configuration, now }: { configuration: ConfigurationWriter; now: () => number }) {
  return createRouter()
    .openapi(listRoute, async (c) =>
      c.json({ owners: await listOwnerRules(c.var.db, c.req.valid('query').project) }, 200),
    )
    .openapi(previewRoute, async (c) => {
      const query = c.req.valid('query');
      const { project: projectId } = query;
      if (query.agent === undefined && query.user === undefined && query.label === undefined) {
        throw new ApiError('invalid_request', 'a preview needs at least one of `agent`, `user` and `label`');
      }
      const window = readWindow(query, now(), costWindowMs);
      const rules = await listOwnerRules(c.var.db, projectId);
      const candidate = readCandidate(query);
      return c.json(await previewOwnerRule(c.var.db, { projectId, window, rules, candidate }), 200);
    })
    .openapi(createOwnerRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const body = c.req.valid('json');
      const { length } = await listOwnerRules(c.var.db, projectId);
      if (length >= ownerLimits.rulesMax) {
        const message = `the project has ${length} owner rules, and ${ownerLimits.rulesMax} are allowed; one with * stands for many`;
        throw new ApiError('too_many_owners', message);
      }
      const stored = await configuration.write({
        ...{ objectType: 'owner', projectId, objectId: randomBytes(idBytes).toString('hex'), body },
        ...{ author: c.var.access.actor, expectedVersion: 0, details: body },
      });
      return c.json({ owner: toOwnerRule(stored) }, 200);
    })
    .openapi(changeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { ownerId } = c.req.valid('param');
      const { version, ...body } = c.req.valid('json');
      const rule = await findOwnerRule(c.var.db, { projectId, ownerId });
      if (rule === undefined) throw notFound(ownerId);
      const stored = await configuration.write({
        ...{ objectType: 'owner', projectId, objectId: ownerId, body },
        // Another rule of the same id cannot come back: one that was removed meanwhile is changed meanwhile.
        ...{ author: c.var.access.actor, expectedVersion: version ?? rule.version, details: body },
      });
      return c.json({ owner: toOwnerRule(stored) }, 200);
    })
    .openapi(removeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { ownerId } = c.req.valid('param');
      const rule = await findOwnerRule(c.var.db, { projectId, ownerId });
      const isRemoved = await configuration.remove({
        ...{ objectType: 'owner', projectId, objectId: ownerId, author: c.var.access.actor },
      });
      if (rule === undefined || !isRemoved) throw notFound(ownerId);
      return c.json({ owner: rule }, 200);
    });
}

function notFound(ownerId: string): ApiError {
  return new ApiError('owner_not_found', `the project has no owner rule ${ownerId}`);
}

const listRoute = createRoute({
  method: 'get',
  path: '/owners',
  tags: ['Owners'],
  summary: 'Lists the rules that say which team and cost centre pays for a call',
  description: 'The first rule that matches owns: the one with the smallest priority. Days are UTC.',
  request: { query: ownersQuery },
  responses: replies(ownersReply, 'The rules, in the order in which they are asked.'),
});

const previewRoute = createRoute({
  method: 'get',
  path: '/owners/preview',
  tags: ['Owners'],
  summary: 'What a rule would match and own, without making it',
  request: { query: ownerPreviewQuery },
  responses: replies(ownerPreviewReply, 'Sums of the window.'),
});

const createOwnerRoute = createRoute({
  method: 'post',
  path: '/owners',
  tags: ['Owners'],
  summary: 'Makes an owner rule',
  description: 'Rules are applied when sums are read: what was spent before is owned as well, from `validFrom` on.',
  middleware: [limitBody] as const,
  request: {
    query: ownersQuery,
    body: { required: true, content: { 'application/json': { schema: ownerInput } } },
  },
  responses: replies(ownerReply, 'The rule.', ['too_many_owners', 'body_too_large']),
});

const changeRoute = createRoute({
  method: 'put',
  path: '/owners/{ownerId}',
  tags: ['Owners'],
  summary: 'Replaces an owner rule',
  middleware: [limitBody] as const,
  request: {
    ...{ query: ownersQuery, params: ownerPath },
    body: { required: true, content: { 'application/json': { schema: ownerChange } } },
  },
  responses: replies(ownerReply, 'The rule as it is now.', ['owner_not_found', 'changed_meanwhile', 'body_too_large']),
});

const removeRoute = createRoute({
  method: 'delete',
  path: '/owners/{ownerId}',
  tags: ['Owners'],
  summary: 'Removes an owner rule; to end it at a day, set `validTo`',
  request: { query: ownersQuery, params: ownerPath },
  responses: replies(ownerReply, 'The rule as it was.', ['owner_not_found']),
});
