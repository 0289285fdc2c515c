import { type Turn, turnStepsMax } from '../contract/sessions.ts';
import type { SpanSkeleton } from '../contract/spans.ts';
import type { SessionTurn } from '../domain/settlement/turns.ts';
import { earliest, latest } from '../domain/time.ts';
import { answerOf, hasFailed, openerOf, sumAmounts, sumSteps } from '../domain/turn-outcome.ts';
import { assignSteps, type TurnStep, type TurnSteps } from '../domain/turn-steps.ts';
import type { Db } from './db.ts';
import { countCutTraces, type CutTraces } from './session-cut.ts';
import { readTurnMessages } from './session-messages.ts';
import { readSessionSpans, type SessionSpan } from './session-spans.ts';
import type { SessionTrace } from './session-traces.ts';
import { decisionKey, readDecisions, type SpanDecisions } from './span-decisions.ts';
import { toSkeleton } from './span-skeletons.ts';

/** What is read for one page. A page has fewer turns where theirs are more; of one turn that has more, the first are read. */
export const pageLimits = {
  /** Spans, about half a kilobyte each. */
  spansMax: 20_000,
  tracesMax: 1_000,
} as const;

export interface TurnsRequest {
  projectId: string;
  sessionId: string;
  traces: ReadonlyMap<string, SessionTrace>;
  /** All of the session's: they say where a turn of a trace ends. */
  turns: readonly SessionTurn[];
  /** Those that are wanted. */
  page: readonly SessionTurn[];
  limits: { spansMax: number; tracesMax: number };
}

/** Turns as the API shows them: spans and decisions of their traces by key, and the messages at both ends of each turn. */
export async function readTurns(db: Db, request: TurnsRequest): Promise<Turn[]> {
  const { projectId, sessionId, turns, page, limits } = request;
  const { whole, unread } = tracesOf(request);
  const [first] = whole;
  if (first === undefined) return [];
  const window = {
    from: whole.map((trace) => trace.window.from).reduce(earliest, first.window.from),
    to: whole.map((trace) => trace.window.to).reduce(latest, first.window.to),
  };
  const traceIds = whole.map((trace) => trace.traceId);
  const [spans, decisions] = await Promise.all([
    readSessionSpans(db, { projectId, traces: whole, spansMax: limits.spansMax }),
    readDecisions(db, { projectId, traceIds, window }),
  ]);
  const rows = new Map(spans.map((span) => [span.span, span]));
  const assigned = assignSteps(sessionId, turns, spans);
  const cut = spans.length < limits.spansMax ? unread : [...notWhole(whole, assigned), ...unread];
  const find = (step: TurnStep | undefined) => step && rows.get(step.span);
  const spokenBefore = spokenBeforeTurns(turns);
  const parts = page.map((turn) => {
    const steps: TurnSteps = assigned.get(turn) ?? { steps: [], failedRoots: [] };
    const opener = openerOf(turn, steps);
    const ends = { opener: find(opener), answer: find(answerOf(steps, opener)) };
    return { turn, ...steps, ...ends, spokenBefore: spokenBefore.get(turn) ?? 0 };
  });
  const [messages, cutTraces] = await Promise.all([
    readTurnMessages(db, projectId, parts),
    countCutTraces(db, { projectId, sessionId, traces: cut, turns }),
  ]);
  return parts.map((part, at) => ({
    ...toTurn(part.turn, part),
    ...(messages[at] ?? { input: [], output: [] }),
    ...toSteps(part, { rows, decisions, cutTraces }),
  }));
}

/** The traces of a page in the order of its turns: as many as are read, at least one, and those beyond. */
function tracesOf({ traces, page, limits }: TurnsRequest): { whole: SessionTrace[]; unread: SessionTrace[] } {
  const traceIds = [...new Set(page.flatMap((turn) => turn.parts.map((part) => part.traceId)))];
  const ofPage = traceIds.flatMap((traceId) => traces.get(traceId) ?? []);
  let spans = 0;
  const fits = ofPage.findIndex(({ spanCount }, at) => {
    spans += spanCount;
    return at > 0 && (at >= limits.tracesMax || spans > limits.spansMax);
  });
  return fits < 0 ? { whole: ofPage, unread: [] } : { whole: ofPage.slice(0, fits), unread: ofPage.slice(fits) };
}

/** Those of which not all steps are there. */
function notWhole(traces: readonly SessionTrace[], assigned: ReadonlyMap<SessionTurn, TurnSteps>): SessionTrace[] {
  const steps = [...assigned.values()].flatMap((turn) => turn.steps);
  const read = Map.groupBy(steps, ({ span }) => span.traceId);
  return traces.filter(({ traceId, spanCount }) => (read.get(traceId)?.length ?? 0) < spanCount);
}

/** The user messages that the turn before was given: in a history that is sent again, those that are not new. */
function spokenBeforeTurns(turns: readonly SessionTurn[]): Map<SessionTurn, number> {
  const given = turns.map(({ parts }) => Math.max(...parts.map((part) => part.userMessageCount)));
  return new Map(turns.map((turn, at) => [turn, given[at - 1] ?? 0]));
}

type TurnFrame = Pick<Turn, 'traceIds' | 'startTimeUnixNano' | 'endTimeUnixNano' | 'status'>;

function toTurn(turn: SessionTurn, steps: TurnSteps): TurnFrame {
  const ends = [...turn.parts.map((part) => part.endNs), ...steps.steps.map(({ span }) => span.endNs)];
  return {
    traceIds: [...new Set(turn.parts.map((part) => part.traceId))],
    startTimeUnixNano: String(turn.startNs),
    endTimeUnixNano: String(ends.reduce((last, end) => (end > last ? end : last), turn.startNs)),
    status: hasFailed(steps) ? 'error' : 'ok',
  };
}

interface StepSources {
  rows: ReadonlyMap<TurnStep['span'], SessionSpan>;
  decisions: SpanDecisions;
  cutTraces: CutTraces;
}

function toSteps(
  { turn, steps }: { turn: SessionTurn; steps: readonly TurnStep[] },
  { rows, decisions, cutTraces }: StepSources,
): Pick<Turn, 'steps' | 'stepCount' | 'usage' | 'cost'> {
  const skeletons = steps.flatMap((step) => toStep(step, rows.get(step.span), decisions));
  const whole = skeletons.filter(({ traceId }) => !cutTraces.has(traceId));
  const cut = [...new Set(turn.parts.map((part) => part.traceId))]
    .map((traceId) => cutTraces.get(traceId)?.get(turn))
    .filter((totals) => totals !== undefined);
  return {
    steps: skeletons.slice(0, turnStepsMax),
    stepCount: whole.length + cut.reduce((sum, { stepCount }) => sum + stepCount, 0),
    ...sumAmounts([sumSteps(whole), ...cut]),
  };
}

function toStep(
  { attribution, repeats }: TurnStep,
  span: SessionSpan | undefined,
  decisions: SpanDecisions,
): SpanSkeleton[] {
  if (span === undefined) return [];
  const skeleton = toSkeleton(span.row, decisions.get(decisionKey(span.row)));
  const { sessionId, userId, agentName } = attribution;
  return [
    {
      ...skeleton,
      sessionId,
      userId: skeleton.userId ?? (userId || null),
      agentName: skeleton.agentName ?? (agentName || null),
      ...(repeats === undefined ? {} : { sameExecutionAs: { traceId: repeats.traceId, spanId: repeats.spanId } }),
    },
  ];
}
