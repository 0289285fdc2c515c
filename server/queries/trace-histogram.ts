import type { HistogramReply } from '../contract/traces.ts';
import type { Filters, TimeWindow } from '../domain/filters.ts';
import { bucketsOf } from '../domain/histogram.ts';
import type { Db } from './db.ts';
import { traceKeyParameters, traceKeysSql } from './trace-keys.ts';
import { selectTraces } from './trace-selection.ts';

interface BucketRow {
  bucketNs: string;
  traceCount: string;
  errorCount: string;
}

/** How many traces start when, failed ones apart: the traces that the list with the same filters has. */
export async function countTracesByTime(
  db: Db,
  request: { projectId: string; window: TimeWindow; filters: Filters },
): Promise<HistogramReply> {
  const { intervalMs, starts } = bucketsOf(request.window);
  const selection = await selectTraces(db, request);
  const rows =
    selection === undefined || starts.length === 0
      ? []
      : await db.rows<BucketRow>(
          `SELECT startNs - startNs % {intervalNs:Int64} AS bucketNs, count() AS traceCount, countIf(isError) AS errorCount
           FROM (${traceKeysSql(selection)})
           GROUP BY bucketNs
           LIMIT {limit:UInt32}`,
          {
            ...traceKeyParameters(selection),
            intervalNs: BigInt(intervalMs) * 1_000_000n,
            limit: starts.length,
          },
        );
  const counts = new Map(rows.map((row) => [row.bucketNs, row]));
  return {
    intervalMs,
    buckets: starts.map((start) => {
      const row = counts.get(String(start));
      return {
        startTimeUnixNano: String(start),
        traceCount: Number(row?.traceCount ?? 0),
        errorCount: Number(row?.errorCount ?? 0),
      };
    }),
  };
}
