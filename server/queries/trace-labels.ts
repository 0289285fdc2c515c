import { tables } from '../../migrations/schema.ts';
import type { TraceLabel } from '../contract/traces.ts';
import type { TimeWindow } from '../domain/filters.ts';
import type { Db } from './db.ts';

/** Label keys of one trace, by how many spans have them. */
const keysMax = 100;
/** Values of one key that are named. */
const valuesMax = 3;

/** The labels on the spans of one trace, by key; `window` holds all of its spans. */
export async function readTraceLabels(
  db: Db,
  { projectId, traceId, window }: { projectId: string; traceId: string; window: TimeWindow },
): Promise<TraceLabel[]> {
  const rows = await db.rows<{ labelKey: string; labelValues: string[]; valueCount: string }>(
    `SELECT labelKey, groupArray({valuesMax:UInt32})(labelValue) AS labelValues, count() AS valueCount
     FROM (
       SELECT labelKey, labelValue, count() AS spanCount
       FROM ${tables.spans} ARRAY JOIN mapKeys(labels) AS labelKey, mapValues(labels) AS labelValue
       WHERE project_id = {projectId:String}
         AND trace_id IN (SELECT toFixedString(unhex({traceId:String}), 16))
         AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
         AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
       GROUP BY labelKey, labelValue
       ORDER BY spanCount DESC, labelValue
     )
     GROUP BY labelKey
     ORDER BY sum(spanCount) DESC, labelKey
     LIMIT {limit:UInt32}`,
    { projectId, traceId, fromNs: window.from, toNs: window.to, valuesMax, limit: keysMax },
  );
  return rows.map(({ labelKey, labelValues, valueCount }) => ({
    key: labelKey,
    values: labelValues,
    valueCount: Number(valueCount),
  }));
}
