import type { TraceSummary } from '../../../ui/api/types.ts';

/** A trace of one successful model call, with what a test cares about set. */
export function makeTrace(given: Partial<TraceSummary> = {}): TraceSummary {
  return {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    name: 'invoke_agent support',
    startTimeUnixNano: '1795376862093000000',
    endTimeUnixNano: '1795376863333000000',
    durationNs: '1240000000',
    status: 'ok',
    spanCount: 3,
    errorCount: 0,
    agents: ['support'],
    models: ['gpt-5-mini'],
    inputPreview: 'Where is my refund?',
    outputPreview: null,
    sessionId: null,
    userId: null,
    usage: {
      modelCalls: 1,
      inputTokens: 1_100,
      outputTokens: 84,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    },
    cost: { usd: null, pricedCalls: 0, unpricedCalls: 1 },
    ...given,
  };
}
