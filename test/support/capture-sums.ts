import type { Usage } from '../../server/contract/values.ts';
import type { SpanSkeleton } from '../../server/contract/spans.ts';
import type { ApiClient } from './api-client.ts';
import type { Capture } from './captures.ts';

const usageFields = [
  ...(['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens'] as const),
  ...(['reasoningTokens', 'modelCalls'] as const),
];

/**
 * What was spent, once: the totals are the model server's own, the rows of the costs and the counted spans add up to them,
 * and whatever has usage has a price. Answers what differs.
 */
export async function compareSums(capture: Capture, api: ApiClient): Promise<string[]> {
  const { totals, rows } = await api.getCosts('model');
  const spans = await readSpans(api);
  const counted = spans.filter((span) => span.counted);
  return [
    ...compareCount('spans read back', spans.length, capture.spans),
    ...compareCount('traces read back', new Set(spans.map(({ traceId }) => traceId)).size, capture.trace_ids),
    ...compareUsage(
      `total (naive ${JSON.stringify(capture.naive_sum_over_all_spans)})`,
      totals.usage,
      truthOf(capture),
    ),
    ...compareUsage('rows by model add up', sumUsage(rows.map((row) => row.usage)), totals.usage),
    ...compareUsage('counted spans add up', sumUsage(counted.map(({ usage }) => usage)), totals.usage),
    ...comparePrices(capture, totals.cost),
    ...compareCounted(capture, counted),
    ...spans.filter(({ settled }) => !settled).map(({ spanId }) => `span ${spanId} is not settled`),
    ...(spans.length > capture.trace_ids && spans.every(({ parentSpanId }) => parentSpanId === null)
      ? ['no span has a parent']
      : []),
  ];
}

async function readSpans(api: ApiClient): Promise<SpanSkeleton[]> {
  const traces = await Promise.all((await api.listTraces()).map(({ traceId }) => api.getTrace(traceId)));
  return traces.flatMap(({ spans }) => spans);
}

function compareCount(what: string, got: number, want: number): string[] {
  return got === want ? [] : [`${what}: ${got}, truth ${want}`];
}

function truthOf({ derivable }: Capture): Usage {
  return {
    inputTokens: derivable.input_total,
    outputTokens: derivable.output_total,
    cacheReadTokens: derivable.cache_read,
    cacheWriteTokens: derivable.cache_write,
    reasoningTokens: derivable.reasoning,
    modelCalls: derivable.llm_calls_visible,
  };
}

function compareUsage(what: string, got: Usage, want: Usage): string[] {
  return usageFields
    .filter((field) => got[field] !== want[field])
    .map((field) => `${what}: ${field} ${got[field]}, truth ${want[field]}`);
}

function sumUsage(parts: readonly (Usage | null)[]): Usage {
  const sum = (field: (typeof usageFields)[number]) => parts.reduce((total, part) => total + (part?.[field] ?? 0), 0);
  return {
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    cacheReadTokens: sum('cacheReadTokens'),
    cacheWriteTokens: sum('cacheWriteTokens'),
    reasoningTokens: sum('reasoningTokens'),
    modelCalls: sum('modelCalls'),
  };
}

/** Every model of the captures has a public price: only what reports no usage can lack one. */
function comparePrices({ derivable }: Capture, cost: { usd: string | null; unpricedCalls: number }): string[] {
  const withoutUsage = derivable.llm_calls_visible - derivable.llm_calls_with_usage;
  if (derivable.input_total === 0 || (cost.unpricedCalls <= withoutUsage && Number(cost.usd) > 0)) return [];
  return [`cost ${cost.usd} with ${cost.unpricedCalls} unpriced calls, ${withoutUsage} lack usage`];
}

function compareCounted({ truth, derivable }: Capture, counted: readonly SpanSkeleton[]): string[] {
  const withUsage = counted.filter(({ usage }) => (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0) > 0);
  const failures = compareCount('model calls with usage', withUsage.length, derivable.llm_calls_with_usage);
  for (const { response_model: model, emitted_in_payload: emitted } of truth.llm_calls) {
    if (!emitted?.usage || emitted.response_model !== 'span') continue;
    if (!counted.some((span) => span.responseModel === model)) {
      failures.push(`no counted span has response model ${model}`);
    }
  }
  return failures;
}
