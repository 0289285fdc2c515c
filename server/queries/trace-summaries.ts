import { tables } from '../../migrations/schema.ts';
import type { TraceSummary } from '../contract/traces.ts';
import { costOf } from '../domain/counting.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { dayOf, earliest, latest, msPerDay, shift } from '../domain/time.ts';
import type { Db } from './db.ts';

/** Distinct agents or models named in a summary; the first of them by time. */
const namesMax = 20;
const previewLength = 200;
/** Pairs of day and trace bound to one query. */
const tracePairsMax = 3_000;

interface SummaryRow {
  traceId: string;
  traceName: string;
  hasRoot: boolean;
  startNs: string;
  endNs: string;
  isError: boolean;
  spanCount: string;
  errorCount: string;
  agents: string[];
  models: string[];
  inputPreview: string;
  outputPreview: string;
  sessionId: string;
  userId: string;
  modelCalls: string;
  pricedCalls: string;
  inputTokens: string;
  outputTokens: string;
  cacheReadTokens: string;
  cacheWriteTokens: string;
  reasoningTokens: string;
}

export interface SummarizedTrace {
  summary: TraceSummary;
  hasRoot: boolean;
}

/** A trace and the time in which its spans start. */
export interface TraceSpread {
  traceId: string;
  window: TimeWindow;
}

/**
 * Summaries of up to a page of traces, by trace id, over the spans that start on the days of each trace's window, each
 * span once. A trace has the name, start and status of its root (the first span without a parent); without one its
 * earliest span names it and any failed span makes it failed. Session and user are those of the root, else of the
 * earliest span that has them.
 */
export async function summarizeTraces(
  db: Db,
  { projectId, traces }: { projectId: string; traces: readonly TraceSpread[] },
): Promise<Map<string, SummarizedTrace>> {
  const [first] = traces;
  if (first === undefined) return new Map();
  const window = traces.reduce(
    (all, trace) => ({ from: earliest(all.from, trace.window.from), to: latest(all.to, trace.window.to) }),
    first.window,
  );
  const parameters = {
    projectId,
    traceIds: traces.map((trace) => trace.traceId),
    fromNs: shift(window.from, -msPerDay),
    toNs: shift(window.to, msPerDay),
    namesMax,
    limit: traces.length,
  };
  const days = daysOf(traces);
  const rows = await db.rows<SummaryRow>(summarySql(days === undefined ? ofTraceIds : ofTraceDays), {
    ...parameters,
    ...days,
  });
  const missing = rows.filter((row) => row.inputPreview === '' || row.outputPreview === '');
  const previews = await readLogPreviews(db, {
    ...parameters,
    traceIds: missing.map((row) => row.traceId),
  });
  return new Map(
    rows.map((row) => [row.traceId, { summary: toSummary(row, previews.get(row.traceId)), hasRoot: row.hasRoot }]),
  );
}

/** Every pair of a day and a trace that has spans on it; undefined when there are too many to bind. */
function daysOf(traces: readonly TraceSpread[]): { days: number[]; dayTraceIds: string[] } | undefined {
  const days: number[] = [];
  const dayTraceIds: string[] = [];
  for (const { traceId, window } of traces) {
    const last = dayOf(window.to);
    if (days.length + last - dayOf(window.from) >= tracePairsMax) return undefined;
    for (let day = dayOf(window.from); day <= last; day += 1) {
      days.push(day);
      dayTraceIds.push(traceId);
    }
  }
  return { days, dayTraceIds };
}

const ofTraceIds = `trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
      AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
      AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')`;

/** By the table's own key: a fifth of the granules that ids alone leave when the page is spread over a month. */
const ofTraceDays = `(toDate(start_time), trace_id) IN (
        SELECT toDate(pair.1), toFixedString(unhex(pair.2), 16)
        FROM (SELECT arrayJoin(arrayZip({days:Array(UInt16)}, {dayTraceIds:Array(String)})) AS pair))
      AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
      AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')`;

/**
 * `position` sorts spans by nearness to the root: roots first, then by start. The inner query takes each span once: the copy
 * that arrived last.
 */
const summarySql = (ofTraces: string) => `
  SELECT lower(hex(trace_id)) AS traceId,
    argMin(name, position) AS traceName,
    CAST(max(isRoot), 'Bool') AS hasRoot,
    toUnixTimestamp64Nano(if(hasRoot, minIf(start_time, isRoot), min(start_time)) AS traceStart) AS startNs,
    greatest(startNs, max(spanEndNs)) AS endNs,
    CAST(if(hasRoot, countIf(isRoot AND status = 'error'), countIf(status = 'error')) > 0, 'Bool') AS isError,
    count() AS spanCount,
    countIf(status = 'error') AS errorCount,
    ${firstSeen('agent_name')} AS agents,
    ${firstSeen("if(response_model = '', request_model, response_model)")} AS models,
    argMinIf(input_preview, position, input_preview != '') AS inputPreview,
    if(argMin(output_preview, position) AS rootOutput != '', rootOutput, argMaxIf(output_preview, spanEndNs, output_preview != '')) AS outputPreview,
    argMinIf(session_id, position, session_id != '') AS sessionId,
    argMinIf(user_id, position, user_id != '') AS userId,
    countIf(isCall) AS modelCalls,
    countIf(isCall AND NOT has_usage AND status = 'error') AS pricedCalls,
    sumIf(input_tokens, isCall) AS inputTokens,
    sumIf(output_tokens, isCall) AS outputTokens,
    sumIf(cache_read_tokens, isCall) AS cacheReadTokens,
    sumIf(cache_write_tokens, isCall) AS cacheWriteTokens,
    sumIf(reasoning_tokens, isCall) AS reasoningTokens
  FROM (
    SELECT trace_id, span_id, name, start_time, status, agent_name, request_model, response_model, input_preview, output_preview,
      session_id, user_id, has_usage, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
      usage_scope = 'call' AS isCall,
      parent_span_id = toFixedString('', 8) AS isRoot,
      (NOT isRoot, start_time, span_id) AS position,
      toUnixTimestamp64Nano(start_time) + greatest(duration_ns, 0) AS spanEndNs
    FROM ${tables.spans}
    WHERE project_id = {projectId:String}
      AND ${ofTraces}
    ORDER BY ingested_at DESC
    LIMIT 1 BY trace_id, span_id
  )
  GROUP BY trace_id
  LIMIT {limit:UInt32}`;

/** The distinct values of an expression, in the order in which they first appear. */
function firstSeen(expression: string): string {
  return `arraySlice(arrayMap(pair -> pair.1, arraySort(pair -> (pair.2, pair.1),
      CAST(minMapIf(map(toString(${expression}), position), ${expression} != ''), 'Array(Tuple(String, Tuple(UInt8, DateTime64(9), FixedString(8))))'))),
      1, {namesMax:UInt32})`;
}

interface PreviewRow {
  traceId: string;
  inputPreview: string;
  outputPreview: string;
}

/** What log records say of traces whose spans carry no content: the first input and the last output. */
async function readLogPreviews(
  db: Db,
  parameters: { projectId: string; traceIds: readonly string[]; fromNs: bigint; toNs: bigint; limit: number },
): Promise<Map<string, PreviewRow>> {
  if (parameters.traceIds.length === 0) return new Map();
  const rows = await db.rows<PreviewRow>(
    `SELECT lower(hex(trace_id)) AS traceId,
       argMinIf(input_preview, (time, sequence), input_preview != '') AS inputPreview,
       argMaxIf(output_preview, (time, sequence), output_preview != '') AS outputPreview
     FROM ${tables.spanEvents}
     WHERE project_id = {projectId:String}
       AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))
       AND time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
       AND time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
     GROUP BY trace_id
     LIMIT {limit:UInt32}`,
    parameters,
  );
  return new Map(rows.map((row) => [row.traceId, row]));
}

function toSummary(row: SummaryRow, logs: PreviewRow | undefined): TraceSummary {
  const modelCalls = Number(row.modelCalls);
  return {
    traceId: row.traceId,
    name: row.traceName,
    startTimeUnixNano: row.startNs,
    endTimeUnixNano: row.endNs,
    durationNs: String(BigInt(row.endNs) - BigInt(row.startNs)),
    status: row.isError ? 'error' : 'ok',
    spanCount: Number(row.spanCount),
    errorCount: Number(row.errorCount),
    agents: row.agents,
    models: row.models,
    inputPreview: preview(row.inputPreview, logs?.inputPreview),
    outputPreview: preview(row.outputPreview, logs?.outputPreview),
    sessionId: row.sessionId || null,
    userId: row.userId || null,
    usage: {
      modelCalls,
      inputTokens: Number(row.inputTokens),
      outputTokens: Number(row.outputTokens),
      cacheReadTokens: Number(row.cacheReadTokens),
      cacheWriteTokens: Number(row.cacheWriteTokens),
      reasoningTokens: Number(row.reasoningTokens),
    },
    cost: costOf({ modelCalls, pricedCalls: Number(row.pricedCalls) }),
  };
}

/** The column holds at most 200 characters already; this is the contract's own bound. */
function preview(ofSpans: string, ofLogs: string | undefined): string | null {
  const text = ofSpans || (ofLogs ?? '');
  return text === '' ? null : Array.from(text).slice(0, previewLength).join('');
}
