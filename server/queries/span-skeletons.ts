import type { SpanSkeleton } from '../contract/spans.ts';
import type { SpanKind, Usage } from '../contract/values.ts';
import { unixNano } from '../domain/time.ts';
import type { Db } from './db.ts';
import { decisionKey, readDecisions, type SpanDecision } from './span-decisions.ts';

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
const nobody = { agentName: '', sessionId: '', userId: '' };

/** Rows of one page as the API shows them, in their order, each with the decision in force on it: one query of the ledger. */
export async function decideSkeletons(
  db: Db,
  projectId: string,
  rows: readonly SkeletonRow[],
): Promise<SpanSkeleton[]> {
  const decidable = rows.filter((row) => row.usageScope !== '');
  const starts = decidable.map((row) => BigInt(row.startNs));
  const decisions = await readDecisions(db, {
    projectId,
    traceIds: [...new Set(decidable.map((row) => row.traceId))],
    spanIds: decidable.map((row) => row.spanId),
    window: {
      from: unixNano(starts.reduce((a, b) => (b < a ? b : a), starts[0] ?? 0n)),
      to: unixNano(starts.reduce((a, b) => (b > a ? b : a), starts[0] ?? 0n) + 1n),
    },
  });
  return rows.map((row) => toSkeleton(row, decisions.get(decisionKey(row))));
}

/**
 * A span as the API shows it: what it says itself, and what settlement decided of it. Without a decision a model call or an
 * aggregate is not settled yet; any other span never is one.
 */
export function toSkeleton(row: SkeletonRow, decision: SpanDecision | undefined): SpanSkeleton {
  const isDecidable = row.usageScope !== '';
  const inherited = decision ?? nobody;
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
    agentName: row.agentName || inherited.agentName || null,
    sessionId: row.sessionId || inherited.sessionId || null,
    userId: row.userId || inherited.userId || null,
    provider: row.providerName || null,
    requestModel: row.requestModel || null,
    responseModel: row.responseModel || null,
    toolName: row.toolName || null,
    serviceName: row.serviceName || null,
    usage: usageOf(row, decision),
    usageScope: row.usageScope || null,
    counted: decision?.counted ?? false,
    notCountedBecause: isDecidable ? (decision?.notCountedBecause ?? null) : 'not_a_model_call',
    countedInstead: decision?.countedInstead ?? null,
    settled: !isDecidable || decision !== undefined,
    costStatus: decision?.status ?? null,
    cost: decision?.cost ?? { usd: null, pricedCalls: 0, unpricedCalls: 0 },
  };
}

/** The tokens that the span reports, whether or not it counts; `modelCalls` is what is in the sums. */
function usageOf(row: SkeletonRow, decision: SpanDecision | undefined): Usage | null {
  if (row.usageScope !== 'call' && !row.hasUsage) return null;
  return {
    modelCalls: decision?.modelCalls ?? 0,
    inputTokens: Number(row.inputTokens),
    outputTokens: Number(row.outputTokens),
    cacheReadTokens: Number(row.cacheReadTokens),
    cacheWriteTokens: Number(row.cacheWriteTokens),
    reasoningTokens: Number(row.reasoningTokens),
  };
}
