import type { SpanSkeleton } from '../contract/spans.ts';
import type { SpanKind } from '../contract/values.ts';
import { countSpan } from '../domain/counting.ts';

/** The columns of a skeleton: ids, times, names and counts; never a payload or an attribute. */
export const skeletonColumns = `
  lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, lower(hex(parent_span_id)) AS parentSpanId,
  name AS spanName, kind AS spanKind, operation AS operationName,
  toUnixTimestamp64Nano(start_time) AS startNs, toUnixTimestamp64Nano(start_time) + duration_ns AS endNs,
  status AS spanStatus, error_type AS errorType, agent_name AS agentName, session_id AS sessionId, user_id AS userId,
  provider AS providerName, request_model AS requestModel, response_model AS responseModel, tool_name AS toolName,
  service_name AS serviceName, usage_scope AS usageScope, has_usage AS hasUsage,
  input_tokens AS inputTokens, output_tokens AS outputTokens, cache_read_tokens AS cacheReadTokens,
  cache_write_tokens AS cacheWriteTokens, reasoning_tokens AS reasoningTokens`;

export interface SkeletonRow {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  spanName: string;
  spanKind: SpanKind;
  operationName: string;
  startNs: string;
  endNs: string;
  spanStatus: 'unset' | 'ok' | 'error';
  errorType: string;
  agentName: string;
  sessionId: string;
  userId: string;
  providerName: string;
  requestModel: string;
  responseModel: string;
  toolName: string;
  serviceName: string;
  usageScope: '' | 'call' | 'aggregate';
  hasUsage: boolean;
  inputTokens: string;
  outputTokens: string;
  cacheReadTokens: string;
  cacheWriteTokens: string;
  reasoningTokens: string;
}

const noParent = '0'.repeat(16);

export function toSkeleton(row: SkeletonRow): SpanSkeleton {
  const counting = countSpan({
    usageScope: row.usageScope || null,
    hasUsage: row.hasUsage,
    isError: row.spanStatus === 'error',
    inputTokens: Number(row.inputTokens),
    outputTokens: Number(row.outputTokens),
    cacheReadTokens: Number(row.cacheReadTokens),
    cacheWriteTokens: Number(row.cacheWriteTokens),
    reasoningTokens: Number(row.reasoningTokens),
  });
  return {
    traceId: row.traceId,
    spanId: row.spanId,
    parentSpanId: row.parentSpanId === noParent ? null : row.parentSpanId,
    name: row.spanName,
    kind: row.spanKind,
    operation: row.operationName || null,
    startTimeUnixNano: row.startNs,
    endTimeUnixNano: row.endNs,
    status: row.spanStatus,
    errorType: row.errorType || null,
    agentName: row.agentName || null,
    sessionId: row.sessionId || null,
    userId: row.userId || null,
    provider: row.providerName || null,
    requestModel: row.requestModel || null,
    responseModel: row.responseModel || null,
    toolName: row.toolName || null,
    serviceName: row.serviceName || null,
    usage: counting.usage,
    usageScope: row.usageScope || null,
    counted: counting.counted,
    notCountedBecause: counting.notCountedBecause,
    settled: row.usageScope === '',
    cost: counting.cost,
  };
}
