import type { ToolSpec } from '../models/model.ts';
import type { Session, Turn } from '../sessions/record.ts';
import { type Capture, type Keeper, keeperOf } from './capture.ts';
import { turnSpanId, turnTrace } from './span-ids.ts';
import { attributesOf, type SpanAttributes } from './span.ts';

/** What spans tell of an agent, as the revision of a turn declares it. */
export interface AgentFacts {
  name: string;
  description?: string | undefined;
  labels: Readonly<Record<string, string>>;
  capture: Capture;
  /** Filled in for the turn. */
  instructions: string;
  /** All that could be offered. One that is missing here is named in spans without its schema. */
  tools: readonly ToolSpec[];
}

/** A turn that ended, and all that its spans are derived from. */
export interface TurnRecord {
  session: Session;
  /** The turns before, oldest first. */
  earlier: readonly Turn[];
  turn: Turn;
  agent: AgentFacts;
}

/** Where the spans of a turn hang, and what they all carry. */
export interface Place {
  traceId: string;
  /** Of `invoke_agent`. */
  parentSpanId: string;
  /** The span of the caller, in another process or in the turn of another agent. */
  caller: string | undefined;
  identity: SpanAttributes;
  keep: Keeper;
}

export function placeOf({ session, turn, agent }: TurnRecord): Place {
  const { traceId, parentSpanId: caller } = turnTrace(turn);
  const user = turn.input.user ?? session.user;
  return {
    traceId,
    parentSpanId: turnSpanId(turn, 'invoke_agent'),
    caller,
    identity: attributesOf({
      // A sub-agent speaks within the conversation that it was asked for.
      'gen_ai.conversation.id': session.parent?.conversationId ?? session.id,
      'user.id': user ?? undefined,
      'gen_ai.agent.name': agent.name,
      'gen_ai.agent.version': session.revision,
    }),
    keep: keeperOf(agent.capture),
  };
}
