import { tables } from '../../migrations/schema.ts';
import type { CostPiece } from '../domain/cost-plan.ts';
import {
  boundEntries,
  groupNames,
  groupParameters,
  pieceParameters,
  type PieceRequest,
  pieceSql,
  sums,
  windowSql,
} from './cost-pieces.ts';
import { costConditions, costFilterParameters } from './costs-filter.ts';
import type { QueryParameters } from './db.ts';

export interface CostRequest extends PieceRequest {
  limit: number;
}

export const statusSums = `sumIf(model_calls, status = 'priced') AS priced,
       sumIf(model_calls, status = 'reported') AS reported,
       sumIf(model_calls, status = 'unpriced_model') AS unpricedModel,
       sumIf(model_calls, status = 'unpriced_usage') AS unpricedUsage`;

/**
 * The sums of every group and, as totals, of all of them; the costliest `limit` groups come out. Rollup pieces say exactly
 * what their projection says, or ClickHouse reads rows instead. A group whose bookings were all taken back is none.
 * `withStatus` needs rows.
 */
export function costsSql(request: CostRequest, pieces: readonly CostPiece[], options: { withStatus: boolean }): string {
  const groups = groupNames(request);
  const keys = ['time', ...groups].join(', ');
  return `SELECT ${keys}, sum(model_calls) AS modelCalls, sum(input_tokens) AS inputTokens,
       sum(output_tokens) AS outputTokens, sum(cache_read_tokens) AS cacheReadTokens,
       sum(cache_write_tokens) AS cacheWriteTokens, sum(reasoning_tokens) AS reasoningTokens,
       sum(priced_calls) AS pricedCalls, sum(unpriced_calls) AS unpricedCalls,
       if(sum(costed_rows) = 0, NULL, toString(sum(cost_usd))) AS costUsd${options.withStatus ? `,\n       ${statusSums}` : ''}
     FROM (
       ${pieces.map((piece) => pieceSql(request, piece, options)).join('\n       UNION ALL\n       ')}
     )
     GROUP BY ${keys} WITH TOTALS
     HAVING ${sums.map((name) => `sum(${name}) != 0`).join(' OR ')}
     ORDER BY sum(cost_usd) DESC, inputTokens + outputTokens DESC, modelCalls DESC, ${keys}
     LIMIT {limit:UInt32}`;
}

/** How the counted calls of the window were booked: in no projection, so it reads rows. */
export function statusSql({ filters }: PieceRequest): string {
  return `SELECT ${statusSums}
     FROM ${tables.ledger}
     WHERE ${['project_id = {projectId:String}', windowSql('rows', 'all'), ...costConditions(filters)].join(' AND ')}
     LIMIT 1`;
}

export function costParameters(request: CostRequest, pieces: readonly CostPiece[]): QueryParameters {
  const { projectId, window, filters, limit } = request;
  return {
    ...{ projectId, limit },
    ...costFilterParameters(filters),
    ...groupParameters(request),
    ...Object.fromEntries(boundEntries('rows', 'all', window)),
    ...pieceParameters(pieces),
  };
}
