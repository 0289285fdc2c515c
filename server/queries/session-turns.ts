import { type Turn, turnStepsMax } from '../contract/sessions.ts';
import type { SpanSkeleton } from '../contract/spans.ts';
import type { SessionTurn } from '../domain/settlement/turns.ts';
import { earliest, latest } from '../domain/time.ts';
import { answerOf, hasFailed, openerOf, sumSteps } from '../domain/turn-outcome.ts';
import { assignSteps, type TurnStep, type TurnSteps } from '../domain/turn-steps.ts';
import type { Db } from './db.ts';
import { readTurnMessages } from './session-messages.ts';
import { readSessionSpans, type SessionSpan } from './session-spans.ts';
import type { SessionTrace } from './session-traces.ts';
import { decisionKey, readDecisions, type SpanDecisions } from './span-decisions.ts';
import { toSkeleton } from './span-skeletons.ts';

/** Spans that are read for one page, about half a kilobyte each; a page has fewer turns where theirs are more. */
export const pageSpansMax = 20_000;
/** Traces that are read for one page. */
export const pageTracesMax = 1_000;

export interface TurnsRequest {
  projectId: string;
  sessionId: string;
  traces: ReadonlyMap<string, SessionTrace>;
  /** All of the session's: they say where a turn of a trace ends. */
  turns: readonly SessionTurn[];
  /** Those that are wanted. */
  page: readonly SessionTurn[];
}

/** Turns as the API shows them: spans and decisions of their traces by key, and the messages at both ends of each turn. */
export async function readTurns(db: Db, request: TurnsRequest): Promise<Turn[]> {
  const { projectId, sessionId, turns, page } = request;
  const traces = tracesOf(request);
  const [first] = traces;
  if (first === undefined) return [];
  const window = {
    from: traces.map((trace) => trace.window.from).reduce(earliest, first.window.from),
    to: traces.map((trace) => trace.window.to).reduce(latest, first.window.to),
  };
  const traceIds = traces.map((trace) => trace.traceId);
  const [spans, decisions] = await Promise.all([
    readSessionSpans(db, { projectId, traces, spansMax: pageSpansMax }),
    readDecisions(db, { projectId, traceIds, window }),
  ]);
  const rows = new Map(spans.map((span) => [span.span, span]));
  const assigned = assignSteps(sessionId, turns, spans);
  const find = (step: TurnStep | undefined) => step && rows.get(step.span);
  const spokenBefore = spokenBeforeTurns(turns);
  const parts = page.map((turn) => {
    const steps: TurnSteps = assigned.get(turn) ?? { steps: [], failedRoots: [] };
    const opener = openerOf(turn, steps);
    const ends = { opener: find(opener), answer: find(answerOf(steps, opener)) };
    return { turn, ...steps, ...ends, spokenBefore: spokenBefore.get(turn) ?? 0 };
  });
  const messages = await readTurnMessages(db, projectId, parts);
  return parts.map((part, at) => ({
    ...toTurn(part.turn, part),
    ...(messages[at] ?? { input: [], output: [] }),
    ...toSteps(part.steps, { rows, decisions }),
  }));
}

/** The user messages that the turn before was given: in a history that is sent again, those that are not new. */
function spokenBeforeTurns(turns: readonly SessionTurn[]): Map<SessionTurn, number> {
  const given = turns.map(({ parts }) => Math.max(...parts.map((part) => part.userMessageCount)));
  return new Map(turns.map((turn, at) => [turn, given[at - 1] ?? 0]));
}

/** The traces of a page, in the order of its turns. */
function tracesOf({ traces, page }: TurnsRequest): SessionTrace[] {
  const traceIds = new Set(page.flatMap((turn) => turn.parts.map((part) => part.traceId)));
  return [...traceIds].slice(0, pageTracesMax).flatMap((traceId) => traces.get(traceId) ?? []);
}

function toTurn(
  turn: SessionTurn,
  steps: TurnSteps,
): Pick<Turn, 'traceIds' | 'startTimeUnixNano' | 'endTimeUnixNano' | 'status'> {
  const ends = [...turn.parts.map((part) => part.endNs), ...steps.steps.map(({ span }) => span.endNs)];
  return {
    traceIds: [...new Set(turn.parts.map((part) => part.traceId))],
    startTimeUnixNano: String(turn.startNs),
    endTimeUnixNano: String(ends.reduce((last, end) => (end > last ? end : last), turn.startNs)),
    status: hasFailed(steps) ? 'error' : 'ok',
  };
}

function toSteps(
  steps: readonly TurnStep[],
  { rows, decisions }: { rows: ReadonlyMap<TurnStep['span'], SessionSpan>; decisions: SpanDecisions },
): Pick<Turn, 'steps' | 'stepCount' | 'usage' | 'cost'> {
  const skeletons = steps.flatMap(({ span, attribution }): SpanSkeleton[] => {
    const row = rows.get(span)?.row;
    if (row === undefined) return [];
    const { sessionId, userId, agentName } = attribution;
    const skeleton = toSkeleton(row, decisions.get(decisionKey(row)));
    return [
      {
        ...skeleton,
        sessionId,
        userId: skeleton.userId ?? (userId || null),
        agentName: skeleton.agentName ?? (agentName || null),
      },
    ];
  });
  return { steps: skeletons.slice(0, turnStepsMax), stepCount: skeletons.length, ...sumSteps(skeletons) };
}
