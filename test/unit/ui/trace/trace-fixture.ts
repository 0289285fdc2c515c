import type { SpanSkeleton } from '../../../../ui/api/types.ts';
import { SpanTable } from '../../../../ui/trace/span-table.ts';
import { type SpanTimes, toSpanTimes } from '../../../../ui/trace/span-times.ts';
import { type SpanTree, buildSpanTree } from '../../../../ui/trace/span-tree.ts';

/** A start that a double cannot hold to the nanosecond. */
export const startNs = 1_795_376_862_093_000_001n;

type Given = Partial<SpanSkeleton> & {
  id: string;
  parent?: string;
  fromMs?: number;
  toMs?: number;
};

/** A span whose ids are short names and whose times are milliseconds after `startNs`. */
export function makeSpan({ id, parent, fromMs = 0, toMs = fromMs, ...rest }: Given): SpanSkeleton {
  const time = (ms: number) => String(startNs + BigInt(Math.round(ms * 1e6)));
  return {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: id,
    parentSpanId: parent ?? null,
    name: id,
    kind: 'other',
    operation: null,
    startTimeUnixNano: time(fromMs),
    endTimeUnixNano: time(toMs),
    status: 'unset',
    errorType: null,
    agentName: null,
    sessionId: null,
    userId: null,
    provider: null,
    requestModel: null,
    responseModel: null,
    toolName: null,
    serviceName: null,
    usage: null,
    usageScope: null,
    counted: false,
    notCountedBecause: null,
    settled: true,
    cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 },
    ...rest,
  };
}

/** The spans as the viewer holds them. */
export function makeTrace(...given: Given[]): {
  table: SpanTable;
  times: SpanTimes;
  tree: SpanTree;
  index: (id: string) => number;
  names: (indexes: Iterable<number>) => string[];
} {
  const table = new SpanTable();
  table.add(given.map(makeSpan));
  const times = toSpanTimes(table);
  return {
    table,
    times,
    tree: buildSpanTree(table, times),
    index: (id) => table.indexOf(id),
    names: (indexes) => Array.from(indexes, (index) => table.spans[index]?.spanId ?? '?'),
  };
}
