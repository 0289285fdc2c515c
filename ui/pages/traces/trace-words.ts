import type { TraceSummary } from '../../api/types.ts';
import {
  countOf,
  exactCount,
  exactTokens,
  exactUsd,
  formatCount,
  formatUsd,
  unknown,
} from '../../components/format.ts';

export interface Words {
  text: string;
  /** The exact value, or why there is none. */
  title: string;
}

const settling: Words = { text: unknown, title: 'Being settled: its spans arrived moments ago' };

/** What a row says of a trace's or session's tokens. */
export function describeTokens({ usage, settled }: Pick<TraceSummary, 'usage' | 'settled'>): Words {
  if (settled === false) return settling;
  const total = usage.inputTokens + usage.outputTokens;
  if (usage.modelCalls === 0 && total === 0) return { text: unknown, title: 'No model call, so no tokens' };
  const parts = [
    `${exactTokens(usage.inputTokens)} in`,
    ...(usage.cacheReadTokens > 0 ? [`${exactCount(usage.cacheReadTokens)} of them from cache`] : []),
    ...(usage.cacheWriteTokens > 0 ? [`${exactCount(usage.cacheWriteTokens)} of them written to cache`] : []),
    `${exactTokens(usage.outputTokens)} out`,
    ...(usage.reasoningTokens > 0 ? [`${exactCount(usage.reasoningTokens)} of them reasoning`] : []),
    countOf(usage.modelCalls, 'model call'),
  ];
  return { text: formatCount(total), title: parts.join(', ') };
}

/** What a row says of a trace's or session's cost; unknown is a dash with its reason, never $0. */
export function describeCost({ cost, settled }: Pick<TraceSummary, 'cost' | 'settled'>): Words {
  if (settled === false) return settling;
  const calls = cost.pricedCalls + cost.unpricedCalls;
  if (cost.usd === null) {
    if (calls === 0) return { text: unknown, title: 'No model call, so nothing to price' };
    return { text: unknown, title: `Unknown: ${countOf(cost.unpricedCalls, 'model call')} without a price` };
  }
  const rest =
    cost.unpricedCalls === 0 ? '' : `, ${exactCount(cost.unpricedCalls)} of ${countOf(calls, 'model call')} not priced`;
  return { text: `${formatUsd(cost.usd)}${rest === '' ? '' : '+'}`, title: `${exactUsd(cost.usd)}${rest}` };
}

/** What the status column says beside its mark: how many spans failed. */
export function describeStatus(trace: TraceSummary): Words {
  if (trace.errorCount === 0)
    return trace.status === 'ok'
      ? { text: 'ok', title: 'No span failed' }
      : { text: 'error', title: 'The trace failed' };
  const title = `${exactCount(trace.errorCount)} of ${countOf(trace.spanCount, 'span')} failed`;
  if (trace.status === 'error') return { text: countOf(trace.errorCount, 'error'), title };
  return { text: countOf(trace.errorCount, 'error'), title: `${title}; the trace itself ended ok` };
}

/** One name and how many more there are. */
export function describeNames(names: readonly string[]): Words {
  const [first, ...rest] = names;
  if (first === undefined) return { text: unknown, title: 'None named' };
  return { text: rest.length === 0 ? first : `${first} +${rest.length}`, title: names.join(', ') };
}

/** What the in-cell bars are measured by: the 95th percentile of what is shown, so that one giant hides nobody. */
export function findDurationScale(traces: readonly TraceSummary[]): number {
  const sorted = traces.map((trace) => Number(trace.durationNs)).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.95)] ?? 0;
}

/** The first words of the conversation in one line; null where the trace carries none. */
export function readFirstWords(trace: TraceSummary): string | null {
  const words = trace.inputPreview?.replace(/\s+/g, ' ').trim() ?? '';
  return words === '' ? null : words;
}
