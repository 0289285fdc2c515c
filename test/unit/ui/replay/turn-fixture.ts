import type { SpanSkeleton, Turn } from '../../../../ui/api/types.ts';
import { text } from './detail-fixture.ts';

const startNs = 1_795_000_000_000_000_000n;
const noUsage = {
  modelCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};
const noCost = { usd: null, pricedCalls: 0, unpricedCalls: 0 };

/** A span `id` below `parent`, from and to in milliseconds after the session began. */
export function step(
  id: string,
  parent: string | null,
  [fromMs, toMs]: [number, number],
  further: Partial<SpanSkeleton> = {},
): SpanSkeleton {
  const time = (ms: number) => String(startNs + BigInt(Math.round(ms * 1e6)));
  return {
    traceId: 'trace',
    spanId: id,
    parentSpanId: parent,
    name: id,
    kind: 'other',
    operation: null,
    startTimeUnixNano: time(fromMs),
    endTimeUnixNano: time(toMs),
    status: 'unset',
    errorType: null,
    agentName: null,
    sessionId: 'session',
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
    cost: noCost,
    ...further,
  };
}

/** A turn of these steps; `words` are the user's, null where nobody spoke. */
export function turnOf(steps: SpanSkeleton[], words: string | null = 'hello'): Turn {
  return {
    traceIds: ['trace'],
    startTimeUnixNano: steps[0]?.startTimeUnixNano ?? String(startNs),
    endTimeUnixNano: steps.at(-1)?.endTimeUnixNano ?? String(startNs),
    input: words === null ? [] : [text('user', words)],
    output: [],
    steps,
    stepCount: steps.length,
    usage: noUsage,
    cost: noCost,
    status: 'ok',
  };
}
