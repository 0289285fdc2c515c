import type { Cost, Usage } from '../contract/values.ts';

/** What a span says of its usage. */
export interface ReportedUsage {
  usageScope: 'call' | 'aggregate' | null;
  /** The span carries token counts. */
  hasUsage: boolean;
  isError: boolean;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
}

export interface Counting {
  usage: Usage | null;
  counted: boolean;
  notCountedBecause: 'aggregate' | 'not_a_model_call' | null;
  cost: Cost;
}

/**
 * What of a span goes into the sums before settlement has decided: every model call by itself, nothing else. Prices are
 * unknown, except that a failed call without usage costs nothing.
 */
export function countSpan(span: ReportedUsage): Counting {
  const counted = span.usageScope === 'call';
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = span;
  const tokens = { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens };
  const modelCalls = counted ? 1 : 0;
  const pricedCalls = counted && span.isError && !span.hasUsage ? 1 : 0;
  return {
    usage: counted || span.hasUsage ? { modelCalls, ...tokens } : null,
    counted,
    notCountedBecause: counted ? null : span.usageScope === 'aggregate' ? 'aggregate' : 'not_a_model_call',
    cost: costOf({ modelCalls, pricedCalls }),
  };
}

/** The known cost of some calls: nothing, if all of them failed without usage; else unknown. */
export function costOf({ modelCalls, pricedCalls }: { modelCalls: number; pricedCalls: number }): Cost {
  const unpricedCalls = modelCalls - pricedCalls;
  return { usd: pricedCalls > 0 && unpricedCalls === 0 ? '0' : null, pricedCalls, unpricedCalls };
}
