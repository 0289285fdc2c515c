import type { LoadedAgent } from '../definition/read-definition.ts';
import { buildMessages } from '../run/conversation.ts';
import { fillInstructions } from '../run/fill-instructions.ts';
import type { Entry, Session, StepEntry, Turn, TurnEnd, TurnInput } from '../sessions/record.ts';
import { toolSpanContext } from '../telemetry/span-ids.ts';
import type { TurnRecord } from '../telemetry/turn-record.ts';
import { callModels } from './past-calls.ts';
import { hashId, type PastScene } from './past-scene.ts';
import type { PastTool } from './past-tools.ts';

const stepsMax = 8;
/** Between the calls of a turn: the runtime's own work. */
const overheadMs = 4;

/**
 * Plays a turn as the runtime would have run it then: the same scripts, the same record, with times of that day.
 */
export function playTurn(scene: PastScene, { agent, session, earlier, input, startMs }: Played): PlayedTurn {
  const { definition } = agent;
  const number = earlier.length + 1;
  const instructions = fillInstructions(definition, input.variables);
  const tools = scene.toolsOf(agent);
  const id = `turn_${hashId(`${session.id} ${number}`)}`;
  const identity = { id, sessionId: session.id, number, input };
  const entries: Entry[] = [];
  const below: TurnRecord[] = [];
  let nowMs = startMs + overheadMs;
  let end: TurnEnd | undefined;

  for (let step = 0; step < stepsMax && end === undefined; step += 1) {
    const messages = buildMessages({ instructions, session, earlier, turn: { ...identity, entries } }, 1);
    const called = callModels(scene, { agent, tools, messages, step, nowMs, id, isFirst: number === 1 && step === 0 });
    entries.push(called.entry);
    nowMs = called.endMs + overheadMs;
    if (called.failure !== undefined) {
      const { kind, message, status } = called.failure;
      const isCut = called.entry.text !== '';
      const reason = isCut ? 'stream_cut' : 'model_failed';
      const failure = { kind, status };
      end = { state: isCut ? 'interrupted' : 'failed', reason, message, failure, text: called.entry.text, atMs: nowMs };
    } else if (called.entry.toolCalls.length === 0) {
      end = { state: 'completed', text: called.entry.text, atMs: nowMs };
    } else {
      const asked = callTools(scene, { ...{ session, identity, step, startMs: nowMs, tools }, entry: called.entry });
      entries.push(...asked.entries);
      below.push(...asked.below);
      nowMs = asked.endMs + overheadMs;
    }
  }
  end ??= {
    state: 'limited',
    reason: 'max_steps',
    message: `${stepsMax} of ${stepsMax} model calls`,
    text: '',
    atMs: nowMs,
  };
  const turn: Turn = {
    ...identity,
    ...{ state: end.state, acceptedMs: startMs, startedMs: startMs, idempotencyKey: null, contentHash: id },
    ...{ entries, end, claims: 1 },
  };
  const { name, description, labels, capture } = definition;
  const facts = { name, description, labels, capture, instructions, tools: tools.map(({ spec }) => spec) };
  return { record: { session, earlier, turn, agent: facts }, end, below };
}

interface PlayedTurn {
  record: TurnRecord;
  end: TurnEnd;
  /** Of the agents that it asked. */
  below: TurnRecord[];
}

interface Played {
  agent: LoadedAgent;
  session: Session;
  earlier: readonly Turn[];
  input: TurnInput;
  startMs: number;
}

interface ToolsCalled {
  session: Session;
  identity: Pick<Turn, 'id' | 'sessionId' | 'number' | 'input'>;
  entry: StepEntry;
  step: number;
  startMs: number;
  tools: readonly PastTool[];
}

function callTools(scene: PastScene, { session, identity, entry, step, startMs, tools }: ToolsCalled) {
  const entries: Entry[] = [];
  const below: TurnRecord[] = [];
  for (const { id: callId, name, arguments: written } of entry.toolCalls) {
    const tool = tools.find(({ spec }) => spec.name === name);
    if (tool === undefined) continue;
    const args = JSON.parse(written) as Record<string, unknown>;
    const asked =
      tool.agent === undefined
        ? undefined
        : askAgent(scene, {
            session,
            identity,
            step,
            callId,
            startMs,
            name: tool.agent,
            message: String(args['message']),
          });
    below.push(...(asked?.records ?? []));
    const result = asked?.result ?? tool.call?.(args);
    const { text = '', failure, ms = 1 } = result ?? {};
    const endMs = startMs + Math.round(asked === undefined ? ms * (0.6 + scene.random()) : ms);
    const { type: toolType, sideEffect } = tool;
    entries.push(
      { type: 'tool_started', callId, step, name, sideEffect, atMs: startMs },
      {
        type: 'tool',
        callId,
        step,
        name,
        toolType,
        arguments: written,
        text,
        failure,
        attempts: failure === 'timeout' ? 3 : 1,
        turn: asked?.turn,
        startMs,
        endMs,
      },
    );
  }
  const endMs = entries.reduce((last, one) => (one.type === 'tool' ? Math.max(last, one.endMs) : last), startMs);
  return { entries, below, endMs };
}

interface Asked {
  session: Session;
  identity: ToolsCalled['identity'];
  step: number;
  callId: string;
  startMs: number;
  name: string;
  message: string;
}

function askAgent(scene: PastScene, { session, identity, step, callId, startMs, name, message }: Asked) {
  const agent = scene.findAgent(name);
  const id = `sub_${hashId(`${identity.id} ${step} ${callId}`)}`;
  const parent = {
    sessionId: session.id,
    turnId: identity.id,
    callId,
    conversationId: session.parent?.conversationId ?? session.id,
  };
  const { createdMs, expiresMs, user } = session;
  const own: Session = { id, agent: name, revision: agent.revision, user, parent, imported: [], createdMs, expiresMs };
  const input: TurnInput = {
    messages: [{ content: [{ type: 'text', text: message }] }],
    ...{ system: [], variables: {}, labels: identity.input.labels, user },
    traceparent: toolSpanContext(identity, { step, callId }),
  };
  const { record, end, below } = playTurn(scene, { agent, session: own, earlier: [], input, startMs: startMs + 2 });
  const result = {
    text: end.state === 'completed' ? end.text : `The agent ${name} gave no answer: ${end.reason ?? end.state}`,
    ...(end.state !== 'completed' && { failure: 'tool_error' as const }),
    ms: end.atMs - startMs + 2,
  };
  return { records: [...below, record], result, turn: { sessionId: id, turnId: record.turn.id } };
}
