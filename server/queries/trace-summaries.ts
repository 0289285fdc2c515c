import { tables } from '../../migrations/schema.ts';
import type { TraceSummary } from '../contract/traces.ts';
import type { Usage } from '../contract/values.ts';
import { earliest, latest, msPerDay, shift } from '../domain/time.ts';
import type { Db } from './db.ts';
import { ofTraceDays, type TraceSpread } from './trace-days.ts';
import { readSettledTraces, type SettledTrace } from './trace-settled.ts';

/** Distinct agents or models named in a summary; the first of them by time. */
const namesMax = 20;
const previewLength = 200;

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
}

export interface SummarizedTrace {
  summary: TraceSummary;
  hasRoot: boolean;
}

/**
 * Summaries of up to a page of traces, by trace id, over the spans that start on the days of each trace's window, each
 * span once. A trace has the name, start and status of its root (the first span without a parent); without one its
 * earliest span names it and any failed span makes it failed. Usage and cost are settlement's; before it has come to a trace,
 * zeros and unknown. So are session and user, before that those of the root, else of the earliest span that has them.
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
  const ofTraces = ofTraceDays(traces);
  const [rows, settled] = await Promise.all([
    db.rows<SummaryRow>(summarySql(ofTraces.condition), { ...parameters, ...ofTraces.parameters }),
    readSettledTraces(db, { projectId, traces }),
  ]);
  const missing = rows.filter((row) => row.inputPreview === '' || row.outputPreview === '');
  const previews = await readLogPreviews(db, {
    ...parameters,
    traceIds: missing.map((row) => row.traceId),
  });
  return new Map(
    rows.map((row) => [
      row.traceId,
      {
        summary: toSummary(row, { settled: settled.get(row.traceId), logs: previews.get(row.traceId) }),
        hasRoot: row.hasRoot,
      },
    ]),
  );
}

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
    argMinIf(user_id, position, user_id != '') AS userId
  FROM (
    SELECT trace_id, span_id, name, start_time, status, agent_name, request_model, response_model, input_preview, output_preview,
      session_id, user_id,
      parent_span_id = toFixedString('', 8) AS isRoot,
      (NOT isRoot, start_time, span_id) AS position,
      toUnixTimestamp64Nano(start_time) + greatest(duration_ns, 0) AS spanEndNs
    FROM ${tables.spans}
    WHERE project_id = {projectId:String}
      AND ${ofTraces}
      AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
      AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
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

const noUsage: Usage = {
  modelCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

interface Known {
  settled: SettledTrace | undefined;
  logs: PreviewRow | undefined;
}

function toSummary(row: SummaryRow, { settled, logs }: Known): TraceSummary {
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
    sessionId: (settled?.sessionId ?? '') || row.sessionId || null,
    userId: (settled?.userId ?? '') || row.userId || null,
    settled: settled !== undefined,
    usage: settled?.usage ?? noUsage,
    cost: settled?.cost ?? { usd: null, pricedCalls: 0, unpricedCalls: 0 },
  };
}

/** The column holds at most 200 characters already; this is the contract's own bound. */
function preview(ofSpans: string, ofLogs: string | undefined): string | null {
  const text = ofSpans || (ofLogs ?? '');
  return text === '' ? null : Array.from(text).slice(0, previewLength).join('');
}
