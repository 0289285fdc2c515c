import type { Cost, Usage } from '../contract/values.ts';

/** Sums of a summary row, as `summarySums` selects them. */
export interface SummarySums {
  modelCalls: string;
  inputTokens: string;
  outputTokens: string;
  cacheReadTokens: string;
  cacheWriteTokens: string;
  reasoningTokens: string;
  pricedCalls: string;
  unpricedCalls: string;
  costUsd: string | null;
}

/** The columns of `traces`, `session_traces` and `sessions` that hold sums of the ledger. */
export const summarySums = `model_calls AS modelCalls, input_tokens AS inputTokens, output_tokens AS outputTokens,
  cache_read_tokens AS cacheReadTokens, cache_write_tokens AS cacheWriteTokens, reasoning_tokens AS reasoningTokens,
  priced_calls AS pricedCalls, unpriced_calls AS unpricedCalls, toString(cost_usd) AS costUsd`;

/** Sums as the API answers them. */
export function toUsageAndCost(row: SummarySums): { usage: Usage; cost: Cost } {
  return {
    usage: {
      modelCalls: Number(row.modelCalls),
      inputTokens: Number(row.inputTokens),
      outputTokens: Number(row.outputTokens),
      cacheReadTokens: Number(row.cacheReadTokens),
      cacheWriteTokens: Number(row.cacheWriteTokens),
      reasoningTokens: Number(row.reasoningTokens),
    },
    cost: { usd: row.costUsd, pricedCalls: Number(row.pricedCalls), unpricedCalls: Number(row.unpricedCalls) },
  };
}
