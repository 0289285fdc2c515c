import type { SpanDetail } from '../api/types.ts';
import type { SpanTable } from './span-table.ts';
import type { SpanTimes } from './span-times.ts';
import type { SpanTree } from './span-tree.ts';
import type { ToolCall } from './tool-pairs.ts';

/** Each candidate costs a request for its payload. */
const candidatesMax = 12;

/**
 * The tool spans that may have carried out a model span's calls, nearest first: below the model span, then
 * below each of its ancestors up to the agent that made the call. Only spans that began after the model did.
 */
export function listToolSpans(
  trace: { table: SpanTable; times: SpanTimes; tree: SpanTree },
  modelSpan: number,
  names: ReadonlySet<string>,
): number[] {
  const { table, times, tree } = trace;
  const found: number[] = [];
  const seen = new Set<number>();
  for (let top = modelSpan; top >= 0 && found.length < candidatesMax; top = tree.parent[top] ?? -1) {
    const from = tree.place[top] ?? 0;
    const to = from + (tree.size[top] ?? 0);
    for (let row = from; row < to && found.length < candidatesMax; row++) {
      const index = tree.order[row] ?? 0;
      const span = table.spans[index];
      if (span?.kind !== 'tool' || seen.has(index)) continue;
      if (!names.has(span.toolName ?? '') && !names.has(span.name)) continue;
      if ((times.startMs[index] ?? 0) < (times.startMs[modelSpan] ?? 0)) continue;
      seen.add(index);
      found.push(index);
    }
    if (top !== modelSpan && table.spans[top]?.kind === 'agent') break;
  }
  return found;
}

/**
 * Gives each call the tool span that carried it out: the one with its call id, else, among spans that name
 * no call id, the first unused one of its name.
 */
export function matchToolSpans(calls: readonly ToolCall[], spans: readonly SpanDetail[]): Map<ToolCall, SpanDetail> {
  const matched = new Map<ToolCall, SpanDetail>();
  const used = new Set<SpanDetail>();
  const take = (call: ToolCall, fits: (span: SpanDetail) => boolean) => {
    const span = spans.find((candidate) => !used.has(candidate) && fits(candidate));
    if (!span || matched.has(call)) return;
    used.add(span);
    matched.set(call, span);
  };
  for (const call of calls) {
    if (call.id !== null) take(call, (span) => span.toolCallId === call.id);
  }
  for (const call of calls) {
    take(
      call,
      (span) =>
        (call.id === null || span.toolCallId === null) && (span.toolName === call.name || span.name === call.name),
    );
  }
  return matched;
}
