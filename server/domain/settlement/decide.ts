import { judgeTrace, type Verdict } from './counting.ts';
import { findDuplicates, keepBest } from './duplicates.ts';
import { inheritAttribution, layOver } from './inherit.ts';
import type { Attribution, Skeleton } from './skeleton.ts';
import { TraceTree } from './trace-tree.ts';

/** What settlement holds of one span that is a model call or reports usage. */
export interface Decision {
  span: Skeleton;
  verdict: Verdict;
  /** Its own and inherited; of the kept record of a duplicated call also what its copies know. */
  attribution: Attribution;
}

export interface SettledTrace {
  traceId: string;
  tree: TraceTree;
  attributions: ReadonlyMap<Skeleton, Attribution>;
  decisions: Decision[];
}

/**
 * Decides a set of traces of one project: pure, and independent of the order of its input. Every trace must be whole, and
 * with it every trace that holds a copy of one of its calls; a span that was received twice must be there once.
 */
export function settleTraces(traces: ReadonlyMap<string, readonly Skeleton[]>): SettledTrace[] {
  const settled = [...traces].map(([traceId, spans]) => {
    const tree = new TraceTree(spans);
    return { traceId, tree, attributions: inheritAttribution(tree), verdicts: judgeTrace(tree) };
  });
  const verdicts = new Map(settled.flatMap((trace) => [...trace.verdicts]));
  const attributions = new Map(settled.flatMap((trace) => [...trace.attributions]));
  const counted = [...verdicts].filter(([, verdict]) => verdict.counted).map(([span]) => span);
  for (const group of findDuplicates(counted)) {
    const kept = keepBest(group);
    for (const copy of group) {
      if (copy === kept) continue;
      verdicts.set(copy, { counted: false, because: 'duplicate', instead: kept });
      attributions.set(kept, layOver(get(attributions, kept), get(attributions, copy)));
    }
  }
  return settled.map(({ traceId, tree }) => ({
    traceId,
    tree,
    attributions,
    decisions: tree.spans.flatMap((span) => {
      const verdict = verdicts.get(span);
      return verdict === undefined ? [] : [{ span, verdict, attribution: get(attributions, span) }];
    }),
  }));
}

function get<Value>(map: ReadonlyMap<Skeleton, Value>, span: Skeleton): Value {
  const value = map.get(span);
  if (value === undefined) throw new Error(`span ${span.spanId} is in no trace of this pass`);
  return value;
}
