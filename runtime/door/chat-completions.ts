import type { Context } from 'hono';
import { readChatRequest, RequestFault, type ChatRequest } from '../models/gateway-request.ts';
import { TurnStopped } from '../run/stop.ts';
import type { TurnEvent } from '../run/turn-events.ts';
import { TurnPaused } from '../run/turn-paused.ts';
import type { Turn } from '../sessions/record.ts';
import { turnTrace } from '../telemetry/span-ids.ts';
import type { DoorEnv } from './authenticate.ts';
import { acceptTurn } from './accept-turn.ts';
import { findEndError, toCompletion } from './completion.ts';
import type { DoorDeps } from './deps.ts';
import { DoorError, leftError, pausedError } from './door-error.ts';
import { eventStreamHeaders, openEventStream } from './event-stream.ts';
import { callGateway } from './gateway.ts';
import { TurnStream } from './stream-turn.ts';

/** A stream begins when there is something to tell, or after this time: until then an error can still have its status. */
const headersAfterMs = 2_000;
const idPattern = /^[\x21-\x7e]{1,200}$/;
const agentPrefix = 'agent/';

/** `POST /v1/chat/completions`: a turn of an agent, or a call that passes through. */
export async function chatCompletions(c: Context<DoorEnv>, deps: DoorDeps): Promise<Response> {
  const chat = await readChat(c);
  if (chat.model.startsWith(agentPrefix))
    return answerTurn(c, deps, { agent: chat.model.slice(agentPrefix.length), chat });
  return callGateway(c, deps, { chat, ...readHeaders(c) });
}

/** `POST /agents/{name}/chat`: the same, without `model`. */
export async function agentChat(c: Context<DoorEnv>, deps: DoorDeps, agent: string): Promise<Response> {
  return answerTurn(c, deps, { agent, chat: await readChat(c, { model: `${agentPrefix}${agent}` }) });
}

async function answerTurn(
  c: Context<DoorEnv>,
  deps: DoorDeps,
  { agent, chat }: { agent: string; chat: ChatRequest },
): Promise<Response> {
  if (deps.isStopping()) throw new DoorError('shutting_down', 'the runtime is shutting down; try again');
  const turn = await acceptTurn(deps, { agent, chat, ...readHeaders(c) });
  c.header('x-session-id', turn.sessionId);
  c.header('x-turn-id', turn.id);
  c.header('x-trace-id', turnTrace(turn).traceId);
  // Models were tried again already, as often as the agent says: clients need not.
  c.header('x-should-retry', 'false');
  if (chat.isStream) return streamTurn(c, deps, { turn, agent, includesUsage: chat.includesUsage });
  const ended = await deps.runner.waitForEnd(turn).catch((error: unknown) => {
    if (error instanceof TurnPaused) throw pausedError(error.pause);
    throw error instanceof TurnStopped ? leftError() : error;
  });
  return c.json(toCompletion(await factsOf(deps, ended, agent)));
}

/** The turn goes on when the client leaves; who comes back finds it in its session. */
async function streamTurn(
  c: Context,
  deps: DoorDeps,
  { turn, agent, includesUsage }: { turn: Turn; agent: string; includesUsage: boolean },
): Promise<Response> {
  const early: TurnEvent[] = [];
  let pass = (event: TurnEvent): void => {
    early.push(event);
  };
  const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => begin(undefined), headersAfterMs);
  const stop = deps.runner.follow(turn, (event) => {
    pass(event);
    begin(undefined);
  });
  const finding = deps.store.findSession(turn.sessionId, { evenExpired: true });
  const [session] = await Promise.all([finding, begun]).catch((error: unknown) => {
    stop();
    throw error;
  });
  clearTimeout(timer);
  const revision = session?.revision ?? agent;
  const [first] = early;
  if (first?.type === 'left') throw leftError();
  if (first?.type === 'paused') throw pausedError(first.pause);
  if (first?.type === 'end' && first.turn.end !== null) {
    const failed = findEndError(first.turn.end);
    if (failed !== undefined) throw failed;
  }
  let leave: (() => void) | undefined;
  const body = openEventStream(
    (sink) => {
      const stream = new TurnStream({ turn, agent, revision, includesUsage }, sink);
      leave = () => {
        stream.leave();
      };
      for (const event of early) stream.send(event);
      pass = (event) => {
        stream.send(event);
      };
    },
    () => {
      leave?.();
      stop();
    },
  );
  return c.body(body, 200, eventStreamHeaders);
}

async function factsOf(deps: DoorDeps, turn: Turn, agent: string) {
  const { end } = turn;
  if (end === null) throw new Error('a turn ended without an end');
  const session = await deps.store.findSession(turn.sessionId, { evenExpired: true });
  return { turn: { ...turn, end }, agent, revision: session?.revision ?? agent };
}

async function readChat(c: Context, given: Readonly<Record<string, unknown>> = {}): Promise<ChatRequest> {
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch {
    throw new DoorError('invalid_request', 'the body is not JSON');
  }
  try {
    return readChatRequest(
      typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body, ...given } : body,
    );
  } catch (error) {
    if (error instanceof RequestFault) throw new DoorError('invalid_request', error.message, { param: error.param });
    throw error;
  }
}

function readHeaders(c: Context<DoorEnv>) {
  return {
    project: c.var.project,
    sessionId: readId(c, 'x-session-id'),
    idempotencyKey: readId(c, 'idempotency-key'),
    traceparent: c.req.header('traceparent') ?? null,
  };
}

function readId(c: Context, name: string): string | null {
  const value = c.req.header(name) ?? '';
  if (value === '') return null;
  if (!idPattern.test(value))
    throw new DoorError('invalid_request', `${name} is wrong, allowed: 1 to 200 visible ASCII characters`, {
      param: name,
    });
  return value;
}
