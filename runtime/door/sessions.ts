import { partsText } from './parts-text.ts';
import type { Pause } from '../sessions/pause.ts';
import type { Session, Turn } from '../sessions/record.ts';
import { countSteps, knownUsd } from '../run/limits.ts';
import { turnTrace } from '../telemetry/span-ids.ts';
import { isOfProject } from './own-session.ts';
import type { DoorDeps } from './deps.ts';
import { describeBudget, DoorError, pausedError } from './door-error.ts';

interface Asked {
  id: string;
  /** Of another project's sessions nobody learns that they exist. */
  project: string | undefined;
}

/** `GET /v1/sessions/{id}`: what was said, oldest first. */
export async function readSession(deps: DoorDeps, asked: Asked) {
  const { store } = deps;
  const { id } = asked;
  const session = await getOwn(deps, asked);
  return describeSession(session, await store.listTurns(id));
}

/** `POST /v1/sessions/{id}/cancel`: ends what runs and what waits. */
export async function cancelSession(deps: DoorDeps, asked: Asked) {
  const { store, runner } = deps;
  const { id } = await getOwn(deps, asked);
  const open = (await store.listTurns(id)).filter(({ end }) => end === null);
  const cancelled = await store.cancel(id);
  for (const turn of open) runner.hurry(turn.id, 'cancel');
  return { id, cancelled };
}

/** `DELETE /v1/sessions/{id}`: everything of it that the runtime keeps; its spans stay. */
export async function deleteSession(deps: DoorDeps, asked: Asked) {
  const { store, runner } = deps;
  const { id } = asked;
  const session = await store.findSession(id, { evenExpired: true });
  if (session !== undefined && !isOfProject(session, asked.project)) throw notFound(id);
  const open = (await store.listTurns(id)).filter(({ end }) => end === null);
  for (const turn of open) runner.hurry(turn.id, 'cancel');
  if (!(await store.deleteSession(id))) throw notFound(id);
  return { id, deleted: true };
}

async function getOwn({ store }: DoorDeps, { id, project }: Asked): Promise<Session> {
  const session = await store.findSession(id);
  if (session === undefined || !isOfProject(session, project)) throw notFound(id);
  return session;
}

function describeSession(
  { id, agent, revision, user, createdMs, expiresMs, imported, paused }: Session,
  turns: readonly Turn[],
) {
  return {
    ...{ id, agent, revision, user },
    paused: paused === undefined ? null : describePause(paused),
    created_at: new Date(createdMs).toISOString(),
    expires_at: new Date(expiresMs).toISOString(),
    imported: imported.map((message) => ({
      role: message.role,
      text: message.role === 'user' ? partsText(message.content) : message.text,
    })),
    turns: turns.map((turn) => describeTurn(turn, paused)),
  };
}

function describePause({ turnId, sinceMs, budget }: Pause) {
  return {
    turn_id: turnId,
    since: new Date(sinceMs).toISOString(),
    reason: 'budget_exhausted',
    message: pausedError({ budget }).message,
    budget: describeBudget(budget),
  };
}

function describeTurn(turn: Turn, paused: Pause | undefined) {
  const { id, number, end, entries, input, acceptedMs } = turn;
  const waits = end === null && paused?.turnId === id ? paused : undefined;
  return {
    ...{ id, number, state: waits === undefined ? turn.state : 'paused' },
    accepted_at: new Date(acceptedMs).toISOString(),
    ended_at: end === null ? null : new Date(end.atMs).toISOString(),
    reason: waits === undefined ? (end?.reason ?? null) : 'budget_exhausted',
    message: waits === undefined ? (end?.message ?? null) : pausedError(waits).message,
    input: input.messages.map(({ content }) => partsText(content)),
    text: end?.text ?? '',
    trace_id: turnTrace(turn).traceId,
    cost_usd: knownUsd(entries),
    steps: countSteps(entries),
    tool_calls: entries.filter(({ type }) => type === 'tool').length,
  };
}

function notFound(id: string): DoorError {
  return new DoorError('session_not_found', `there is no session ${id.slice(0, 100)}: it may have expired`);
}
