import { createHash, randomUUID } from 'node:crypto';
import type { ChatRequest } from '../models/gateway-request.ts';
import type { Message } from '../models/model.ts';
import { fillLabels } from './labels.ts';
import { readVariables } from '../run/fill-instructions.ts';
import type { Session, Turn } from '../sessions/record.ts';
import type { Accepted } from '../sessions/store.ts';
import type { DoorDeps } from './deps.ts';
import { DoorError, pausedError } from './door-error.ts';
import { matchHistory, splitFirst } from './match-history.ts';
import { isOfProject } from './own-session.ts';

export interface AskedTurn {
  agent: string;
  chat: ChatRequest;
  /** Undefined: the default one. */
  project?: string | undefined;
  /** Null: a new one. */
  sessionId: string | null;
  idempotencyKey: string | null;
  traceparent: string | null;
}

type SaidMessage = Extract<Message, { role: 'user' | 'assistant' }>;
type Definition = Awaited<ReturnType<DoorDeps['agents']['describe']>>;

/**
 * Writes down what a request asks of an agent; the turn is not run by this. The same request again, by its idempotency key or
 * because it resends what is or was just answered, gives the turn that exists. Throws a DoorError.
 */
export async function acceptTurn(deps: DoorDeps, asked: AskedTurn): Promise<Turn> {
  const { store } = deps;
  const { agent, chat, idempotencyKey } = asked;
  if (chat.request.tools.length > 0)
    throw new DoorError('invalid_request', `tools are not allowed with agent/${agent}: it has its own`, {
      param: 'tools',
    });
  const { system, said } = splitRoles(chat.request.messages);
  const contentHash = hash([agent, chat.user, chat.metadata, system, said]);
  const known = await findSession(deps, asked);
  const sessionId = known?.id ?? asked.sessionId ?? newSessionId(asked);
  const turnId = `turn_${idempotencyKey === null ? randomUUID() : hash([sessionId, idempotencyKey]).slice(0, 32)}`;
  if (known !== undefined && idempotencyKey !== null) {
    const turn = await store.findTurn(sessionId, turnId);
    if (turn !== undefined) return sameContent(turn, contentHash);
  }

  const turns = known === undefined ? [] : await store.listTurns(sessionId);
  const {
    messages,
    afterTurn,
    asked: before,
    imported,
  } = known === undefined ? beginSession(said) : addTo(known, turns, said);
  if (before !== undefined) return before;
  if (known?.paused !== undefined) throw pausedError(known.paused);
  const { revision, definition } = await describeAgent(deps, agent, known);
  const input = {
    messages: messages.map(({ content }) => ({ content })),
    system,
    ...readMetadata(definition, chat.metadata),
    user: chat.user ?? known?.user ?? null,
    traceparent: asked.traceparent,
  };
  const { ttl, onBusy, queueLimit } = definition.session;
  if (known === undefined) {
    const { project } = asked;
    await begin(deps, { id: sessionId, agent, revision, user: chat.user, project, imported, ttlMs: ttl });
  }
  const accepted = await store.accept(
    sessionId,
    { id: turnId, input, idempotencyKey, contentHash },
    { ttlMs: ttl, onBusy, queueLimit, afterTurn },
  );
  const turn = readAccepted(accepted, { queueLimit });
  if (onBusy === 'interrupt') for (const { id, end } of turns) if (end === null) deps.runner.hurry(id, 'supersede');
  return sameContent(turn, contentHash);
}

async function findSession({ store }: DoorDeps, asked: AskedTurn): Promise<Session | undefined> {
  const { agent, chat, sessionId, idempotencyKey } = asked;
  // A client that never got its session id may repeat its first request.
  if (sessionId === null) return idempotencyKey === null ? undefined : store.findSession(newSessionId(asked));
  const session = await store.findSession(sessionId);
  if (session?.parent !== null || isAnothers(session, chat.user) || !isOfProject(session, asked.project))
    throw new DoorError('session_not_found', `there is no session ${sessionId.slice(0, 100)}: it may have expired`);
  if (session.agent !== agent)
    throw new DoorError(
      'session_not_found',
      `session ${sessionId} is one of agent/${session.agent}, not of agent/${agent}`,
    );
  return session;
}

function isAnothers({ user }: Session, asking: string | null): boolean {
  return user !== null && asking !== null && user !== asking;
}

/** By the key and whose it is: the same first request finds its session again. */
function newSessionId({ idempotencyKey, chat, project }: AskedTurn): string {
  if (idempotencyKey === null) return `ses_${randomUUID()}`;
  const whose = project === undefined ? [chat.user] : [chat.user, project];
  return `ses_${hash([...whose, idempotencyKey]).slice(0, 32)}`;
}

function beginSession(said: readonly SaidMessage[]) {
  const first = splitFirst(said);
  if (first === undefined) throw notAsked();
  return { ...first, afterTurn: undefined, asked: undefined };
}

function addTo(session: Session, turns: readonly Turn[], said: readonly SaidMessage[]) {
  if (said.length === 0) throw notAsked();
  const matched = matchHistory(said, session, turns);
  if (matched.status === 'mismatch')
    throw new DoorError(
      'history_mismatch',
      `${matched.message}; send the history as it is stored, or only the new message`,
      {
        param: 'messages',
      },
    );
  const none = { imported: [], messages: [], afterTurn: undefined, asked: undefined };
  return matched.status === 'known' ? { ...none, asked: matched.turn } : { ...none, ...matched };
}

async function describeAgent(
  { store, agents }: DoorDeps,
  name: string,
  known: Session | undefined,
): Promise<{ revision: string; definition: Definition }> {
  if (known !== undefined) return { revision: known.revision, definition: await agents.describe(known.revision) };
  const deployed = await store.findDeployed(name);
  if (deployed === undefined) {
    const names = (await store.listDeployed()).map((one) => `agent/${one.agent}`);
    throw new DoorError('agent_not_found', `agent/${name} is not deployed, allowed: ${names.join(', ') || 'none is'}`, {
      param: 'model',
    });
  }
  return { revision: deployed.revision, definition: await agents.describe(deployed.revision) };
}

/** Names of variables are variables, all others labels. */
function readMetadata(definition: Definition, metadata: ChatRequest['metadata']) {
  const { values, faults } = readVariables(definition.variables, metadata);
  const [fault] = faults;
  if (fault !== undefined) throw new DoorError('invalid_request', fault, { param: 'metadata' });
  return { variables: values, labels: fillLabels(metadata, Object.keys(definition.variables)) };
}

async function begin(
  { store, nowMs }: DoorDeps,
  {
    ttlMs,
    ...session
  }: Pick<Session, 'id' | 'agent' | 'revision' | 'user' | 'project' | 'imported'> & { ttlMs: number },
): Promise<void> {
  const createdMs = nowMs();
  try {
    await store.createSession({ ...session, parent: null, createdMs, expiresMs: createdMs + ttlMs });
  } catch (error) {
    // The same first request came twice at once.
    if ((await store.findSession(session.id)) === undefined) throw error;
  }
}

function readAccepted(accepted: Accepted, { queueLimit }: { queueLimit: number }): Turn {
  switch (accepted.status) {
    case 'accepted':
    case 'repeated':
      return accepted.turn;
    case 'key_reused':
      throw keyReused();
    case 'busy':
      throw new DoorError(
        'session_busy',
        'a turn of this session is running, and the agent takes one at a time (session.onBusy: reject)',
      );
    case 'queue_full':
      throw new DoorError('queue_full', `${queueLimit} messages wait in this session already (session.queueLimit)`, {
        retryAfterMs: 2_000,
      });
    case 'stale':
      throw new DoorError('history_mismatch', 'another message came into this session meanwhile; read it again', {
        param: 'messages',
      });
    case 'not_found':
      throw new DoorError('session_not_found', 'the session was deleted or has expired');
  }
}

function sameContent(turn: Turn, contentHash: string): Turn {
  if (turn.contentHash !== contentHash) throw keyReused();
  return turn;
}

function notAsked(): DoorError {
  return new DoorError('invalid_request', 'messages must end with a message of the user', { param: 'messages' });
}

function keyReused(): DoorError {
  return new DoorError('idempotency_key_reused', 'this Idempotency-Key was used with another request');
}

function splitRoles(messages: readonly Message[]): { system: string[]; said: SaidMessage[] } {
  const system: string[] = [];
  const said: SaidMessage[] = [];
  for (const [place, message] of messages.entries()) {
    if (message.role === 'system') system.push(message.text);
    else if (message.role === 'tool' || (message.role === 'assistant' && message.toolCalls.length > 0))
      throw new DoorError('invalid_request', `messages[${place}] is about a tool call: agents make theirs themselves`, {
        param: `messages[${place}]`,
      });
    else said.push(message);
  }
  return { system, said };
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
