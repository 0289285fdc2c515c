import { tables } from '../../migrations/schema.ts';
import type { RestOfTrace } from '../domain/settlement/summaries.ts';
import { namesMax } from '../domain/settlement/summaries.ts';
import type { Db } from './db.ts';
import { type ArrivedSkeleton, skeletonReader, type SkeletonRow, skeletonSelection } from './settlement-skeletons.ts';

export interface LargeTraceQuestion {
  projectId: string;
  traceId: string;
  sinceMs: number;
  untilMs: number;
}

/** Leaves that stand for all others with the same session, user and agent; and roots that have no children. */
const representativesMax = 1_000;
/** Rows of spans that matter, copies included, that fit into a settler's memory: 2 KB each. A trace with more is an error. */
const largeTraceRowsMax = 1_000_000;

const ofTrace = `project_id = {projectId:String}
       AND ingested_at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
       AND ingested_at <= fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')
       AND trace_id IN (SELECT toFixedString(unhex({traceId:String}), 16))`;

/** What bears on a decision: usage, and what has children. */
const matters = `(usage_scope != '' OR span_id IN (SELECT parent_span_id FROM ${tables.skeletons} WHERE ${ofTrace}))`;

/**
 * The spans of a very large trace that bear on what counts and for whom, each once; without previews. Streamed, equal texts
 * are one text: with what is decided of them about 2 KB of memory a span. Throws where there are more than fit.
 */
export async function readLargeTrace(db: Db, question: LargeTraceQuestion): Promise<ArrivedSkeleton[]> {
  const spans = new Map<string, ArrivedSkeleton>();
  const read = skeletonReader();
  let rowCount = 0;
  const keep = async (sql: string, limit: number) => {
    for await (const row of db.each<SkeletonRow>(sql, { ...question, limit })) {
      rowCount += 1;
      const skeleton = read(row);
      const known = spans.get(skeleton.span.spanId);
      if (known === undefined || isLater(skeleton, known)) spans.set(skeleton.span.spanId, skeleton);
    }
  };
  const selection = `${skeletonSelection('without previews')} FROM ${tables.skeletons} WHERE ${ofTrace}`;
  await keep(`SELECT ${selection} AND ${matters} LIMIT {limit:UInt32}`, largeTraceRowsMax + 1);
  if (rowCount > largeTraceRowsMax) throw new Error(`more than ${largeTraceRowsMax} of its spans bear on its cost`);
  await keep(
    `SELECT ${selection} AND NOT ${matters}
       AND (session_id != '' OR user_id != '' OR agent_name != '' OR parent_span_id = toFixedString('', 8))
     ORDER BY start_time, span_id
     LIMIT 1 BY session_id, user_id, agent_name, agent_version, if(parent_span_id = toFixedString('', 8), span_id, toFixedString('', 8))
     LIMIT {limit:UInt32}`,
    representativesMax,
  );
  return [...spans.values()];
}

function isLater(a: ArrivedSkeleton, b: ArrivedSkeleton): boolean {
  if (a.arrivedMs !== b.arrivedMs) return a.arrivedMs > b.arrivedMs;
  return a.span.endNs - a.span.startNs > b.span.endNs - b.span.startNs;
}

/** What a summary needs of all spans of a very large trace. */
export async function readRestOfTrace(db: Db, question: LargeTraceQuestion): Promise<RestOfTrace> {
  const names = (expression: string) =>
    `arrayMap(pair -> pair.1, arraySort(pair -> (pair.2, pair.1),
       CAST(minMapIf(map(toString(${expression}), start_time), ${expression} != ''), 'Array(Tuple(String, DateTime64(9)))')))`;
  const [row] = await db.rows<{
    spanCount: string;
    errorCount: string;
    firstNs: string;
    lastNs: string;
    endNs: string;
    firstMs: string;
    lastMs: string;
    days: number[];
    firstInput: string;
    lastOutput: string;
    kindNames: string[];
    serviceNames: string[];
    environmentNames: string[];
    providerNames: string[];
    agentNames: string[];
    modelNames: string[];
    toolNames: string[];
  }>(
    `SELECT uniqExact(span_id) AS spanCount, uniqExactIf(span_id, status = 'error') AS errorCount,
       toUnixTimestamp64Nano(min(start_time)) AS firstNs, toUnixTimestamp64Nano(max(start_time)) AS lastNs,
       max(toUnixTimestamp64Nano(start_time) + greatest(duration_ns, 0)) AS endNs,
       toUnixTimestamp64Milli(min(ingested_at)) AS firstMs, toUnixTimestamp64Milli(max(ingested_at)) AS lastMs,
       arrayMap(day -> toUInt16(day), groupUniqArray(toDate(start_time))) AS days,
       argMinIf(input_preview, (start_time, span_id), input_preview != '') AS firstInput,
       argMaxIf(output_preview, (start_time, span_id), output_preview != '') AS lastOutput,
       ${names('kind')} AS kindNames, ${names('service_name')} AS serviceNames, ${names('environment')} AS environmentNames,
       ${names('provider')} AS providerNames, ${names('agent_name')} AS agentNames,
       ${names("if(response_model = '', request_model, response_model)")} AS modelNames, ${names('tool_name')} AS toolNames
     FROM ${tables.skeletons} WHERE ${ofTrace} LIMIT 1`,
    { ...question },
  );
  if (row === undefined) throw new Error(`trace ${question.traceId} vanished`);
  const cut = (list: string[]) => list.slice(0, namesMax);
  return {
    spanCount: BigInt(row.spanCount),
    errorCount: BigInt(row.errorCount),
    firstStartNs: BigInt(row.firstNs),
    lastStartNs: BigInt(row.lastNs),
    endNs: BigInt(row.endNs),
    firstMs: Number(row.firstMs),
    lastMs: Number(row.lastMs),
    days: row.days,
    inputPreview: row.firstInput,
    outputPreview: row.lastOutput,
    names: {
      kinds: cut(row.kindNames),
      services: cut(row.serviceNames),
      environments: cut(row.environmentNames),
      providers: cut(row.providerNames),
      agents: cut(row.agentNames),
      models: cut(row.modelNames),
      tools: cut(row.toolNames),
    },
  };
}
