import { tables } from '../../migrations/schema.ts';
import { labelsMax, type LabelsReply, type LabelValuesReply } from '../contract/labels.ts';
import type { Filters, TimeWindow } from '../domain/filters.ts';
import type { Db } from './db.ts';
import { spansInScan, traceKeyParameters, traceKeysSql } from './trace-keys.ts';
import { selectTraces } from './trace-selection.ts';

interface LabelRequest {
  projectId: string;
  window: TimeWindow;
  filters: Filters;
}

/**
 * The commonest label keys among the traces that match, with the number of these traces and of distinct values. One scan of
 * the window's labels.
 */
export async function listLabelKeys(db: Db, request: LabelRequest): Promise<LabelsReply> {
  const selection = await selectTraces(db, request);
  if (selection === undefined) return { labels: [], more: false };
  const rows = await db.rows<{ labelKey: string; traceCount: string; valueCount: string }>(
    `SELECT labelKey, uniq(trace_id) AS traceCount, uniq(labelValue) AS valueCount
     FROM (
       SELECT trace_id, labelKey, labelValue
       FROM ${tables.spans} ARRAY JOIN mapKeys(labels) AS labelKey, mapValues(labels) AS labelValue
       WHERE ${spansInScan} AND trace_id IN (SELECT trace_id FROM (${traceKeysSql(selection)}))
     )
     GROUP BY labelKey
     ORDER BY traceCount DESC, labelKey
     LIMIT {limit:UInt32}`,
    { ...traceKeyParameters(selection), limit: labelsMax + 1 },
  );
  const labels = rows.slice(0, labelsMax).map((row) => ({
    key: row.labelKey,
    traceCount: Number(row.traceCount),
    valueCount: Number(row.valueCount),
  }));
  return { labels, more: rows.length > labelsMax };
}

/** The commonest values of one label among the traces that match; a filter on this label does not restrict them. */
export async function listLabelValues(
  db: Db,
  { key, ...request }: LabelRequest & { key: string },
): Promise<LabelValuesReply> {
  const selection = await selectTraces(db, request);
  if (selection === undefined) return { key, values: [], more: false };
  const rows = await db.rows<{ labelValue: string; traceCount: string }>(
    `SELECT labels[{key:String}] AS labelValue, uniq(trace_id) AS traceCount
     FROM ${tables.spans}
     WHERE ${spansInScan} AND labelValue != ''
       AND trace_id IN (SELECT trace_id FROM (${traceKeysSql(selection, { without: `label:${key}` })}))
     GROUP BY labelValue
     ORDER BY traceCount DESC, labelValue
     LIMIT {limit:UInt32}`,
    { ...traceKeyParameters(selection), key, limit: labelsMax + 1 },
  );
  const values = rows
    .slice(0, labelsMax)
    .map(({ labelValue, traceCount }) => ({ value: labelValue, traceCount: Number(traceCount) }));
  return { key, values, more: rows.length > labelsMax };
}
