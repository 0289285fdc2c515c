import { compareSkeletons, type Skeleton } from './skeleton.ts';
import type { TraceTree } from './trace-tree.ts';

/** The id of the call that a span carries out; '' where it has none. */
export type CallIdOf = (span: Skeleton) => string;

/**
 * Spans that record an execution of a tool which another span records, too, and the span that stands for it: in a nest of
 * spans of one tool (a framework, the client of an MCP server, the server) the outermost; of spans of one call id by several
 * instrumentations, in one trace or beside each other, the earliest. Two spans of one instrumentation are two executions.
 */
export function findRepeatedExecutions(trees: readonly TraceTree[], callIdOf: CallIdOf): Map<Skeleton, Skeleton> {
  const repeated = new Map<Skeleton, Skeleton>();
  for (const tree of trees) {
    const around = enclosingExecutions(tree);
    for (const span of tree.topDown()) {
      const outer = around.get(span);
      if (outer !== undefined && isSame(span, outer, callIdOf)) repeated.set(span, repeated.get(outer) ?? outer);
    }
  }
  const outermost = trees.flatMap(({ spans }) => spans.filter((span) => isExecution(span) && !repeated.has(span)));
  const byCall = Map.groupBy(outermost.filter((span) => callIdOf(span) !== '').sort(compareSkeletons), callIdOf);
  for (const spans of byCall.values()) for (const [copy, kept] of pairScopes(spans)) repeated.set(copy, kept);
  // What stood for others may itself be a copy.
  for (const [span, kept] of repeated) repeated.set(span, repeated.get(kept) ?? kept);
  return repeated;
}

/** Control that passes to another agent is reported like a tool, but nothing is executed. */
function isExecution({ kind, operation }: Skeleton): boolean {
  return kind === 'tool' && operation !== 'handoff';
}

/** The nearest execution around each span; an agent or a model between them began another. */
function enclosingExecutions(tree: TraceTree): Map<Skeleton, Skeleton | undefined> {
  const around = new Map<Skeleton, Skeleton | undefined>();
  for (const span of tree.topDown()) {
    const parent = tree.parentOf(span);
    if (parent === undefined || parent.kind === 'agent' || parent.usageScope === 'call') continue;
    around.set(span, isExecution(parent) ? parent : around.get(parent));
  }
  return around;
}

function isSame(span: Skeleton, outer: Skeleton, callIdOf: CallIdOf): boolean {
  const [own, others] = [callIdOf(span), callIdOf(outer)];
  return (
    isExecution(span) &&
    span.toolName !== '' &&
    span.toolName === outer.toolName &&
    (own === '' || others === '' || own === others)
  );
}

/** The first, second, … span of every other instrumentation with the first, second, … of the one that began. */
function pairScopes(spans: readonly Skeleton[]): [copy: Skeleton, kept: Skeleton][] {
  const [first, ...others] = Map.groupBy(spans, ({ scopeName }) => scopeName).values();
  return others.flatMap((copies) =>
    copies.flatMap((copy, at) => {
      const kept = first?.[at];
      return kept === undefined ? [] : [[copy, kept] as [Skeleton, Skeleton]];
    }),
  );
}
