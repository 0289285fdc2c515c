import type { SpanEventRow, SpanRow } from '../../../../../migrations/schema.ts';
import type { SpanKind } from '../../../../../server/contract/values.ts';
import type { ArrivedEvents, ArrivedSkeleton } from '../../../../../server/queries/settlement-skeletons.ts';

/** A span or a log record as it arrived; the same one may arrive again. */
export type Arrival = { kind: 'span'; row: SpanRow } | { kind: 'event'; row: SpanEventRow };

export function traceIdOf({ row }: Arrival): string {
  return hex(row.trace_id);
}

/** What settlement reads of a span: the row that the materialised view makes of it. */
export function readSpan(row: SpanRow, arrivedMs: number): ArrivedSkeleton {
  const endNs = row.start_time + row.duration_ns;
  const parentSpanId = hex(row.parent_span_id);
  return {
    projectId: row.project_id,
    arrivedMs,
    callKey: row.has_usage ? `${row.service_name} ${row.input_tokens} ${row.output_tokens}` : '0',
    given: {
      inputMessageCount: row.input_messages.length,
      userMessageCount: row.user_message_count,
      lastUserMessage: row.last_user_message,
    },
    span: {
      traceId: hex(row.trace_id),
      spanId: hex(row.span_id),
      parentSpanId: /^0*$/.test(parentSpanId) ? '' : parentSpanId,
      name: row.name,
      startNs: row.start_time,
      endNs: endNs > row.start_time ? endNs : row.start_time,
      isError: row.status === 'error',
      serviceName: row.service_name,
      environment: row.environment,
      scopeName: row.scope_name,
      kind: row.kind as SpanKind,
      operation: row.operation,
      sessionId: row.session_id,
      userId: row.user_id,
      agentName: row.agent_name,
      agentVersion: row.agent_version,
      labels: row.labels,
      provider: row.provider,
      requestModel: row.request_model,
      responseModel: row.response_model,
      responseId: row.response_id,
      serviceTier: row.service_tier,
      isBatch: row.is_batch,
      toolName: row.tool_name,
      usageScope: row.usage_scope as '' | 'call' | 'aggregate',
      hasUsage: row.has_usage,
      tokens: {
        inputTokens: row.input_tokens,
        outputTokens: row.output_tokens,
        cacheReadTokens: row.cache_read_tokens,
        cacheWriteTokens: row.cache_write_tokens,
        cacheWrite5mTokens: row.cache_write_5m_tokens,
        cacheWrite1hTokens: row.cache_write_1h_tokens,
        reasoningTokens: row.reasoning_tokens,
        inputAudioTokens: row.input_audio_tokens,
        outputAudioTokens: row.output_audio_tokens,
      },
      reportedCost: row.reported_cost_usd,
      inputPreview: row.input_preview,
      outputPreview: row.output_preview,
    },
  };
}

/** What settlement reads of the log records of one trace: by span, each record once. */
export function readEvents(rows: readonly SpanEventRow[]): ArrivedEvents[] {
  const records = [...new Map(rows.map((row) => [hex(row.event_id), row])).values()].sort(
    (a, b) => Number(a.time - b.time) || a.sequence - b.sequence,
  );
  return [...Map.groupBy(records, (row) => hex(row.span_id))].map(([spanId, ofSpan]) => ({
    projectId: ofSpan[0]?.project_id ?? '',
    traceId: hex(ofSpan[0]?.trace_id ?? new Uint8Array()),
    spanId,
    given: {
      inputMessageCount: ofSpan.reduce((sum, row) => sum + row.input_messages.length, 0),
      userMessageCount: ofSpan.reduce((sum, row) => sum + row.user_message_count, 0),
      lastUserMessage: ofSpan.findLast((row) => row.user_message_count > 0)?.last_user_message ?? 0n,
    },
    inputPreview: ofSpan.find((row) => row.input_preview !== '')?.input_preview ?? '',
    outputPreview: ofSpan.findLast((row) => row.output_preview !== '')?.output_preview ?? '',
    firstNs: ofSpan[0]?.time ?? 0n,
    firstMs: 0,
    lastMs: 0,
  }));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
