import { type Params, getJson } from './client.ts';
import type { SessionListReply, SessionReply } from './types.ts';

/** One page of a project's sessions in the order of `sort`. */
export function listSessions(params: Params, signal?: AbortSignal): Promise<SessionListReply> {
  return getJson<SessionListReply>('/sessions', params, signal);
}

/** A session's summary and one page of its turns, the first one first. */
export function getSession(sessionId: string, params: Params, signal?: AbortSignal): Promise<SessionReply> {
  return getJson<SessionReply>(`/sessions/${encodeURIComponent(sessionId)}`, params, signal);
}
