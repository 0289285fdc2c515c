import { tables } from '../../migrations/schema.ts';
import type { CallPrice } from '../domain/prices/price-call.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import type { LedgerEntry, SignedEntry } from '../domain/settlement/booking.ts';
import type { NotCountedBecause } from '../domain/settlement/counting.ts';
import { splitForBinding } from './bound-lists.ts';
import type { Db } from './db.ts';

/** Rows of one read: a batch of traces has at most as many decisions as spans, each booked and corrected a few times. */
const ledgerRowsMax = 10_000_000;

/** A trace of a project and the days (since 1970, UTC) on which its spans start. */
export interface TraceDays {
  projectId: string;
  traceId: string;
  days: readonly number[];
}

/** The number of the last pass of a shard; 0 before the first. Answered by a projection. */
export async function readLastPass(db: Db, shard: number): Promise<number> {
  const [row] = await db.rows<{ lastPass: string }>(
    `SELECT max(pass) AS lastPass FROM ${tables.ledger} WHERE shard = {shard:UInt16} LIMIT 1`,
    { shard },
  );
  return Number(row?.lastPass ?? 0);
}

/** Rows that a pass wrote for an owner: what tells who won it. */
export async function countPassRows(db: Db, { pass, owner }: { pass: number; owner: string }): Promise<number> {
  const [row] = await db.rows<{ rowCount: string }>(
    `SELECT count() AS rowCount FROM ${tables.ledger}
     WHERE pass = {pass:UInt64} AND owner = {owner:String} LIMIT 1`,
    { pass, owner },
  );
  return Number(row?.rowCount ?? 0);
}

/** A part of the spans of a trace, by their ids: `from` and `to` are inclusive, of 0 to 255. */
export interface SpanSlice {
  from: number;
  to: number;
}

export const wholeTraces: SpanSlice = { from: 0, to: 255 };

/** Where a span falls among the slices, as the query has it. */
export function slicePosition(spanId: string): number {
  return parseInt(spanId.slice(12, 14), 16) ^ parseInt(spanId.slice(14, 16), 16);
}

interface LedgerJson {
  projectId: string;
  traceId: string;
  spanId: string;
  startNs: string;
  sign: number;
  environmentName: string;
  serviceName: string;
  sessionId: string;
  userId: string;
  agentName: string;
  agentVersion: string;
  labelPairs: [string, string][];
  providerName: string;
  modelName: string;
  requestModel: string;
  spanKind: string;
  operationName: string;
  serviceTier: string;
  isBatch: boolean;
  isError: boolean;
  usageScope: LedgerEntry['usageScope'];
  isCounted: boolean;
  because: NotCountedBecause | '';
  insteadTraceId: string;
  insteadSpanId: string;
  bookingStatus: CallPrice['status'] | '';
  counts: string[];
  cost: string;
  reportedCost: string;
  priceJson: string;
  priceVersion: string;
  passNumber: string;
}

const ledgerSelection = `project_id AS projectId, lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
  toUnixTimestamp64Nano(start_time) AS startNs, sign, environment AS environmentName, service_name AS serviceName,
  session_id AS sessionId, user_id AS userId, agent_name AS agentName, agent_version AS agentVersion,
  arrayZip(mapKeys(labels), mapValues(labels)) AS labelPairs, provider AS providerName, model AS modelName,
  request_model AS requestModel, kind AS spanKind, operation AS operationName, service_tier AS serviceTier,
  is_batch AS isBatch, is_error AS isError, usage_scope AS usageScope, counted AS isCounted,
  not_counted_because AS because,
  if(counted_instead_trace_id = toFixedString('', 16), '', lower(hex(counted_instead_trace_id))) AS insteadTraceId,
  if(counted_instead_span_id = toFixedString('', 8), '', lower(hex(counted_instead_span_id))) AS insteadSpanId,
  status AS bookingStatus,
  arrayMap(amount -> amount * sign, [model_calls, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
    cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens,
    priced_calls, unpriced_calls, costed_rows]) AS counts,
  toString(cost_usd) AS cost, toString(reported_cost_usd) AS reportedCost, price AS priceJson,
  price_version AS priceVersion, toString(pass) AS passNumber`;

/**
 * All that the ledger says of some traces, as it was written, and the last pass that said it. By primary key: the days must
 * be all on which a copy of their spans starts.
 */
export async function readBooked(
  db: Db,
  traces: readonly TraceDays[],
  slice: SpanSlice = wholeTraces,
): Promise<{ entries: SignedEntry[]; lastPass: number }> {
  const entries: SignedEntry[] = [];
  let lastPass = 0;
  for (const chunk of pairChunks(traces)) {
    const rows = await db.rows<LedgerJson>(
      `SELECT ${ledgerSelection} FROM ${tables.ledger}
       WHERE sign != 0 AND (project_id, toDate(start_time), trace_id) IN (${pairsSql})
         AND bitXor(reinterpretAsUInt8(substring(span_id, 7, 1)), reinterpretAsUInt8(substring(span_id, 8, 1))) BETWEEN {sliceFrom:UInt8} AND {sliceTo:UInt8}
       LIMIT {limit:UInt32}`,
      { ...chunk, sliceFrom: slice.from, sliceTo: slice.to, limit: ledgerRowsMax },
    );
    for (const row of rows) {
      entries.push(toSignedEntry(row));
      lastPass = Math.max(lastPass, Number(row.passNumber));
    }
  }
  return { entries, lastPass };
}

/** What `pairChunks` binds, as (project, day, trace). */
export const pairsSql = `SELECT toLowCardinality(pair.1), toDate(pair.2), toFixedString(unhex(pair.3), 16)
         FROM (SELECT arrayJoin(arrayZip({projects:Array(String)}, {days:Array(UInt16)}, {traceIds:Array(String)})) AS pair)`;

interface Pairs extends Record<string, string[] | number[]> {
  projects: string[];
  days: number[];
  traceIds: string[];
}

/** Pairs of day and trace in as many queries as they need. */
export function pairChunks(traces: readonly TraceDays[]): Pairs[] {
  const pairs = traces.flatMap(({ projectId, traceId, days }) => days.map((day) => ({ projectId, traceId, day })));
  return splitForBinding(pairs, ({ projectId, traceId }) => [projectId, traceId]).map((part) => ({
    projects: part.map(({ projectId }) => projectId),
    days: part.map(({ day }) => day),
    traceIds: part.map(({ traceId }) => traceId),
  }));
}

function toSignedEntry(row: LedgerJson): SignedEntry {
  const sign = row.sign < 0 ? -1 : 1;
  const at = (index: number) => BigInt(row.counts[index] ?? '0');
  return {
    sign,
    entry: {
      projectId: row.projectId,
      traceId: row.traceId,
      spanId: row.spanId,
      startNs: BigInt(row.startNs),
      environment: row.environmentName,
      serviceName: row.serviceName,
      sessionId: row.sessionId,
      userId: row.userId,
      agentName: row.agentName,
      agentVersion: row.agentVersion,
      labels: row.labelPairs,
      provider: row.providerName,
      model: row.modelName,
      requestModel: row.requestModel,
      kind: row.spanKind,
      operation: row.operationName,
      serviceTier: row.serviceTier,
      isBatch: row.isBatch,
      isError: row.isError,
      usageScope: row.usageScope,
      counted: row.isCounted,
      notCountedBecause: row.because,
      countedInsteadTraceId: row.insteadTraceId,
      countedInsteadSpanId: row.insteadSpanId,
      status: row.bookingStatus,
      modelCalls: at(0),
      inputTokens: at(1),
      outputTokens: at(2),
      cacheReadTokens: at(3),
      cacheWriteTokens: at(4),
      cacheWrite5mTokens: at(5),
      cacheWrite1hTokens: at(6),
      reasoningTokens: at(7),
      inputAudioTokens: at(8),
      outputAudioTokens: at(9),
      pricedCalls: at(10),
      unpricedCalls: at(11),
      costedRows: at(12),
      cost: parseAmount(row.cost) * BigInt(sign),
      reportedCost: parseAmount(row.reportedCost) * BigInt(sign),
      price: row.priceJson,
      priceVersion: row.priceVersion,
    },
  };
}
