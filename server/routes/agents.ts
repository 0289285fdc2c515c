import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import {
  agentPath,
  agentReply,
  agentSessionPath,
  agentSessionReply,
  agentsReply,
  cancelReply,
  chatBodyBytesMax,
  chatHeaders,
  chatReply,
  chatRequest,
  runtimeError,
} from '../contract/agents.ts';
import { type ApiErrorCode, ApiError } from '../contract/errors.ts';
import { noQuery } from '../contract/requests.ts';
import { badReply, readJson, type RuntimeClient } from '../runtime-client.ts';
import type { ServerEnv } from '../middleware/environment.ts';
import { createRouter, errorReplies, replies } from './api.ts';

/** As definition files name agents; nothing else has a place on the runtime. */
const agentName = /^[a-z][a-z0-9_-]{0,63}$/;
const readAnywayBytesMax = 8 * chatBodyBytesMax;
const passedIn = ['content-type', 'x-session-id', 'idempotency-key', 'traceparent'] as const;
const passedOut = ['content-type', 'x-session-id', 'x-turn-id', 'x-trace-id', 'retry-after'] as const;

/** The runtime's agents, forwarded: what it answers is checked, and of headers only what is named here goes through. */
export function agentRoutes({ runtime }: { runtime: RuntimeClient }) {
  return createRouter()
    .openapi(listRoute, async (c) => {
      const request = { method: 'GET', path: '/agents', ...askerOf(c) } as const;
      return c.json(await runtime.ask(request, { schema: agentsReply, expected: [] }), 200);
    })
    .openapi(agentRoute, async (c) => {
      const request = { method: 'GET', path: pathOf(c.req.valid('param').name), ...askerOf(c) } as const;
      return c.json(await runtime.ask(request, { schema: agentReply, expected: ['agent_not_found'] }), 200);
    })
    .openapi(sessionRoute, async (c) => {
      const { name, sessionId } = c.req.valid('param');
      return c.json(await getSession(runtime, { name, sessionId, ...askerOf(c) }), 200);
    })
    .openapi(cancelRoute, async (c) => {
      const { name, sessionId } = c.req.valid('param');
      await getSession(runtime, { name, sessionId, ...askerOf(c) });
      const request = { method: 'POST', path: `${sessionPath(sessionId)}/cancel`, ...askerOf(c) } as const;
      return c.json(await runtime.ask(request, { schema: cancelReply, expected: ['session_not_found'] }), 200);
    })
    .openapi(chatRoute, async (c) => {
      const path = `${pathOf(c.req.valid('param').name)}/chat`;
      const headers = Object.fromEntries(
        passedIn.flatMap((name) => {
          const value = c.req.header(name);
          return value === undefined ? [] : [[name, value]];
        }),
      );
      return forward(
        await runtime.send({ method: 'POST', path, headers, body: await c.req.text(), ...askerOf(c) }),
        chatReply,
      );
    });
}

/** Who asks the runtime: the project of the key, or the one that a key of every project names. */
function askerOf(c: Context<ServerEnv>): { projectId: string; signal: AbortSignal } {
  const named = c.req.header('x-sightglass-project');
  const { projectId = named === undefined ? 'default' : Buffer.from(named, 'latin1').toString() } = c.var.access;
  return { projectId, signal: c.req.raw.signal };
}

function pathOf(name: string): string {
  if (!agentName.test(name)) throw new ApiError('agent_not_found', `there is no agent ${name}`);
  return `/agents/${name}`;
}

function sessionPath(sessionId: string): string {
  return `/v1/sessions/${encodeURIComponent(sessionId)}`;
}

/** A session of this agent, not of another one. */
async function getSession(
  runtime: RuntimeClient,
  { name, sessionId, ...asker }: { name: string; sessionId: string; projectId: string; signal: AbortSignal },
) {
  const missing = () => new ApiError('session_not_found', `agent ${name} has no session ${sessionId}`);
  pathOf(name);
  if (/^\.{1,2}$/.test(sessionId)) throw missing(); // no id, but steps in a path
  const request = { method: 'GET', path: sessionPath(sessionId), ...asker } as const;
  const session = await runtime.ask(request, { schema: agentSessionReply, expected: ['session_not_found'] });
  if (session.agent !== name) throw missing();
  return session;
}

/** A stream as it comes; JSON once it was checked; an error with the runtime's own status and code. */
async function forward(answer: IncomingMessage, schema: z.ZodType): Promise<Response> {
  const headers = new Headers({ 'cache-control': 'no-store' });
  for (const name of passedOut) {
    const value = answer.headers[name];
    if (typeof value === 'string') headers.set(name, value);
  }
  const type = answer.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'text/event-stream' && answer.statusCode === 200) {
    return new Response(Readable.toWeb(Readable.from(passOn(answer))) as ReadableStream, { status: 200, headers });
  }
  if (type !== 'application/json') {
    answer.destroy();
    throw badReply(`content type ${type ?? 'none'} with status ${answer.statusCode ?? 0}`);
  }
  const read = await readJson(answer, schema);
  if (read.status === 'ok') return new Response(read.text, { status: 200, headers });
  return new Response(JSON.stringify({ error: read.error }), { status: read.httpStatus, headers });
}

/** The stream of the runtime; where it breaks off, the last event is an error, as OpenAI's clients read it. */
async function* passOn(answer: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* answer as AsyncIterable<Buffer>;
  } catch {
    const error = { code: 'runtime_unavailable', message: 'the runtime broke off its answer; try again' };
    yield Buffer.from(`\n\ndata: ${JSON.stringify({ error })}\n\n`);
  }
}

/** A body that is too large is read on for a while, so that a client which sends it all sees why it was refused. */
async function refuseBody(c: Context): Promise<never> {
  let bytes = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > readAnywayBytesMax) break;
  }
  throw new ApiError('body_too_large', `a request to an agent has at most ${chatBodyBytesMax} bytes`);
}

const limitChatBody: MiddlewareHandler<ServerEnv> = bodyLimit({ maxSize: chatBodyBytesMax, onError: refuseBody });

const runtimeErrors: ApiErrorCode[] = ['runtime_unavailable', 'runtime_bad_reply'];

const listRoute = createRoute({
  method: 'get',
  path: '/agents',
  tags: ['Agents'],
  summary: 'Lists the agents that the runtime has in force',
  request: { query: noQuery },
  responses: replies(agentsReply, 'The agents, by name.', runtimeErrors),
});

const agentRoute = createRoute({
  method: 'get',
  path: '/agents/{name}',
  tags: ['Agents'],
  summary: 'Reads one agent: its definition, its revisions and when each was deployed',
  request: { query: noQuery, params: agentPath },
  responses: replies(agentReply, 'The agent.', ['agent_not_found', ...runtimeErrors]),
});

const sessionRoute = createRoute({
  method: 'get',
  path: '/agents/{name}/sessions/{sessionId}',
  tags: ['Agents'],
  summary: 'Reads a conversation with an agent as the runtime keeps it, turns that still run included',
  request: { query: noQuery, params: agentSessionPath },
  responses: replies(agentSessionReply, 'The session.', ['agent_not_found', 'session_not_found', ...runtimeErrors]),
});

const cancelRoute = createRoute({
  method: 'post',
  path: '/agents/{name}/sessions/{sessionId}/cancel',
  tags: ['Agents'],
  summary: 'Ends the turn that runs in a session, and those that wait',
  request: { query: noQuery, params: agentSessionPath },
  responses: replies(cancelReply, 'It was asked for.', ['agent_not_found', 'session_not_found', ...runtimeErrors]),
});

const chatRoute = createRoute({
  method: 'post',
  path: '/agents/{name}/chat',
  tags: ['Agents'],
  summary: 'Says something to an agent',
  description:
    'Chat Completions without `model`; with `stream` the answer is server-sent events. The answer has the headers `x-session-id`, ' +
    '`x-turn-id` and `x-trace-id`. Errors of the runtime come with its own status and code.',
  middleware: [limitChatBody] as const,
  request: {
    query: noQuery,
    params: agentPath,
    headers: chatHeaders,
    body: { required: true, content: { 'application/json': { schema: chatRequest } } },
  },
  responses: {
    200: {
      description: 'The answer.',
      content: {
        'application/json': { schema: chatReply },
        'text/event-stream': { schema: z.string().openapi({ description: 'Chunks; the last has `sightglass`.' }) },
      },
    },
    ...errorReplies([
      ...(['invalid_request', 'foreign_origin', 'wrong_host', 'unsupported_media_type', 'internal'] as const),
      ...(['agent_not_found', 'body_too_large', ...runtimeErrors] as const),
    ]),
    default: { description: 'An error of the runtime.', content: { 'application/json': { schema: runtimeError } } },
  },
});
