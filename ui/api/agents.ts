import { beginActivity } from './activity.ts';
import { type ChatEvent, readChatEvents } from './chat-events.ts';
import { ApiFailure, type Params, ask, getJson, isAborted, readFailure, send } from './client.ts';
import { readEvents } from './events.ts';
import type { AgentReply, AgentSessionReply, AgentsReply, TrafficReply } from './types.ts';

/** The agents that the runtime has in force. */
export function listAgents(signal?: AbortSignal): Promise<AgentsReply> {
  return getJson<AgentsReply>('/agents', {}, signal);
}

/** One agent with its definition and its revisions. */
export function getAgent(name: string, signal?: AbortSignal): Promise<AgentReply> {
  return getJson<AgentReply>(agentPath(name), {}, signal);
}

/** Traces, failures and durations of agents or their revisions. */
export function getAgentTraffic(params: Params, signal?: AbortSignal): Promise<TrafficReply> {
  return getJson<TrafficReply>('/agent-traffic', params, signal);
}

/** A conversation as the runtime keeps it. */
export function getAgentSession(name: string, sessionId: string, signal?: AbortSignal): Promise<AgentSessionReply> {
  return getJson<AgentSessionReply>(sessionPath(name, sessionId), {}, signal);
}

/** Asks for the end of what runs in a session. */
export async function cancelTurn(name: string, sessionId: string): Promise<void> {
  await send(`${sessionPath(name, sessionId)}/cancel`, { method: 'POST' });
}

export interface ChatRequest {
  agent: string;
  text: string;
  /** What the instructions are filled in with; names that the agent does not declare become labels. */
  variables: Readonly<Record<string, string>>;
  /** Null: a new session begins. */
  sessionId: string | null;
  /** The same one for the same turn, however often it is sent. */
  idempotencyKey: string;
}

/** Where the answer belongs to: known before its first word, and of a turn that fails before it. */
interface ChatHead {
  sessionId: string | null;
  turnId: string | null;
  traceId: string | null;
}

/** Says something to an agent and gives back what comes, as it comes. Throws `ApiFailure`, or `AbortError`. */
export async function* streamChat(
  request: ChatRequest,
  { onhead, signal }: { onhead: (head: ChatHead) => void; signal: AbortSignal },
): AsyncGenerator<ChatEvent> {
  const { agent, text, variables } = request;
  const endActivity = beginActivity();
  try {
    const response = await ask(`${agentPath(agent)}/chat`, {
      method: 'POST',
      headers: {
        'idempotency-key': request.idempotencyKey,
        ...(request.sessionId === null ? {} : { 'x-session-id': request.sessionId }),
      },
      body: {
        messages: [{ role: 'user', content: text }],
        stream: true,
        ...(Object.keys(variables).length === 0 ? {} : { metadata: variables }),
      },
      signal,
    });
    const { headers } = response;
    const [sessionId, turnId] = [headers.get('x-session-id'), headers.get('x-turn-id')];
    onhead({ sessionId, turnId, traceId: headers.get('x-trace-id') });
    if (!response.ok) throw await readFailure(response);
    if (response.body === null) throw new Error('the answer has no body');
    for await (const data of readEvents(response.body)) yield* readChatEvents(data);
  } catch (error) {
    if (error instanceof ApiFailure || isAborted(error)) throw error;
    throw new ApiFailure({ code: 'unreachable', message: 'The connection broke before the answer was complete.' });
  } finally {
    endActivity();
  }
}

function agentPath(name: string): string {
  return `/agents/${encodeURIComponent(name)}`;
}

function sessionPath(name: string, sessionId: string): string {
  return `${agentPath(name)}/sessions/${encodeURIComponent(sessionId)}`;
}
