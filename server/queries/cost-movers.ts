import type { CostGroupName } from '../contract/costs.ts';
import type { CostMover, MoversReply } from '../contract/cost-insights.ts';
import type { CostFilters } from '../domain/cost-filters.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { formatAmount, parseAmount } from '../domain/prices/amount.ts';
import { nsPerMs } from '../domain/time.ts';
import { costPieces, groupParameters, pieceParameters, pieceSql, sums } from './cost-pieces.ts';
import { costFilterParameters } from './costs-filter.ts';
import type { Db } from './db.ts';
import { findVerifiedTo } from './settlement-status.ts';
import { type SummarySums, toUsageAndCost } from './summary-sums.ts';

export interface MoversRequest {
  projectId: string;
  window: TimeWindow;
  /** What it is compared with. */
  before: TimeWindow;
  filters: CostFilters;
  dimensions: readonly CostGroupName[];
  limit: number;
}

type MoverRow = Record<`${'now' | 'before'}_${keyof SummarySums}`, string | null> & { g0: string };

/** Which agents, models and users made one period cost more or less than another; a query a dimension. */
export async function getMovers(db: Db, request: MoversRequest): Promise<MoversReply> {
  const { window, before, dimensions } = request;
  const verifiedTo = await findVerifiedTo(db);
  const answers = await Promise.all(dimensions.map((dimension) => readDimension(db, request, dimension)));
  const totals = toPeriods(answers[0]?.totals);
  return {
    ...{ window: rfc3339(window), before: rfc3339(before), totals },
    dimensions: dimensions.map((name, i) => {
      const movers = (answers[i]?.rows ?? []).map((row): CostMover => ({
        value: row.g0 === '' ? null : row.g0,
        ...toPeriods(row),
      }));
      const whole = toPeriods(answers[i]?.totals).changeUsd;
      const named = movers.reduce((sum, { changeUsd }) => sum + parseAmount(changeUsd ?? '0'), 0n);
      return {
        ...{ name, movers, groupCount: answers[i]?.rowCount ?? 0 },
        restUsd: whole === null ? null : formatAmount(parseAmount(whole) - named),
      };
    }),
    booked: { verifiedTo },
  };
}

async function readDimension(db: Db, request: MoversRequest, dimension: CostGroupName) {
  const { projectId, filters, limit } = request;
  const { sql, pieces } = moversSql(request, dimension);
  if (sql === undefined) return { rows: [], totals: undefined, rowCount: 0 };
  return db.rowsWithTotals<MoverRow>(sql, {
    ...{ projectId, limit },
    ...costFilterParameters(filters),
    ...groupParameters({ groupBy: [dimension] }),
    ...pieceParameters(pieces.now, 'now'),
    ...pieceParameters(pieces.before, 'before'),
  });
}

/** No SQL where both windows are empty. */
export function moversSql({ projectId, window, before, filters }: MoversRequest, dimension: CostGroupName) {
  const asked = { projectId, filters, groupBy: [dimension], interval: undefined };
  const requests = { now: { ...asked, window }, before: { ...asked, window: before } };
  const pieces = { now: costPieces(requests.now), before: costPieces(requests.before) };
  const parts = (['now', 'before'] as const).flatMap((name) =>
    pieces[name].map(
      (piece) => `SELECT '${name}' AS period, * FROM (
       ${pieceSql(requests[name], piece, { withStatus: false, prefix: name })}
       )`,
    ),
  );
  if (parts.length === 0) return { pieces };
  const sql = `SELECT g0, ${periodSums('now')}, ${periodSums('before')}
     FROM (
       ${parts.join('\n       UNION ALL\n       ')}
     )
     GROUP BY g0 WITH TOTALS
     HAVING ${['now', 'before'].flatMap((name) => sums.map((sum) => `sumIf(${sum}, period = '${name}') != 0`)).join(' OR ')}
     ORDER BY abs(sumIf(cost_usd, period = 'now') - sumIf(cost_usd, period = 'before')) DESC,
       sumIf(model_calls, period = 'now') DESC, g0
     LIMIT {limit:UInt32}`;
  return { sql, pieces };
}

function periodSums(period: 'now' | 'before'): string {
  const sum = (column: string) => `sumIf(${column}, period = '${period}')`;
  return [
    `${sum('model_calls')} AS ${period}_modelCalls, ${sum('input_tokens')} AS ${period}_inputTokens`,
    `${sum('output_tokens')} AS ${period}_outputTokens, ${sum('cache_read_tokens')} AS ${period}_cacheReadTokens`,
    `${sum('cache_write_tokens')} AS ${period}_cacheWriteTokens, ${sum('reasoning_tokens')} AS ${period}_reasoningTokens`,
    `${sum('priced_calls')} AS ${period}_pricedCalls, ${sum('unpriced_calls')} AS ${period}_unpricedCalls`,
    `if(${sum('costed_rows')} = 0, NULL, toString(${sum('cost_usd')})) AS ${period}_costUsd`,
  ].join(',\n       ');
}

function toPeriods(row: MoverRow | undefined): Pick<CostMover, 'now' | 'before' | 'changeUsd'> {
  const [now, before] = (['now', 'before'] as const).map((period) =>
    toUsageAndCost({
      modelCalls: row?.[`${period}_modelCalls`] ?? '0',
      inputTokens: row?.[`${period}_inputTokens`] ?? '0',
      outputTokens: row?.[`${period}_outputTokens`] ?? '0',
      cacheReadTokens: row?.[`${period}_cacheReadTokens`] ?? '0',
      cacheWriteTokens: row?.[`${period}_cacheWriteTokens`] ?? '0',
      reasoningTokens: row?.[`${period}_reasoningTokens`] ?? '0',
      pricedCalls: row?.[`${period}_pricedCalls`] ?? '0',
      unpricedCalls: row?.[`${period}_unpricedCalls`] ?? '0',
      costUsd: row?.[`${period}_costUsd`] ?? null,
    }),
  ) as [CostMover['now'], CostMover['before']];
  const amounts = [now, before].map(({ usage, cost }) =>
    cost.usd === null ? (usage.modelCalls === 0 ? 0n : null) : parseAmount(cost.usd),
  );
  const [is, was] = amounts as [bigint | null, bigint | null];
  return { now, before, changeUsd: is === null || was === null ? null : formatAmount(is - was) };
}

function rfc3339({ from, to }: TimeWindow): { from: string; to: string } {
  const [start, end] = [from, to].map((time) => new Date(Number(time / nsPerMs)).toISOString());
  return { from: start ?? '', to: end ?? '' };
}
