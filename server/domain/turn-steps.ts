import { inheritAttribution } from './settlement/inherit.ts';
import { type Attribution, compareSkeletons, type Skeleton } from './settlement/skeleton.ts';
import { findRepeatedExecutions } from './settlement/tool-executions.ts';
import { TraceTree } from './settlement/trace-tree.ts';
import { type GivenMessages, type SessionTurn, userFacingSpans } from './settlement/turns.ts';

/** A span of one of the session's traces, with what it was given and whether it answers anything. */
export interface TurnSpan {
  span: Skeleton;
  given: GivenMessages;
  hasOutput: boolean;
  /** Of a tool: the call that it carries out; '' where it does not say. */
  toolCallId: string;
}

/** A span of a turn. */
export interface TurnStep extends TurnSpan {
  /** Its own and inherited. */
  attribution: Attribution;
  /** Not inside a tool or a nested agent. */
  isUserFacing: boolean;
  isRoot: boolean;
  /** Of a tool: the step of the same turn that records the same execution, and stands for it. */
  repeats?: Skeleton | undefined;
}

export interface TurnSteps {
  /** In order of start. */
  steps: TurnStep[];
  /** A root that failed has failed the last turn of its trace, whichever it began in. */
  failedRoots: TurnStep[];
}

/**
 * The steps of some turns: spans whose own or inherited session is this one, each in the last turn of its trace that had begun
 * when it began; earlier ones in the first. `spans` are those of whole traces, each once; `turns` all turns of the session.
 */
export function assignSteps(
  sessionId: string,
  turns: readonly SessionTurn[],
  spans: readonly TurnSpan[],
): Map<SessionTurn, TurnSteps> {
  const assigned = new Map<SessionTurn, TurnSteps>();
  const stepsOf = (turn: SessionTurn) => {
    const known = assigned.get(turn) ?? { steps: [], failedRoots: [] };
    assigned.set(turn, known);
    return known;
  };
  const begins = beginningsOf(turns);
  for (const [traceId, members] of Map.groupBy(spans, ({ span }) => span.traceId)) {
    const ofTrace = begins.get(traceId) ?? [];
    for (const step of stepsOfTrace(sessionId, members)) {
      const turn = turnAt(ofTrace, step.span.startNs);
      const last = ofTrace.at(-1)?.turn;
      if (turn === undefined || last === undefined) continue;
      stepsOf(turn).steps.push(step);
      if (step.isRoot && step.span.isError) stepsOf(last).failedRoots.push(step);
    }
  }
  for (const turn of assigned.values()) {
    turn.steps = markRepeated(turn.steps).sort((a, b) => compareSkeletons(a.span, b.span));
  }
  return assigned;
}

interface Beginning {
  startNs: bigint;
  turn: SessionTurn;
}

/** When the turns of each trace begin, in order. */
function beginningsOf(turns: readonly SessionTurn[]): Map<string, Beginning[]> {
  const begins = new Map<string, Beginning[]>();
  for (const turn of turns) {
    for (const { traceId, startNs } of turn.parts) {
      const ofTrace = begins.get(traceId);
      if (ofTrace === undefined) begins.set(traceId, [{ startNs, turn }]);
      else ofTrace.push({ startNs, turn });
    }
  }
  for (const ofTrace of begins.values()) {
    ofTrace.sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0));
  }
  return begins;
}

function stepsOfTrace(sessionId: string, members: readonly TurnSpan[]): TurnStep[] {
  const tree = new TraceTree(members.map(({ span }) => span));
  const attributions = inheritAttribution(tree);
  const userFacing = userFacingSpans(tree, new Map(members.map(({ span, given }) => [span, given])));
  return members.flatMap((member) => {
    const attribution = attributions.get(member.span);
    if (attribution?.sessionId !== sessionId) return [];
    const isRoot = tree.parentOf(member.span) === undefined;
    return [{ ...member, attribution, isUserFacing: userFacing.has(member.span), isRoot }];
  });
}

function markRepeated(steps: readonly TurnStep[]): TurnStep[] {
  const ids = new Map(steps.map(({ span, toolCallId }) => [span, toolCallId]));
  const traces = Map.groupBy(ids.keys(), ({ traceId }) => traceId);
  const trees = [...traces.values()].map((spans) => new TraceTree(spans));
  const repeated = findRepeatedExecutions(trees, (span) => ids.get(span) ?? '');
  return steps.map((step) => ({ ...step, repeats: repeated.get(step.span) }));
}

/** The last that begins at `startNs` or before, else the first. */
function turnAt(ofTrace: readonly Beginning[], startNs: bigint): SessionTurn | undefined {
  let [low, high] = [0, ofTrace.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((ofTrace[middle]?.startNs ?? 0n) <= startNs) low = middle;
    else high = middle - 1;
  }
  return ofTrace[low]?.turn;
}
