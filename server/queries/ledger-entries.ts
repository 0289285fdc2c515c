import type { BookingStatus, LedgerEntryReply } from '../contract/costs.ts';
import { parseLossless } from '../domain/lossless-json.ts';

const noTraceId = '0'.repeat(32);

/** What a decision says, the same in a booking and in its reversal. */
const textColumns = [
  ...['environment', 'service_name', 'session_id', 'user_id', 'agent_name', 'agent_version', 'provider', 'model'],
  ...['request_model', 'kind', 'operation', 'service_tier', 'usage_scope', 'not_counted_because', 'status'],
  ...['price', 'price_version'],
] as const;
const flagColumns = ['is_batch', 'is_error', 'counted'] as const;
/** What is stored with the sign of its row. */
const amountColumns = [
  ...(['model_calls', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'] as const),
  ...(['cache_write_5m_tokens', 'cache_write_1h_tokens', 'reasoning_tokens'] as const),
  ...(['input_audio_tokens', 'output_audio_tokens', 'priced_calls', 'unpriced_calls', 'costed_rows'] as const),
] as const;
const moneyColumns = ['cost_usd', 'reported_cost_usd'] as const;

export interface LedgerKey {
  /** Lower-case hex. */
  traceId: string;
  spanId: string;
  startNs: string;
  /** What the list is sorted by, as a whole number that is never negative. */
  value: string;
}

type LedgerContent = LedgerKey &
  Record<(typeof textColumns)[number], string> &
  Record<(typeof flagColumns)[number], boolean> &
  Record<`${(typeof amountColumns)[number] | (typeof moneyColumns)[number]}_`, string> & {
    labels: Record<string, string>;
    insteadTraceId: string;
    insteadSpanId: string;
  };
export type LedgerEntryRow = LedgerContent & { sign: 1 | -1; pass: string; bookedAtNs: string };

/** SELECT list of a decision; with `factor` `sign` amounts are those of the decision, with `1` those of the row. */
export function contentColumns(factor: 'sign' | '1'): string {
  return [
    'lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, toUnixTimestamp64Nano(start_time) AS startNs',
    [...textColumns, ...flagColumns, 'labels'].join(', '),
    'lower(hex(counted_instead_trace_id)) AS insteadTraceId, lower(hex(counted_instead_span_id)) AS insteadSpanId',
    amountColumns.map((name) => `${name} * ${factor} AS ${name}_`).join(', '),
    moneyColumns.map((name) => `toString(${name} * ${factor}) AS ${name}_`).join(', '),
  ].join(',\n       ');
}

export function toLedgerEntry(row: LedgerEntryRow): LedgerEntryReply {
  return {
    traceId: row.traceId,
    spanId: row.spanId,
    startTimeUnixNano: row.startNs,
    sign: row.sign,
    agent: orNull(row.agent_name),
    agentVersion: orNull(row.agent_version),
    session: orNull(row.session_id),
    user: orNull(row.user_id),
    environment: orNull(row.environment),
    service: orNull(row.service_name),
    labels: row.labels,
    provider: orNull(row.provider),
    model: orNull(row.model),
    requestModel: orNull(row.request_model),
    kind: row.kind,
    operation: orNull(row.operation),
    serviceTier: orNull(row.service_tier),
    isBatch: row.is_batch,
    isError: row.is_error,
    counted: row.counted,
    notCountedBecause: orNull(row.not_counted_because) as LedgerEntryReply['notCountedBecause'],
    countedInstead:
      row.insteadTraceId === noTraceId ? null : { traceId: row.insteadTraceId, spanId: row.insteadSpanId },
    status: orNull(row.status) as BookingStatus | null,
    ...amountsOf(row),
    price: row.price === '' ? null : parseLossless(row.price),
    priceVersion: orNull(row.price_version),
    pass: row.pass,
    bookedAtUnixNano: row.bookedAtNs,
  };
}

function amountsOf(row: LedgerEntryRow) {
  return {
    usage: {
      modelCalls: Number(row.model_calls_),
      inputTokens: Number(row.input_tokens_),
      outputTokens: Number(row.output_tokens_),
      cacheReadTokens: Number(row.cache_read_tokens_),
      cacheWriteTokens: Number(row.cache_write_tokens_),
      reasoningTokens: Number(row.reasoning_tokens_),
    },
    cacheWrite5mTokens: Number(row.cache_write_5m_tokens_),
    cacheWrite1hTokens: Number(row.cache_write_1h_tokens_),
    inputAudioTokens: Number(row.input_audio_tokens_),
    outputAudioTokens: Number(row.output_audio_tokens_),
    costUsd: row.costed_rows_ === '0' ? null : row.cost_usd_,
    reportedCostUsd: row.reported_cost_usd_ === '0' ? null : row.reported_cost_usd_,
  };
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
