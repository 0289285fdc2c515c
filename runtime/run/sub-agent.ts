import { createHash } from 'node:crypto';
import type { Session, Turn } from '../sessions/record.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { ToolCallContext, ToolResult } from '../tools/tool.ts';
import type { AgentPool } from './agent-pool.ts';
import { knownUsd } from './limits.ts';
import type { SessionRunner } from './session-runner.ts';
import { stopReason } from './stop.ts';
import { TurnPaused } from './turn-paused.ts';

export interface SubAgentParts {
  store: SessionStore;
  agents: AgentPool;
  runner: Pick<SessionRunner, 'waitForEnd' | 'hurry'>;
}

/** The call of a turn that another agent answers. */
export interface SubAgentCall {
  agent: string;
  message: string;
}

/** Agents that call agents that call agents …: so many one below the other. */
const depthMax = 5;

/**
 * Runs the turn of another agent that a call asks for, in a session of its own. The same call, made again by another process,
 * finds the turn that exists. Never rejects.
 */
export async function runSubAgent(
  parts: SubAgentParts,
  call: SubAgentCall,
  context: ToolCallContext,
): Promise<ToolResult> {
  try {
    return await answer(parts, call, context);
  } catch (error) {
    if (error instanceof TurnPaused) return { text: '', attempts: 1, paused: error.pause };
    const text = `The agent ${call.agent} could not be asked: ${error instanceof Error ? error.message : String(error)}`;
    return { text, failure: 'server_unavailable', attempts: 1 };
  }
}

async function answer(parts: SubAgentParts, call: SubAgentCall, context: ToolCallContext): Promise<ToolResult> {
  const { store, agents, runner } = parts;
  const { agent, message } = call;
  const { sessionId: callingId, turnId: callingTurnId, callId } = context.caller;
  const [deployed, caller, callingTurn] = await Promise.all([
    store.findDeployed(agent),
    store.findSession(callingId),
    store.findTurn(callingId, callingTurnId),
  ]);
  if (deployed === undefined)
    return { text: `There is no agent ${agent}.`, failure: 'server_unavailable', attempts: 0 };
  if (caller === undefined || callingTurn === undefined)
    return { text: 'The session that asks was deleted.', failure: 'cancelled', attempts: 0 };
  if ((await countDepth(store, caller)) >= depthMax)
    return { text: `Agents call agents at most ${depthMax} deep.`, failure: 'denied', attempts: 0 };

  const id = createHash('sha256').update(context.idempotencyKey).digest('hex').slice(0, 32);
  const sessionId = `sub_${id}`;
  const known = await store.findSession(sessionId);
  const definition = await agents.describe(known?.revision ?? deployed.revision);
  if (known === undefined) {
    const createdMs = Date.now();
    await store.createSession({
      id: sessionId,
      agent,
      revision: deployed.revision,
      user: callingTurn.input.user ?? caller.user,
      project: caller.project,
      parent: {
        sessionId: caller.id,
        turnId: callingTurn.id,
        callId,
        conversationId: caller.parent?.conversationId ?? caller.id,
      },
      imported: [],
      createdMs,
      expiresMs: createdMs + definition.session.ttl,
    });
  }
  const input = {
    messages: [{ content: [{ type: 'text' as const, text: message }] }],
    system: [],
    variables: {},
    labels: callingTurn.input.labels,
    user: callingTurn.input.user ?? caller.user,
    traceparent: context.traceparent,
  };
  const accepted = await store.accept(
    sessionId,
    { id: `turn_${id}`, input, idempotencyKey: null, contentHash: id },
    { ttlMs: definition.session.ttl, onBusy: 'queue', queueLimit: 1 },
  );
  if (accepted.status !== 'accepted' && accepted.status !== 'repeated')
    return {
      text: `The agent ${agent} could not be asked: ${accepted.status}.`,
      failure: 'server_unavailable',
      attempts: 0,
    };
  const stop = () => {
    const reason = stopReason(context.signal);
    // Whoever takes the calling turn over asks for this one again.
    if (reason === 'lost' || reason === 'shutdown') return;
    void store.cancel(sessionId).catch(() => undefined);
    runner.hurry(accepted.turn.id, 'cancel');
  };
  context.signal.addEventListener('abort', stop, { once: true });
  if (context.signal.aborted) stop();
  const ended = await runner.waitForEnd(accepted.turn);
  context.signal.removeEventListener('abort', stop);
  return describe(agent, ended);
}

function describe(agent: string, turn: Turn): ToolResult {
  const { end, entries, sessionId, id: turnId } = turn;
  const result = { attempts: 1, turn: { sessionId, turnId }, costUsd: knownUsd(entries) ?? undefined };
  if (end?.state === 'completed') return { ...result, text: end.text };
  const why = `The agent ${agent} did not finish: ${end?.message ?? end?.state ?? 'it is gone'}`;
  const text = end === null || end.text === '' ? why : `${why}\nIt said until then:\n${end.text}`;
  return { ...result, text, failure: end?.state === 'cancelled' ? 'cancelled' : 'tool_error' };
}

async function countDepth(store: SessionStore, session: Session): Promise<number> {
  let depth = 1;
  for (let at: Session | undefined = session; at !== undefined && at.parent !== null && depth < depthMax; depth += 1) {
    at = await store.findSession(at.parent.sessionId);
  }
  return depth;
}
