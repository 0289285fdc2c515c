import type { SpanKind, SpanSkeleton, Turn } from '../api/types.ts';

/** How a step is drawn: a model's answer, a tool's card, an agent's heading, or one line. */
export type StepLook = 'answer' | 'tool' | 'agent' | 'line';

export interface StepRow {
  step: SpanSkeleton;
  look: StepLook;
  /** How far it is indented: what a sub-agent or a tool does stands below it. */
  depth: number;
  /** Rows below it, if it can be folded. */
  inside: number;
  /** Index of the nearest row around it that can be folded; −1 where there is none. */
  around: number;
}

/** What a reader of a conversation looks for; other spans are the framework's own. */
const tellingKinds: ReadonlySet<SpanKind> = new Set([
  'agent',
  'llm',
  'tool',
  'retriever',
  'embedding',
  'guardrail',
  'evaluator',
]);
const depthMax = 6;

/**
 * The spans of a turn that stand for one call of a model each, as keys: not sums, nor wrappers and second reports of a call
 * that the turn shows as well. Where the span that counts is elsewhere, as when an agent reports to two places, this one is
 * all that the turn has of it.
 */
export function findModelCalls({ steps }: Pick<Turn, 'steps'>): Set<string> {
  const known = new Set(steps.map(keyOfStep));
  const isCall = ({ kind, notCountedBecause, countedInstead = null }: SpanSkeleton) => {
    if (kind !== 'llm' || notCountedBecause === 'aggregate') return false;
    if (notCountedBecause !== 'wrapper' && notCountedBecause !== 'duplicate') return true;
    return countedInstead !== null && !known.has(keyOfStep(countedInstead));
  };
  return new Set(steps.filter(isCall).map(keyOfStep));
}

/** A span of a session: its id alone is told apart within one trace only. */
export function keyOfStep({ traceId, spanId }: Pick<SpanSkeleton, 'traceId' | 'spanId'>): string {
  return `${traceId}/${spanId}`;
}

/**
 * A turn's steps as rows, parents before what they started, siblings by start. Without `all`, spans of the framework's own
 * are left out, unless they failed by themselves, and second reports of a tool's execution; a turn nobody spoke in is a run of a
 * program, and shows all.
 */
export function listStepRows(turn: Pick<Turn, 'steps' | 'input'>, { all }: { all: boolean }): StepRow[] {
  const showsAll = all || turn.input.length === 0;
  const known = new Map(turn.steps.map((step) => [keyOfStep(step), step]));
  const below = new Map<SpanSkeleton | undefined, SpanSkeleton[]>();
  for (const step of turn.steps) {
    const parentKey = step.parentSpanId === null ? '' : keyOfStep({ traceId: step.traceId, spanId: step.parentSpanId });
    const parent = known.get(parentKey);
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [step]);
    else siblings.push(step);
  }
  const calls = findModelCalls(turn);
  const rows: StepRow[] = [];
  const seen = new Set<SpanSkeleton>();
  // Depth first without recursion: a chain of a thousand spans is no reason to fail.
  const walk = (stack: Visit[]) => {
    for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
      const { step, place } = visit;
      if (seen.has(step)) continue;
      seen.add(step);
      const children = below.get(step) ?? [];
      const tells = tellingKinds.has(step.kind) || failedByItself(step, children);
      const isShown = showsAll || (tells && !isToldElsewhere(step, known));
      const inside = isShown ? placeBelow(step, place, { showsAll, row: rows.length }) : place;
      if (isShown) rows.push({ step, look: lookOf(step, calls), depth: place.depth, inside: 0, around: place.around });
      stack.push(...visitsOf(children, inside));
    }
  };
  walk(visitsOf(below.get(undefined) ?? [], outermost));
  // Spans whose parents form a loop hang from nothing.
  for (const step of turn.steps) walk([{ step, place: outermost }]);
  return countInside(rows);
}

/** The rows that no fold hides; `folded` are keys of steps. */
export function listShownRows(rows: readonly StepRow[], folded: ReadonlySet<string>): StepRow[] {
  if (folded.size === 0) return [...rows];
  const isHidden: boolean[] = [];
  return rows.filter(({ around }, place) => {
    const outer = rows[around];
    isHidden[place] = outer !== undefined && (isHidden[around] === true || folded.has(keyOfStep(outer.step)));
    return !isHidden[place];
  });
}

interface Place {
  depth: number;
  around: number;
  inAgent: boolean;
}

const outermost: Place = { depth: 0, around: -1, inAgent: false };

interface Visit {
  step: SpanSkeleton;
  place: Place;
}

function visitsOf(steps: readonly SpanSkeleton[], place: Place): Visit[] {
  return steps.map((step) => ({ step, place })).reverse();
}

/** The outermost agent is the conversation itself; what is inside another agent, or a tool, is indented. */
function placeBelow(step: SpanSkeleton, place: Place, options: { showsAll: boolean; row: number }): Place {
  const isNested = (step.kind === 'agent' && place.inAgent) || step.kind === 'tool';
  const inAgent = place.inAgent || step.kind === 'agent';
  if (!isNested && !options.showsAll) return { ...place, inAgent };
  return { depth: Math.min(place.depth + 1, depthMax), around: options.row, inAgent };
}

function failedByItself(step: SpanSkeleton, children: readonly SpanSkeleton[]): boolean {
  return step.status === 'error' && children.every(({ status }) => status !== 'error');
}

/** A second report of a tool's execution says nothing new, unless it alone says that it failed. */
function isToldElsewhere(step: SpanSkeleton, known: ReadonlyMap<string, SpanSkeleton>): boolean {
  if (step.sameExecutionAs === undefined) return false;
  return step.status !== 'error' || known.get(keyOfStep(step.sameExecutionAs))?.status === 'error';
}

function lookOf(step: SpanSkeleton, calls: ReadonlySet<string>): StepLook {
  if (calls.has(keyOfStep(step))) return 'answer';
  if (step.kind === 'tool') return 'tool';
  return step.kind === 'agent' ? 'agent' : 'line';
}

function countInside(rows: StepRow[]): StepRow[] {
  const counts = rows.map(() => 0);
  for (let place = rows.length - 1; place >= 0; place -= 1) {
    const around = rows[place]?.around ?? -1;
    if (around >= 0) counts[around] = (counts[around] ?? 0) + (counts[place] ?? 0) + 1;
  }
  return rows.map((row, place) => ({ ...row, inside: counts[place] ?? 0 }));
}
