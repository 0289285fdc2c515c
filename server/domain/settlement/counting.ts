import type { Skeleton } from './skeleton.ts';
import type { TraceTree } from './trace-tree.ts';

export type NotCountedBecause = 'aggregate' | 'wrapper' | 'duplicate' | 'not_a_model_call';

/** Whether one span's usage is in the sums; of a wrapper or duplicate, which span stands for it. */
export type Verdict = { counted: true } | { counted: false; because: NotCountedBecause; instead?: Skeleton };

const isCall = ({ usageScope }: Skeleton) => usageScope === 'call';
const isSubAgent = ({ kind }: Skeleton) => kind === 'tool' || kind === 'agent';
const isTool = ({ kind }: Skeleton) => kind === 'tool';

/**
 * What counts within one trace, for every span that is a model call or reports usage. A model call counts unless it wraps
 * another one; an aggregate counts only where nothing below it says in detail what it sums up.
 */
export function judgeTrace(tree: TraceTree): Map<Skeleton, Verdict> {
  const verdicts = new Map<Skeleton, Verdict>();
  for (const span of tree.spans) if (isCall(span)) verdicts.set(span, { counted: true });
  for (const span of tree.spans) if (isCall(span)) judgeWrapper(span, tree, verdicts);
  judgeAggregates(tree, verdicts);
  return verdicts;
}

/**
 * A call with calls below it, reached without crossing a tool or an agent, is their wrapper when they share a response id,
 * when its totals are their sum, or when it has no usage of its own; otherwise all of them are real (a moderation call
 * nested under a chat call).
 */
function judgeWrapper(span: Skeleton, tree: TraceTree, verdicts: Map<Skeleton, Verdict>): void {
  const nearest = tree.nearestBelow(span, isCall, isSubAgent);
  if (nearest.length === 0) return;
  const same = nearest.find(({ responseId }) => responseId !== '' && responseId === span.responseId);
  if (same !== undefined && span.hasUsage && !same.hasUsage) {
    verdicts.set(same, { counted: false, because: 'duplicate', instead: span });
    return;
  }
  const stands = same ?? nearest[0];
  if (same !== undefined || !span.hasUsage || isSumOf(span, nearest)) {
    verdicts.set(span, { counted: false, because: 'wrapper', ...(stands === undefined ? {} : { instead: stands }) });
  }
}

function isSumOf({ tokens }: Skeleton, parts: readonly Skeleton[]): boolean {
  const sum = (read: (part: Skeleton) => bigint) => parts.reduce((total, part) => total + read(part), 0n);
  return (
    tokens.inputTokens === sum((part) => part.tokens.inputTokens) &&
    tokens.outputTokens === sum((part) => part.tokens.outputTokens)
  );
}

/**
 * Usage on an agent or chain repeats what the calls below it say. Where none of them was received (sampling, a filtered
 * exporter), the topmost such aggregate counts, as tokens and cost but not as a model call. What runs inside a tool is not in
 * its sum, so tools are where looking ends.
 */
function judgeAggregates(tree: TraceTree, verdicts: Map<Skeleton, Verdict>): void {
  const covered = coveredByCalls(tree);
  const insideCounted = new Set<Skeleton>();
  for (const span of tree.topDown()) {
    const parent = tree.parentOf(span);
    const inside = parent !== undefined && insideCounted.has(parent) && !isTool(span);
    if (inside) insideCounted.add(span);
    if (span.usageScope !== 'aggregate') continue;
    const counts = span.hasUsage && !inside && !covered.has(span);
    verdicts.set(span, counts ? { counted: true } : { counted: false, because: 'aggregate' });
    if (counts) insideCounted.add(span);
  }
}

/** Spans with a model call below them that no tool stands between. */
function coveredByCalls(tree: TraceTree): Set<Skeleton> {
  const covered = new Set<Skeleton>();
  for (const call of tree.spans) {
    if (!isCall(call)) continue;
    for (let at = tree.parentOf(call); at !== undefined && !covered.has(at); at = tree.parentOf(at)) {
      covered.add(at);
      if (isTool(at)) break;
    }
  }
  return covered;
}
