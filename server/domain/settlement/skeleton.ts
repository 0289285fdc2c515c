import type { SpanKind } from '../../contract/values.ts';

/** Tokens as a span reports them: input includes cache reads and writes, output includes reasoning. */
export interface TokenCounts {
  inputTokens: bigint;
  outputTokens: bigint;
  cacheReadTokens: bigint;
  cacheWriteTokens: bigint;
  cacheWrite5mTokens: bigint;
  cacheWrite1hTokens: bigint;
  reasoningTokens: bigint;
  inputAudioTokens: bigint;
  outputAudioTokens: bigint;
}

/** Who and what a span belongs to; '' and an empty map where it does not say. */
export interface Attribution {
  sessionId: string;
  userId: string;
  agentName: string;
  agentVersion: string;
  labels: ReadonlyMap<string, string>;
}

/** What settlement knows of one span: no payload, one row of `skeletons`. Ids are lower-case hex. */
export interface Skeleton extends Attribution {
  traceId: string;
  spanId: string;
  /** '' where the span has no parent. */
  parentSpanId: string;
  name: string;
  startNs: bigint;
  /** Not before the start, whatever the clocks said. */
  endNs: bigint;
  isError: boolean;
  serviceName: string;
  environment: string;
  scopeName: string;
  kind: SpanKind;
  operation: string;
  provider: string;
  requestModel: string;
  responseModel: string;
  responseId: string;
  serviceTier: string;
  isBatch: boolean;
  toolName: string;
  usageScope: 'call' | 'aggregate' | '';
  hasUsage: boolean;
  tokens: TokenCounts;
  /** 10^-12 dollars as the emitter gave them. */
  reportedCost: bigint | null;
  inputPreview: string;
  outputPreview: string;
}

/** The order that every rule works in, so that arrival decides nothing: start, trace id, span id. */
export function compareSkeletons(a: Skeleton, b: Skeleton): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  return compareText(a.traceId, b.traceId) || compareText(a.spanId, b.spanId);
}

export function totalTokens({ tokens }: Skeleton): bigint {
  return tokens.inputTokens + tokens.outputTokens;
}

/** The model that is priced and grouped by. */
export function modelOf(span: Skeleton): string {
  return span.responseModel || span.requestModel;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
