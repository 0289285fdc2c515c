import { tables } from '../../migrations/schema.ts';
import type { SessionTurn } from '../domain/settlement/turns.ts';
import type { Amounts } from '../domain/turn-outcome.ts';
import type { Db } from './db.ts';
import type { SessionTrace } from './session-traces.ts';
import { ofTraceDays } from './trace-days.ts';

/** Traces of a page with several turns each that are counted without being read; of more, only what was read counts. */
const countedTracesMax = 50;

/** What a turn has in one trace. */
export interface CutTotals extends Amounts {
  stepCount: number;
}

/** Traces that were too large to be read whole: what each turn has in them, by trace id. */
export type CutTraces = ReadonlyMap<string, ReadonlyMap<SessionTurn, CutTotals>>;

/**
 * The sums and numbers of steps of traces that are not read whole. Where a trace is in one turn, those that settlement summed
 * up; else the ledger and the spans are asked, by key and by when the turns begin.
 */
export async function countCutTraces(
  db: Db,
  request: {
    projectId: string;
    sessionId: string;
    traces: readonly SessionTrace[];
    turns: readonly SessionTurn[];
  },
): Promise<CutTraces> {
  const counted = new Map<string, ReadonlyMap<SessionTurn, CutTotals>>();
  const turnsOf = request.traces.length === 0 ? new Map<string, SessionTurn[]>() : turnsByTrace(request.turns);
  let asked = 0;
  for (const trace of request.traces) {
    const turns = turnsOf.get(trace.traceId) ?? [];
    const [only] = turns;
    if (only !== undefined && turns.length === 1) {
      counted.set(
        trace.traceId,
        new Map([[only, { stepCount: trace.spanCount, usage: trace.usage, cost: trace.cost }]]),
      );
    } else if (asked < countedTracesMax) {
      asked += 1;
      counted.set(trace.traceId, await countByTurn(db, { ...request, trace, turns }));
    }
  }
  return counted;
}

/** In order of time; a trace is in a turn once. */
function turnsByTrace(turns: readonly SessionTurn[]): Map<string, SessionTurn[]> {
  const byTrace = new Map<string, SessionTurn[]>();
  for (const turn of turns) {
    for (const { traceId } of turn.parts) {
      const known = byTrace.get(traceId);
      if (known === undefined) byTrace.set(traceId, [turn]);
      else known.push(turn);
    }
  }
  return byTrace;
}

interface SumRow {
  place: string;
  modelCalls: string;
  inputTokens: string;
  outputTokens: string;
  cacheReadTokens: string;
  cacheWriteTokens: string;
  reasoningTokens: string;
  pricedCalls: string;
  unpricedCalls: string;
  costUsd: string | null;
}

async function countByTurn(
  db: Db,
  request: { projectId: string; sessionId: string; trace: SessionTrace; turns: readonly SessionTurn[] },
): Promise<Map<SessionTurn, CutTotals>> {
  const { projectId, sessionId, trace, turns } = request;
  const { condition, parameters } = ofTraceDays([trace]);
  // What begins before the first turn belongs to it: its beginning divides nothing.
  const later = turns.slice(1).map((turn) => turn.parts.find((part) => part.traceId === trace.traceId)?.startNs ?? 0n);
  const bound = { ...parameters, projectId, sessionId, begins: later.map(String), limit: turns.length };
  const place = `length(arrayFilter(begin -> begin <= toUnixTimestamp64Nano(start_time),
       arrayMap(text -> toInt64(text), {begins:Array(String)})))`;
  const ofTrace = `project_id = {projectId:String} AND ${condition}`;
  const [sums, counts] = await Promise.all([
    db.rows<SumRow>(
      `SELECT ${place} AS place, sum(model_calls) AS modelCalls, sum(input_tokens) AS inputTokens,
         sum(output_tokens) AS outputTokens, sum(cache_read_tokens) AS cacheReadTokens,
         sum(cache_write_tokens) AS cacheWriteTokens, sum(reasoning_tokens) AS reasoningTokens,
         sum(priced_calls) AS pricedCalls, sum(unpriced_calls) AS unpricedCalls,
         if(sum(costed_rows) = 0, NULL, toString(sum(cost_usd))) AS costUsd
       FROM ${tables.ledger}
       WHERE ${ofTrace} AND session_id = {sessionId:String}
       GROUP BY place
       LIMIT {limit:UInt32}`,
      bound,
    ),
    db.rows<{ place: string; spanCount: string }>(
      `SELECT ${place} AS place, uniqExact(span_id) AS spanCount
       FROM ${tables.spans}
       WHERE ${ofTrace} AND session_id IN ('', {sessionId:String})
       GROUP BY place
       LIMIT {limit:UInt32}`,
      bound,
    ),
  ]);
  return new Map(
    turns.map((turn, at) => {
      const sum = sums.find((row) => Number(row.place) === at);
      const stepCount = Number(counts.find((row) => Number(row.place) === at)?.spanCount ?? 0);
      return [turn, { stepCount, ...toAmounts(sum) }];
    }),
  );
}

function toAmounts(row: SumRow | undefined): Amounts {
  return {
    usage: {
      modelCalls: Number(row?.modelCalls ?? 0),
      inputTokens: Number(row?.inputTokens ?? 0),
      outputTokens: Number(row?.outputTokens ?? 0),
      cacheReadTokens: Number(row?.cacheReadTokens ?? 0),
      cacheWriteTokens: Number(row?.cacheWriteTokens ?? 0),
      reasoningTokens: Number(row?.reasoningTokens ?? 0),
    },
    cost: {
      usd: row?.costUsd ?? null,
      pricedCalls: Number(row?.pricedCalls ?? 0),
      unpricedCalls: Number(row?.unpricedCalls ?? 0),
    },
  };
}
