import { tables } from '../../migrations/schema.ts';
import type { BookingStatus } from '../contract/costs.ts';
import type { SpanSkeleton } from '../contract/spans.ts';
import type { Cost } from '../contract/values.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { msPerHour, shift } from '../domain/time.ts';
import type { Db } from './db.ts';
import { ofTraceDays } from './trace-days.ts';

/** Decisions of one query; what is beyond reads as not settled yet. */
const decisionsMax = 200_000;
/** Of a span that was received twice with different starts, settlement may have booked the other copy. */
export const copySpreadMs = msPerHour;

/** What settlement holds of one span, as the ledger has it in force. */
export interface SpanDecision {
  counted: boolean;
  notCountedBecause: SpanSkeleton['notCountedBecause'];
  countedInstead: { traceId: string; spanId: string } | null;
  /** How it was booked; null where it does not count. */
  status: BookingStatus | null;
  modelCalls: number;
  cost: Cost;
  /** Its own or inherited; '' = none. */
  sessionId: string;
  userId: string;
  agentName: string;
}

/** By `decisionKey`. */
export type SpanDecisions = ReadonlyMap<string, SpanDecision>;

export function decisionKey({ traceId, spanId }: { traceId: string; spanId: string }): string {
  return traceId + spanId;
}

interface DecisionRow {
  traceId: string;
  spanId: string;
  counted: boolean;
  because: Exclude<SpanSkeleton['notCountedBecause'], null> | '';
  insteadTraceId: string;
  insteadSpanId: string;
  bookedAs: BookingStatus | '';
  modelCalls: string;
  pricedCalls: string;
  unpricedCalls: string;
  costUsd: string | null;
  sessionId: string;
  userId: string;
  agentName: string;
}

/**
 * The decisions in force on the spans of some traces that start in the window; `spanIds` narrows them. A span that is missing
 * has not been decided yet, or is nothing that settlement decides. By day and trace id, the ledger's own key.
 */
export async function readDecisions(
  db: Db,
  request: {
    projectId: string;
    traceIds: readonly string[];
    window: TimeWindow;
    spanIds?: readonly string[] | undefined;
  },
): Promise<SpanDecisions> {
  const { projectId, spanIds } = request;
  if (request.traceIds.length === 0 || spanIds?.length === 0) return new Map();
  const window = { from: shift(request.window.from, -copySpreadMs), to: shift(request.window.to, copySpreadMs) };
  const traces = ofTraceDays(request.traceIds.map((traceId) => ({ traceId, window })));
  const rows = await db.rows<DecisionRow>(decisionsSql(traces.condition, spanIds !== undefined), {
    ...traces.parameters,
    projectId,
    fromNs: window.from,
    toNs: window.to,
    spanIds: spanIds ?? [],
    limit: decisionsMax,
  });
  return new Map(rows.map((row) => [decisionKey(row), toDecision(row)]));
}

/** Amounts are stored signed: times the sign they are those of the decision. Should two be in force, the later one is. */
const decisionsSql = (ofTraces: string, hasSpanIds: boolean) => `
  SELECT * EXCEPT lastPass
  FROM (
    SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, counted, not_counted_because AS because,
      lower(hex(counted_instead_trace_id)) AS insteadTraceId, lower(hex(counted_instead_span_id)) AS insteadSpanId,
      status AS bookedAs, model_calls * sign AS modelCalls, priced_calls * sign AS pricedCalls,
      unpriced_calls * sign AS unpricedCalls,
      if(costed_rows = 0, NULL, toString(cost_usd * sign)) AS costUsd,
      session_id AS sessionId, user_id AS userId, agent_name AS agentName, max(pass) AS lastPass
    FROM ${tables.ledger}
    WHERE project_id = {projectId:String}
      AND ${ofTraces}
      AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
      AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
      ${hasSpanIds ? 'AND span_id IN (SELECT toFixedString(unhex(arrayJoin({spanIds:Array(String)})), 8))' : ''}
    GROUP BY traceId, spanId, counted, because, insteadTraceId, insteadSpanId, bookedAs, modelCalls, pricedCalls,
      unpricedCalls, costUsd, sessionId, userId, agentName
    HAVING sum(sign) > 0
  )
  ORDER BY lastPass DESC
  LIMIT 1 BY traceId, spanId
  LIMIT {limit:UInt32}`;

const noSpan = '0'.repeat(16);

function toDecision(row: DecisionRow): SpanDecision {
  return {
    counted: row.counted,
    notCountedBecause: row.because || null,
    countedInstead: row.insteadSpanId === noSpan ? null : { traceId: row.insteadTraceId, spanId: row.insteadSpanId },
    status: row.bookedAs || null,
    modelCalls: Number(row.modelCalls),
    cost: { usd: row.costUsd, pricedCalls: Number(row.pricedCalls), unpricedCalls: Number(row.unpricedCalls) },
    sessionId: row.sessionId,
    userId: row.userId,
    agentName: row.agentName,
  };
}
