import { tables } from '../../migrations/schema.ts';
import type { SpanKind } from '../contract/values.ts';
import { parseAmount } from '../domain/prices/amount.ts';
import type { Skeleton, TokenCounts } from '../domain/settlement/skeleton.ts';
import type { GivenMessages } from '../domain/settlement/turns.ts';
import type { Db, QueryParameters } from './db.ts';

/** A span as settlement reads it, with what only summaries need. */
export interface ArrivedSkeleton {
  projectId: string;
  span: Skeleton;
  given: GivenMessages;
  arrivedMs: number;
  /** Equal for copies of one call; '0' where it has no usage. */
  callKey: string;
}

/** What log records say of one span. */
export interface ArrivedEvents {
  projectId: string;
  traceId: string;
  spanId: string;
  given: GivenMessages;
  inputPreview: string;
  outputPreview: string;
  firstNs: bigint;
  /** Its first arrival. */
  firstMs: number;
  lastMs: number;
}

/** Spans of one read; a batch of traces is sized to stay below. */
export const skeletonsMax = 2_000_000;

export interface SkeletonRow {
  projectId: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  spanName: string;
  startNs: string;
  durationNs: string;
  isError: number;
  serviceName: string;
  environmentName: string;
  scopeName: string;
  spanKind: SpanKind;
  operationName: string;
  sessionId: string;
  userId: string;
  agentName: string;
  agentVersion: string;
  labelKeys: string[];
  labelValues: string[];
  providerName: string;
  requestModel: string;
  responseModel: string;
  responseId: string;
  serviceTier: string;
  isBatch: boolean;
  toolName: string;
  usageScope: '' | 'call' | 'aggregate';
  hasUsage: boolean;
  tokens: string[];
  reportedCost: string | null;
  inputPreview: string;
  outputPreview: string;
  inputMessageCount: number;
  userMessageCount: number;
  lastUserMessage: string;
  callKey: string;
  arrivedMs: string;
}

/** Previews are most of the bytes. */
export function skeletonSelection(previews: 'with previews' | 'without previews'): string {
  const preview = (column: string) => (previews === 'with previews' ? column : "''");
  return `project_id AS projectId, lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
  if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id))) AS parentSpanId,
  name AS spanName, toUnixTimestamp64Nano(start_time) AS startNs, duration_ns AS durationNs, status = 'error' AS isError,
  service_name AS serviceName, environment AS environmentName, scope_name AS scopeName, kind AS spanKind,
  operation AS operationName, session_id AS sessionId, user_id AS userId, agent_name AS agentName,
  agent_version AS agentVersion, mapKeys(labels) AS labelKeys, mapValues(labels) AS labelValues, provider AS providerName,
  request_model AS requestModel, response_model AS responseModel, response_id AS responseId,
  service_tier AS serviceTier, is_batch AS isBatch, tool_name AS toolName, usage_scope AS usageScope, has_usage AS hasUsage,
  if(has_usage, [input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_5m_tokens,
    cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens], []) AS tokens,
  toString(reported_cost_usd) AS reportedCost, ${preview('input_preview')} AS inputPreview,
  ${preview('output_preview')} AS outputPreview,
  input_message_count AS inputMessageCount, user_message_count AS userMessageCount,
  last_user_message AS lastUserMessage, call_key AS callKey, toUnixTimestamp64Milli(ingested_at) AS arrivedMs`;
}

/** Of the copies of a span the last to arrive; of copies of one moment the longest, then the one with most tokens. */
const latestFirst = 'ingested_at DESC, duration_ns DESC, input_tokens + output_tokens DESC';

/** Traces, and the time in which all of their spans arrived: from inclusive, to inclusive. */
export interface TraceArrivals {
  traceIds: readonly string[];
  sinceMs: number;
  untilMs: number;
}

const arrivedBetween = `ingested_at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
       AND ingested_at <= fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')`;

/** Every span of some traces, each once, without an order. Reads the arrivals of that time. */
export async function readSkeletons(db: Db, { traceIds, sinceMs, untilMs }: TraceArrivals): Promise<ArrivedSkeleton[]> {
  if (traceIds.length === 0) return [];
  const rows = await db.rows<SkeletonRow>(
    `SELECT ${skeletonSelection('with previews')} FROM ${tables.skeletons}
     WHERE ${arrivedBetween} AND ${ofTraceIds}
     ORDER BY ${latestFirst} LIMIT 1 BY project_id, trace_id, span_id
     LIMIT {limit:UInt32}`,
    { traceIds, sinceMs, untilMs, limit: skeletonsMax },
  );
  return rows.map(skeletonReader());
}

/** How much of a trace arrived in some time. */
export interface TraceSize {
  projectId: string;
  traceId: string;
  /** Spans and log records, copies included. */
  rowCount: number;
  /** Equal for the same arrivals. */
  fingerprint: string;
}

/** Sizes of traces, from narrow columns. */
export async function readTraceSizes(db: Db, { traceIds, sinceMs, untilMs }: TraceArrivals): Promise<TraceSize[]> {
  if (traceIds.length === 0) return [];
  const arrivals = (
    table: string,
    id: string,
  ) => `SELECT project_id, trace_id, cityHash64(${id}, ingested_at) AS arrival
       FROM ${table} WHERE ${arrivedBetween} AND ${ofTraceIds}`;
  const rows = await db.rows<{ projectId: string; traceId: string; rowCount: string; fingerprint: string }>(
    `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId, count() AS rowCount, sum(arrival) AS fingerprint
     FROM (${arrivals(tables.skeletons, 'span_id')} UNION ALL ${arrivals(tables.eventSkeletons, 'event_id')})
     GROUP BY project_id, trace_id
     LIMIT {limit:UInt32}`,
    { traceIds, sinceMs, untilMs, limit: skeletonsMax },
  );
  return rows.map((row) => ({ ...row, rowCount: Number(row.rowCount) }));
}

/** What log records say of the spans of some traces, each record once. */
export async function readEvents(db: Db, { traceIds, sinceMs, untilMs }: TraceArrivals): Promise<ArrivedEvents[]> {
  if (traceIds.length === 0) return [];
  const rows = await db.rows<{
    projectId: string;
    traceId: string;
    spanId: string;
    inputMessages: string;
    userMessages: string;
    lastUser: string;
    inputText: string;
    outputText: string;
    firstNs: string;
    firstMs: string;
    lastMs: string;
  }>(
    `SELECT project_id AS projectId, lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
       sum(input_message_count) AS inputMessages, sum(user_message_count) AS userMessages,
       argMaxIf(last_user_message, (time, sequence), user_message_count > 0) AS lastUser,
       argMinIf(input_preview, (time, sequence), input_preview != '') AS inputText,
       argMaxIf(output_preview, (time, sequence), output_preview != '') AS outputText,
       toUnixTimestamp64Nano(min(time)) AS firstNs, toUnixTimestamp64Milli(min(ingested_at)) AS firstMs,
       toUnixTimestamp64Milli(max(ingested_at)) AS lastMs
     FROM (
       SELECT * FROM ${tables.eventSkeletons}
       WHERE ${arrivedBetween} AND ${ofTraceIds}
       ORDER BY ingested_at LIMIT 1 BY project_id, trace_id, span_id, event_id
     )
     GROUP BY project_id, trace_id, span_id
     LIMIT {limit:UInt32}`,
    { traceIds, sinceMs, untilMs, limit: skeletonsMax },
  );
  return rows.map((row) => ({
    projectId: row.projectId,
    traceId: row.traceId,
    spanId: row.spanId,
    given: {
      inputMessageCount: Number(row.inputMessages),
      userMessageCount: Number(row.userMessages),
      lastUserMessage: BigInt(row.lastUser),
    },
    inputPreview: row.inputText,
    outputPreview: row.outputText,
    firstNs: BigInt(row.firstNs),
    firstMs: Number(row.firstMs),
    lastMs: Number(row.lastMs),
  }));
}

/** Calls whose copies are looked for in other traces. */
export interface CopyQuestion {
  /** Projects of the calls: a copy is in the same one. */
  projectIds: readonly string[];
  responseIds: readonly string[];
  /** Of calls with usage: what may be the same call seen by another instrumentation. */
  calls: readonly { callKey: string; scopeName: string }[];
  firstStartNs: bigint;
  lastEndNs: bigint;
  /** When a copy can have arrived. */
  sinceMs: number;
  untilMs: number;
  limit: number;
}

/**
 * Traces that may hold a copy of one of the calls: an equal response id, or equal service and totals under another scope,
 * started within the window of the calls. May name traces that hold none; the pure rule decides.
 */
export async function readTracesWithCopies(
  db: Db,
  question: CopyQuestion,
): Promise<{ projectId: string; traceId: string }[]> {
  const { projectIds, responseIds, calls, firstStartNs, lastEndNs, sinceMs, untilMs, limit } = question;
  if (responseIds.length === 0 && calls.length === 0) return [];
  const parameters: QueryParameters = {
    projectIds,
    responseIds,
    callKeys: calls.map(({ callKey }) => callKey),
    scopes: calls.map(({ scopeName }) => scopeName),
    ...{ fromNs: firstStartNs, toNs: lastEndNs, sinceMs, untilMs, limit },
  };
  return db.rows(
    `WITH keys AS (
       SELECT toUInt64(call.1) AS call_key, groupUniqArray(call.2) AS scopes
       FROM (SELECT arrayJoin(arrayZip({callKeys:Array(String)}, {scopes:Array(String)})) AS call)
       GROUP BY call_key)
     SELECT DISTINCT project_id AS projectId, lower(hex(trace_id)) AS traceId
     FROM (
       SELECT project_id, trace_id, call_key, scope_name, response_id
       FROM ${tables.skeletons}
       WHERE ${arrivedBetween}
         AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
         AND start_time <= fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
         AND project_id IN {projectIds:Array(String)} AND usage_scope != ''
         AND (response_id IN {responseIds:Array(String)} OR call_key IN (SELECT call_key FROM keys))
     ) AS found LEFT JOIN keys ON keys.call_key = found.call_key
     WHERE response_id IN {responseIds:Array(String)} OR NOT (length(scopes) = 1 AND has(scopes, scope_name))
     LIMIT {limit:UInt32}`,
    parameters,
  );
}

const ofTraceIds = 'trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))';

const noTokens: TokenCounts = {
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
const noLabels: ReadonlyMap<string, string> = new Map();
const noMessages: GivenMessages = { inputMessageCount: 0, userMessageCount: 0, lastUserMessage: 0n };

/** Texts that many spans share are kept once; a batch has few distinct ones of these. */
class Texts {
  readonly #known = new Map<string, string>();

  of(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, text);
    return text;
  }
}

/** Makes skeletons of the rows of one read. */
export function skeletonReader(): (row: SkeletonRow) => ArrivedSkeleton {
  const texts = new Texts();
  return (row) => toSkeleton(row, texts);
}

function toSkeleton(row: SkeletonRow, texts: Texts): ArrivedSkeleton {
  const startNs = BigInt(row.startNs);
  const durationNs = BigInt(row.durationNs);
  return {
    projectId: texts.of(row.projectId),
    arrivedMs: Number(row.arrivedMs),
    callKey: row.callKey,
    given:
      row.inputMessageCount === 0
        ? noMessages
        : {
            inputMessageCount: row.inputMessageCount,
            userMessageCount: row.userMessageCount,
            lastUserMessage: BigInt(row.lastUserMessage),
          },
    span: {
      traceId: texts.of(row.traceId),
      spanId: texts.of(row.spanId),
      parentSpanId: texts.of(row.parentSpanId),
      name: texts.of(row.spanName),
      startNs,
      endNs: durationNs > 0n ? startNs + durationNs : startNs,
      isError: row.isError === 1,
      serviceName: texts.of(row.serviceName),
      environment: texts.of(row.environmentName),
      scopeName: texts.of(row.scopeName),
      kind: row.spanKind,
      operation: texts.of(row.operationName),
      sessionId: texts.of(row.sessionId),
      userId: texts.of(row.userId),
      agentName: texts.of(row.agentName),
      agentVersion: texts.of(row.agentVersion),
      labels:
        row.labelKeys.length === 0
          ? noLabels
          : new Map(row.labelKeys.map((key, at) => [key, row.labelValues[at] ?? ''])),
      provider: texts.of(row.providerName),
      requestModel: texts.of(row.requestModel),
      responseModel: texts.of(row.responseModel),
      responseId: row.responseId,
      serviceTier: texts.of(row.serviceTier),
      isBatch: row.isBatch,
      toolName: texts.of(row.toolName),
      usageScope: row.usageScope,
      hasUsage: row.hasUsage,
      tokens: row.tokens.length === 0 ? noTokens : toTokens(row.tokens),
      reportedCost: row.reportedCost === null ? null : parseAmount(row.reportedCost),
      inputPreview: row.inputPreview,
      outputPreview: row.outputPreview,
    },
  };
}

/** In the order of the SELECT. */
function toTokens(tokens: readonly string[]): TokenCounts {
  const at = (index: number) => BigInt(tokens[index] ?? '0');
  return {
    inputTokens: at(0),
    outputTokens: at(1),
    cacheReadTokens: at(2),
    cacheWriteTokens: at(3),
    cacheWrite5mTokens: at(4),
    cacheWrite1hTokens: at(5),
    reasoningTokens: at(6),
    inputAudioTokens: at(7),
    outputAudioTokens: at(8),
  };
}
