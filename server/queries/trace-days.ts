import type { TimeWindow } from '../domain/filters.ts';
import { dayOf } from '../domain/time.ts';
import type { QueryParameters } from './db.ts';

/** Pairs of day and trace bound to one query. */
const tracePairsMax = 3_000;

/** A trace and the time in which its spans start. */
export interface TraceSpread {
  traceId: string;
  window: TimeWindow;
}

/**
 * A condition on `trace_id` and the day of a table's rows, and what it binds: the keys by which spans, ledger and traces are
 * ordered, a fifth of the granules that ids alone leave when the traces are spread over a month. By ids alone where there are
 * too many pairs to bind. The time itself is not limited.
 */
export function ofTraceDays(
  traces: readonly TraceSpread[],
  timeColumn: 'start_time' | 'time' = 'start_time',
): { condition: string; parameters: QueryParameters } {
  const days: number[] = [];
  const dayTraceIds: string[] = [];
  for (const { traceId, window } of traces) {
    const last = dayOf(window.to);
    if (days.length + last - dayOf(window.from) >= tracePairsMax) return ofTraceIds(traces);
    for (let day = dayOf(window.from); day <= last; day += 1) {
      days.push(day);
      dayTraceIds.push(traceId);
    }
  }
  return { condition: byDays(timeColumn), parameters: { days, dayTraceIds } };
}

function ofTraceIds(traces: readonly TraceSpread[]): { condition: string; parameters: QueryParameters } {
  return { condition: byIds, parameters: { dayTraceIds: traces.map((trace) => trace.traceId) } };
}

const byDays = (timeColumn: string) => `(toDate(${timeColumn}), trace_id) IN (
        SELECT toDate(pair.1), toFixedString(unhex(pair.2), 16)
        FROM (SELECT arrayJoin(arrayZip({days:Array(UInt16)}, {dayTraceIds:Array(String)})) AS pair))`;

const byIds = 'trace_id IN (SELECT toFixedString(unhex(arrayJoin({dayTraceIds:Array(String)})), 16))';
