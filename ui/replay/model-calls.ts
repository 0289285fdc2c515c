import type { SpanSkeleton, Turn } from '../api/types.ts';
import { findModelCalls, keyOfStep } from './turn-rows.ts';

/** One call of a model, and where it stands. */
export interface ModelCall {
  step: SpanSkeleton;
  /** Index of its turn. */
  turn: number;
  /** Calls of one thread share a history: one agent over all turns, or one run of a sub-agent or tool. */
  thread: string;
  /** What the thread is called: the agent's name, the tool's; null where none is known. */
  agentName: string | null;
  /** Index among the calls of its thread. */
  place: number;
  /** Spans of the turn that report the same call, but do not count: wrappers, and what another library sent of it. */
  doubles: readonly SpanSkeleton[];
}

export interface ModelCalls {
  /** By `keyOfStep`. */
  byStep: ReadonlyMap<string, ModelCall>;
  byThread: ReadonlyMap<string, readonly ModelCall[]>;
}

const ancestorsMax = 200;

/** Every model call of these turns, in threads, by start. */
export function listModelCalls(turns: readonly Pick<Turn, 'steps'>[]): ModelCalls {
  const known = new Map(turns.flatMap(({ steps }) => steps.map((step) => [keyOfStep(step), step] as const)));
  const byStep = new Map<string, ModelCall>();
  const byThread = new Map<string, ModelCall[]>();
  turns.forEach(({ steps }, turn) => {
    const keys = findModelCalls({ steps });
    const doubles = Map.groupBy(
      steps.filter(({ countedInstead = null }) => countedInstead !== null),
      ({ countedInstead = null }) => (countedInstead === null ? '' : keyOfStep(countedInstead)),
    );
    for (const step of steps) {
      if (!keys.has(keyOfStep(step))) continue;
      const { thread, agentName } = findThread(step, known);
      const calls = byThread.get(thread) ?? [];
      const call = { step, turn, thread, agentName, place: calls.length, doubles: doubles.get(keyOfStep(step)) ?? [] };
      calls.push(call);
      byThread.set(thread, calls);
      byStep.set(keyOfStep(step), call);
    }
  });
  return { byStep, byThread };
}

/** The calls before one in its thread, the nearest first. */
export function listCallsBefore(calls: ModelCalls, call: ModelCall, max: number): ModelCall[] {
  const thread = calls.byThread.get(call.thread) ?? [];
  return thread.slice(Math.max(0, call.place - max), call.place).reverse();
}

/** The call after one in its thread: its input says what became of this one's tool calls. */
export function findCallAfter(calls: ModelCalls, call: ModelCall): ModelCall | undefined {
  return calls.byThread.get(call.thread)?.[call.place + 1];
}

function findThread(
  step: SpanSkeleton,
  known: ReadonlyMap<string, SpanSkeleton>,
): { thread: string; agentName: string | null } {
  const owners: SpanSkeleton[] = [];
  let at: SpanSkeleton | undefined = step;
  for (let hops = 0; at !== undefined && hops < ancestorsMax; hops += 1) {
    const parentId: string | null = at.parentSpanId;
    at = parentId === null ? undefined : known.get(keyOfStep({ traceId: at.traceId, spanId: parentId }));
    if (at?.kind === 'agent' || at?.kind === 'tool') owners.push(at);
  }
  const [nearest] = owners;
  if (nearest === undefined) return { thread: `agent ${step.agentName ?? ''}`, agentName: step.agentName };
  const agentName = nearest.agentName ?? nearest.toolName ?? nearest.name;
  // An agent that another one, or a tool, started begins anew each time; the outermost goes on from turn to turn.
  if (owners.length > 1 || nearest.kind === 'tool') return { thread: `run ${keyOfStep(nearest)}`, agentName };
  return { thread: `agent ${agentName}`, agentName };
}
