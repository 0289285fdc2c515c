import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { StoreUnavailableError } from '../sessions/store.ts';
import { listAgents, listModels, readAgent } from './agents.ts';
import { authenticate, type DoorEnv } from './authenticate.ts';
import { agentChat, chatCompletions } from './chat-completions.ts';
import type { DoorDeps } from './deps.ts';
import { DoorError } from './door-error.ts';
import { readBudgets } from './budgets.ts';
import { localDoor } from './local-door.ts';
import { cancelSession, deleteSession, readSession } from './sessions.ts';

/** A conversation with its images. */
const bodyLimitBytes = 8 * 1024 * 1024;

/** The agents' door: speaks the OpenAI Chat Completions protocol. Does no I/O of its own. */
export function createDoor(deps: DoorDeps): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  app.use(localDoor({ isLocal: deps.authentication === undefined }), authenticate(deps.authentication));
  app.use(
    bodyLimit({
      maxSize: bodyLimitBytes,
      onError: () => {
        throw new DoorError('body_too_large', `the body is larger than ${bodyLimitBytes / 1024 / 1024} MiB`);
      },
    }),
  );
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    await deps.store.ping();
    return c.json({ status: 'ok' });
  });
  app.post('/v1/chat/completions', (c) => chatCompletions(c, deps));
  app.get('/v1/models', async (c) => c.json(await listModels(deps)));
  app.get('/v1/sessions/:id', async (c) => c.json(await readSession(deps, sessionOf(c))));
  app.post('/v1/sessions/:id/cancel', async (c) => c.json(await cancelSession(deps, sessionOf(c))));
  app.delete('/v1/sessions/:id', async (c) => c.json(await deleteSession(deps, sessionOf(c))));
  app.get('/v1/budgets', async (c) => c.json(await readBudgets(deps, c.var.project ?? c.req.query('project'))));
  app.get('/agents', async (c) => c.json(await listAgents(deps)));
  app.get('/agents/:name', async (c) => c.json(await readAgent(deps, c.req.param('name'))));
  app.post('/agents/:name/chat', (c) => agentChat(c, deps, c.req.param('name')));
  app.notFound((c) => refuse(c, new DoorError('not_found', `there is no ${c.req.method} ${c.req.path}`)));
  app.onError((error, c) => {
    if (error instanceof DoorError) return refuse(c, error);
    if (error instanceof StoreUnavailableError)
      return refuse(
        c,
        new DoorError('session_store_unavailable', 'the session store does not answer', { retryAfterMs: 1_000 }),
      );
    deps.onError(error, c.req.path);
    return refuse(c, new DoorError('internal', 'the request failed for a reason of ours'));
  });
  return app;
}

function sessionOf(c: Context<DoorEnv, '/v1/sessions/:id'>) {
  return { id: c.req.param('id'), project: c.var.project };
}

function refuse(c: Context, error: DoorError): Response {
  const { retryAfterMs } = error;
  if (error.code === 'unauthorized') c.header('www-authenticate', 'Bearer realm="sightglass"');
  if (retryAfterMs !== undefined) c.header('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  return c.json({ error }, error.status);
}
