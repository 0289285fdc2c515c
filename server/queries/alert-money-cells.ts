import type { AlertFilters } from '../contract/alert-rules.ts';
import { toCostFilters } from '../domain/cost-filters.ts';
import { formulaOf, measureOf } from '../domain/alerts/metrics.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import { unixNanoOfMs } from '../domain/time.ts';
import type { Cells, ReadingRequest } from './alert-cells.ts';
import { emptySums } from './alert-row-cells.ts';
import { costPieces, groupParameters, pieceParameters, type PieceRequest, pieceSql } from './cost-pieces.ts';
import { costFilterParameters } from './costs-filter.ts';

/**
 * Plain sums of money over few long parts, from the roll-ups of the ledger where they can answer: a rule over a month is asked
 * every half minute. Undefined where the formula or the parts need single rows. It says the same as the rows.
 */
export function moneyCells({ projectId, rule, read, parts, owners }: ReadingRequest): Cells | undefined {
  const formula = formulaOf(rule.metric);
  const isSum = formula === 'usd' || formula === 'forecast' || formula === 'count';
  if (!isSum || measureOf(rule) !== 'ledger' || 'stepMs' in parts) return undefined;
  const requests = parts.cutsMs.map((cutMs, i): PieceRequest => ({
    projectId,
    window: { from: unixNanoOfMs(cutMs), to: unixNanoOfMs(parts.cutsMs[i + 1] ?? read.toMs) },
    filters: filtersOf(rule.filters, owners),
    groupBy: rule.groupBy === null ? [] : [rule.groupBy as PieceRequest['groupBy'][number]],
    interval: undefined,
  }));
  const selects = requests.flatMap((request, i) => {
    const prefix = `cut${i}`;
    return costPieces(request).map((piece) => ({
      sql: `SELECT ${rule.groupBy === null ? "''" : 'g0'} AS grp, toInt64({${prefix}Ms:Int64}) AS atMs,
             cost_usd, model_calls, unpriced_calls
           FROM (${pieceSql(request, piece, { withStatus: false, prefix })})`,
      parameters: { ...pieceParameters([piece], prefix), [`${prefix}Ms`]: parts.cutsMs[i] ?? 0 },
    }));
  });
  const [first] = requests;
  if (first === undefined || selects.length === 0) return undefined;
  return {
    sql: `SELECT grp, atMs, sum(cost_usd) AS usd, sum(model_calls) AS whole,
           ${formula === 'count' ? 'sum(unpriced_calls)' : emptySums.part} AS part, toInt64(0) AS lastMs,
           ${emptySums.bins} AS bins, ${emptySums.keys} AS keyCounts, ${emptySums.items} AS items,
           ${formula === 'count' ? 'sum(unpriced_calls)' : 'sum(cost_usd)'} AS weight
         FROM (
           ${selects.map(({ sql }) => sql).join('\n           UNION ALL\n           ')}
         )
         GROUP BY grp, atMs
         HAVING sum(cost_usd) != 0 OR sum(model_calls) != 0 OR sum(unpriced_calls) != 0`,
    parameters: {
      ...groupParameters(first),
      ...costFilterParameters(first.filters),
      ...Object.fromEntries(selects.flatMap(({ parameters }) => Object.entries(parameters))),
    },
  };
}

function filtersOf(filters: AlertFilters, owners: readonly OwnerMatcher[] | undefined): PieceRequest['filters'] {
  const { agent, model, user, session, environment, provider, label } = filters;
  const one = (value: string | undefined) => (value === undefined ? undefined : [value]);
  return {
    ...toCostFilters({
      ...{ agent: one(agent), model: one(model), user: one(user), session: one(session) },
      ...{ environment: one(environment), provider: one(provider), label: one(label) },
    }),
    owners,
  };
}
