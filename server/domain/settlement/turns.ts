import type { Skeleton } from './skeleton.ts';
import type { TraceTree } from './trace-tree.ts';

/** Which user message a span was given; all 0 where it carries none. */
export interface GivenMessages {
  inputMessageCount: number;
  userMessageCount: number;
  /** First eight bytes of the last user message's hash. */
  lastUserMessage: bigint;
}

/**
 * What one trace would be as turns of a session of its own. The first begins with the trace; `userMessageCount` 0 says that
 * nobody spoke in it.
 */
export interface TraceTurn extends GivenMessages {
  traceId: string;
  startNs: bigint;
  /** When the last span that was given the turn's message ended. */
  endNs: bigint;
  /** The call it was opened by failed: the same message again is a retry. */
  isError: boolean;
}

/** A turn of a session: parts of one or more traces, in order of start. */
export interface SessionTurn {
  startNs: bigint;
  parts: TraceTurn[];
}

/**
 * Starts are often whole milliseconds where ends are exact: a call that begins this much before another ends does not run
 * beside it.
 */
const clockGrainNs = 2_000_000n;

interface Candidate {
  span: Skeleton;
  given: GivenMessages;
  /** The topmost agent it runs in, itself included. */
  agent: Skeleton | undefined;
}

/**
 * Cuts a trace at its user messages: a turn opens where a model or agent is given a last user message that is new. Inside one
 * agent, and beside a call that still runs, only a history that has grown opens one: titles, guards and retries run there.
 * What runs inside a tool or a nested agent was asked by an agent, not by a user.
 */
export function cutTrace(
  traceId: string,
  tree: TraceTree,
  given: ReadonlyMap<Skeleton, GivenMessages>,
  inSession: (span: Skeleton) => boolean,
): TraceTurn[] {
  const spans = tree.spans.filter(inSession);
  const [first] = spans;
  if (first === undefined) return [];
  const openings: { opener: Candidate; turn: TraceTurn }[] = [];
  for (const candidate of candidatesOf(tree, spans, given)) {
    const current = openings.at(-1);
    if (current === undefined || opensTurn(candidate, current)) {
      openings.push({ opener: candidate, turn: turnOf(traceId, candidate, startOf(candidate, current?.opener, tree)) });
    } else {
      current.turn.endNs = maxOf(current.turn.endNs, candidate.span.endNs);
      current.turn.userMessageCount = Math.max(current.turn.userMessageCount, candidate.given.userMessageCount);
    }
  }
  const [opening, ...later] = openings.map(({ turn }) => turn);
  if (opening === undefined) return [nobodySpoke(traceId, spans)];
  return [{ ...opening, startNs: first.startNs }, ...later];
}

/**
 * Joins the turns of a session's traces. A trace goes on with the turn before where it was given the same messages and more
 * (the next step of a tool loop), where it was given none, or where it runs beside it without a longer history.
 */
export function joinTurns(traceTurns: readonly TraceTurn[]): SessionTurn[] {
  const sorted = [...traceTurns].sort(
    (a, b) => compare(a.startNs, b.startNs) || (a.traceId < b.traceId ? -1 : a.traceId > b.traceId ? 1 : 0),
  );
  const turns: (SessionTurn & { endNs: bigint; userMessageCount: number })[] = [];
  const seen = new Set<string>();
  for (const part of sorted) {
    const current = turns.at(-1);
    const isFirstOfTrace = !seen.has(part.traceId);
    seen.add(part.traceId);
    if (current === undefined || !isFirstOfTrace || opensSessionTurn(part, current)) {
      turns.push({ startNs: part.startNs, parts: [part], endNs: part.endNs, userMessageCount: part.userMessageCount });
    } else {
      current.parts.push(part);
      current.endNs = maxOf(current.endNs, part.endNs);
      current.userMessageCount = Math.max(current.userMessageCount, part.userMessageCount);
    }
  }
  return turns.map(({ startNs, parts }) => ({ startNs, parts }));
}

function opensSessionTurn(
  part: TraceTurn,
  current: SessionTurn & { endNs: bigint; userMessageCount: number },
): boolean {
  if (part.userMessageCount === 0) return false;
  const opening = current.parts.find(({ userMessageCount }) => userMessageCount > 0);
  if (opening === undefined) return true;
  if (part.userMessageCount > current.userMessageCount) return true;
  if (part.startNs + clockGrainNs < current.endNs) return false;
  if (current.parts.every(({ lastUserMessage }) => lastUserMessage !== part.lastUserMessage)) return true;
  // The very same input again, after an answer: the user said it twice.
  return part.inputMessageCount <= opening.inputMessageCount && !opening.isError && part.traceId !== opening.traceId;
}

/** The spans of a trace that speak with the user: not inside a tool, nor inside an agent that runs inside another. */
export function userFacingSpans(tree: TraceTree, given: ReadonlyMap<Skeleton, GivenMessages>): Set<Skeleton> {
  return new Set([...placesOf(tree, given)].filter(([, place]) => !place.isNested).map(([span]) => span));
}

/** Where a span runs: shared by all spans that run in the same place. */
interface Place {
  agent: Skeleton | undefined;
  /** Inside a tool, or inside an agent that runs inside another. */
  isNested: boolean;
}

/** Spans that speak for the user, in order of start. */
function candidatesOf(
  tree: TraceTree,
  spans: readonly Skeleton[],
  given: ReadonlyMap<Skeleton, GivenMessages>,
): Candidate[] {
  const places = placesOf(tree, given);
  return spans.flatMap((span) => {
    const messages = given.get(span);
    const place = places.get(span);
    if (messages === undefined || messages.userMessageCount === 0 || place === undefined || place.isNested) return [];
    return [{ span, given: messages, agent: place.agent }];
  });
}

function placesOf(tree: TraceTree, given: ReadonlyMap<Skeleton, GivenMessages>): Map<Skeleton, Place> {
  const outside: Place = { agent: undefined, isNested: false };
  const speaking = speakingAgents(tree, given);
  const places = new Map<Skeleton, Place>();
  for (const span of tree.topDown()) {
    const parent = tree.parentOf(span);
    const around = (parent === undefined ? undefined : places.get(parent)) ?? outside;
    places.set(span, around.isNested ? around : placeIn(around, span, speaking));
  }
  return places;
}

function placeIn(around: Place, span: Skeleton, speaking: ReadonlySet<Skeleton>): Place {
  if (span.kind === 'tool') return { agent: around.agent, isNested: true };
  if (span.kind !== 'agent' || !speaking.has(span)) return around;
  return around.agent === undefined ? { agent: span, isNested: false } : { agent: around.agent, isNested: true };
}

/**
 * Agents that were given messages or call a model themselves. One that only runs other agents is a frame around them: they
 * are not its sub-agents but take turns.
 */
function speakingAgents(tree: TraceTree, given: ReadonlyMap<Skeleton, GivenMessages>): Set<Skeleton> {
  const speaking = new Set<Skeleton>();
  const runIn = new Map<Skeleton, Skeleton>();
  for (const span of tree.topDown()) {
    const parent = tree.parentOf(span);
    const around = parent === undefined ? undefined : parent.kind === 'agent' ? parent : runIn.get(parent);
    if (around !== undefined && span.kind !== 'tool') runIn.set(span, around);
    if (span.kind === 'agent' && (given.get(span)?.inputMessageCount ?? 0) > 0) speaking.add(span);
    if (span.kind === 'llm' && around !== undefined) speaking.add(around);
  }
  return speaking;
}

function opensTurn({ span, given, agent }: Candidate, current: { opener: Candidate; turn: TraceTurn }): boolean {
  if (given.userMessageCount > current.turn.userMessageCount) return true;
  const isInside = agent !== undefined && agent === current.opener.agent;
  if (isInside || span.startNs + clockGrainNs < current.turn.endNs) return false;
  return given.lastUserMessage !== current.turn.lastUserMessage;
}

function turnOf(traceId: string, { span, given }: Candidate, startNs: bigint): TraceTurn {
  return { traceId, startNs, endNs: span.endNs, isError: span.isError, ...given };
}

/** A later turn begins with the outermost span around its opener that is not around the opener before as well. */
function startOf({ span }: Candidate, before: Candidate | undefined, tree: TraceTree): bigint {
  if (before === undefined) return span.startNs;
  const around = new Set<Skeleton>();
  for (let at: Skeleton | undefined = before.span; at !== undefined; at = tree.parentOf(at)) around.add(at);
  let outermost = span;
  for (let at = tree.parentOf(span); at !== undefined && !around.has(at); at = tree.parentOf(at)) outermost = at;
  return outermost.startNs > before.span.startNs ? outermost.startNs : span.startNs;
}

function nobodySpoke(traceId: string, spans: readonly Skeleton[]): TraceTurn {
  const startNs = spans.reduce((least, span) => (span.startNs < least ? span.startNs : least), spans[0]?.startNs ?? 0n);
  const endNs = spans.reduce((most, span) => maxOf(most, span.endNs), startNs);
  return {
    traceId,
    startNs,
    endNs,
    isError: false,
    inputMessageCount: 0,
    userMessageCount: 0,
    lastUserMessage: 0n,
  };
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
