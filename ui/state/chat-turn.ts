import { ApiFailure } from '../api/client.ts';
import type { ChatEvent, TurnEnd } from '../api/chat-events.ts';
import type { AgentSessionReply } from '../api/types.ts';

/** What an agent did before or between its words. */
export type Activity =
  | {
      type: 'tool';
      callId: string;
      name: string;
      arguments: string;
      state: 'running' | 'done' | 'failed';
      failure: string | null;
      durationMs: number | null;
    }
  | { type: 'retry'; model: string; failure: string };

/** One thing said and its answer. */
export interface ChatTurn {
  /** The idempotency key it was sent with; of a turn that was read, its id. */
  key: string;
  input: string;
  text: string;
  activities: readonly Activity[];
  phase: 'open' | 'ended';
  traceId: string | null;
  /** How it ended; null while it runs, and where that is not known. */
  end: TurnEnd | null;
  /** Why there is no answer, or only a part of it: no request came through. */
  failure: ApiFailure | null;
}

export function beginTurn(input: string, key: string): ChatTurn {
  return { key, input, text: '', activities: [], phase: 'open', traceId: null, end: null, failure: null };
}

export function isOpen(turn: ChatTurn): boolean {
  return turn.phase !== 'ended';
}

/** The turn after one more event of its stream. */
export function applyEvent(turn: ChatTurn, event: ChatEvent): ChatTurn {
  switch (event.type) {
    case 'text':
      return { ...turn, text: turn.text + event.text };
    case 'tool_started': {
      const { callId, name } = event;
      const call = { type: 'tool', callId, name, state: 'running', failure: null, durationMs: null } as const;
      return { ...turn, activities: [...turn.activities, { ...call, arguments: event.arguments }] };
    }
    case 'tool_ended':
      return { ...turn, activities: endCall(turn.activities, event) };
    case 'model_retry':
      return {
        ...turn,
        activities: [...turn.activities, { type: 'retry', model: event.model, failure: event.failure }],
      };
    case 'end':
      return {
        ...turn,
        phase: 'ended',
        text: withoutNotice(turn.text, event.end),
        traceId: event.end.traceId === '' ? turn.traceId : event.end.traceId,
        end: event.end,
      };
    case 'error':
      return { ...turn, phase: 'ended', failure: new ApiFailure({ code: event.code, message: event.message }) };
  }
}

/** Other clients are told in the text why it is not whole; here that stands below it. */
function withoutNotice(text: string, { state, message }: TurnEnd): string {
  const notice = `[${message ?? ''}]`;
  return state !== 'completed' && message !== null && text.endsWith(notice)
    ? text.slice(0, -notice.length).trimEnd()
    : text;
}

/** The latest call of that id that still runs; an end without a start stands for both. */
function endCall(
  activities: readonly Activity[],
  { callId, name, failure, durationMs }: Extract<ChatEvent, { type: 'tool_ended' }>,
): readonly Activity[] {
  const place = activities.findLastIndex(
    (one) => one.type === 'tool' && one.callId === callId && one.state === 'running',
  );
  const state = failure === null ? 'done' : 'failed';
  const started = activities[place];
  if (started?.type !== 'tool') {
    return [...activities, { type: 'tool', callId, name, arguments: '', state, failure, durationMs }];
  }
  return activities.with(place, { ...started, state, failure, durationMs });
}

/** Turns as the runtime keeps them; what happened inside of them is in their traces. */
export function readTurns({ revision, turns }: AgentSessionReply): ChatTurn[] {
  return turns.map((turn) => {
    const { id, state, text, input, trace_id: traceId } = turn;
    const runs = state === 'waiting' || state === 'running';
    const end = {
      ...{ turnId: id, traceId, revision, state, reason: turn.reason, message: turn.message },
      ...{ costUsd: turn.cost_usd, steps: turn.steps, toolCalls: turn.tool_calls },
    };
    const phase = runs ? 'open' : 'ended';
    return { ...beginTurn(input.join('\n\n'), id), text, traceId, phase, end: runs ? null : end };
  });
}
