import type { Skeleton, TokenCounts } from '../../../../../server/domain/settlement/skeleton.ts';

export const noTokens: TokenCounts = {
  inputTokens: 0n,
  outputTokens: 0n,
  cacheReadTokens: 0n,
  cacheWriteTokens: 0n,
  cacheWrite5mTokens: 0n,
  cacheWrite1hTokens: 0n,
  reasoningTokens: 0n,
  inputAudioTokens: 0n,
  outputAudioTokens: 0n,
};

/** A span of trace `t`, one second long, with what the test says of it. */
export function span(spanId: string, fields: Partial<Skeleton> = {}): Skeleton {
  return {
    traceId: 't',
    spanId,
    parentSpanId: '',
    name: spanId,
    startNs: 1_000_000_000n,
    endNs: 2_000_000_000n,
    isError: false,
    serviceName: 'svc',
    environment: '',
    scopeName: 'scope',
    kind: 'other',
    operation: '',
    provider: '',
    requestModel: '',
    responseModel: '',
    responseId: '',
    toolName: '',
    serviceTier: '',
    isBatch: false,
    usageScope: '',
    hasUsage: false,
    tokens: noTokens,
    reportedCost: null,
    inputPreview: '',
    outputPreview: '',
    sessionId: '',
    userId: '',
    agentName: '',
    agentVersion: '',
    labels: new Map(),
    ...fields,
  };
}

/** A model call of `input` and `output` tokens. */
export function call(spanId: string, input: number, output: number, fields: Partial<Skeleton> = {}): Skeleton {
  return span(spanId, { kind: 'llm', usageScope: 'call', ...usage(input, output), requestModel: 'gpt-4o', ...fields });
}

/** An agent that repeats the usage of what it called. */
export function aggregate(spanId: string, input: number, output: number, fields: Partial<Skeleton> = {}): Skeleton {
  return span(spanId, { kind: 'agent', usageScope: 'aggregate', ...usage(input, output), ...fields });
}

export function usage(input: number, output: number): Pick<Skeleton, 'hasUsage' | 'tokens'> {
  return { hasUsage: true, tokens: { ...noTokens, inputTokens: BigInt(input), outputTokens: BigInt(output) } };
}
