import { tables } from '../../migrations/schema.ts';
import { serviceTiersMax } from '../contract/unpriced.ts';
import type { CostFilters } from '../domain/cost-filters.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { costConditions, costFilterParameters } from './costs-filter.ts';
import type { Db, QueryParameters } from './db.ts';

export interface UnpricedRequest {
  projectId: string;
  window: TimeWindow;
  filters: CostFilters;
  limit: number;
}

const tokenColumns = [
  ...(['input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_5m_tokens'] as const),
  ...(['cache_write_1h_tokens', 'reasoning_tokens', 'input_audio_tokens', 'output_audio_tokens'] as const),
] as const;
type TokenColumn = (typeof tokenColumns)[number];

/** What the latest call of a group says, in the order of `exampleColumns`; columns of tokens follow. */
type Example = [
  ...[traceId: string, spanId: string, startNs: string, serviceTier: string, isBatch: boolean, isError: boolean],
  ...[usageScope: string, ...tokens: string[]],
];

const keys = ['provider', 'model', 'request_model', 'status', 'missing', 'what'] as const;

export type UnpricedRow = Record<(typeof keys)[number] | TokenColumn, string> & {
  decisions: string;
  modelCalls: string;
  batchCalls: string;
  serviceTiers: string[];
  firstNs: string;
  lastNs: string;
  example: Example;
};

export interface Volume {
  modelCalls: string;
  inputTokens: string;
  outputTokens: string;
}

/**
 * What counts in the window and has no amount, by model and by what is missing for one; most calls first. Reads the rows of the
 * window once. Bookings that were taken back are netted by the hour, so first and last may be those of one that was taken back
 * within the same hour.
 */
export async function listUnpriced(
  db: Db,
  request: UnpricedRequest,
): Promise<{ rows: UnpricedRow[]; rowCount: number; unpriced: Volume; all: Volume }> {
  const parameters = parametersOf(request);
  const [groups, [sums]] = await Promise.all([
    db.rowsWithTotals<UnpricedRow>(groupsSql(request), parameters),
    db.rows<Record<`${'unpriced' | 'all'}${'Calls' | 'Input' | 'Output'}`, string>>(sumsSql(request), parameters),
  ]);
  const volume = (of: 'unpriced' | 'all'): Volume => ({
    modelCalls: sums?.[`${of}Calls`] ?? '0',
    inputTokens: sums?.[`${of}Input`] ?? '0',
    outputTokens: sums?.[`${of}Output`] ?? '0',
  });
  return { rows: groups.rows, rowCount: groups.rowCount, unpriced: volume('unpriced'), all: volume('all') };
}

const isUnpriced = "status IN ('unpriced_model', 'unpriced_usage')";

function groupsSql(request: UnpricedRequest): string {
  const names = keys.join(', ');
  const tokens = tokenColumns.map((name) => `sum(${name}) AS ${name}`).join(', ');
  return `SELECT ${names}, sum(decisions) AS decisions, sum(calls) AS modelCalls, sum(batch) AS batchCalls,
       ${tokenColumns.map((name) => `sum(hourly.${name}) AS ${name}`).join(', ')},
       arraySlice(arraySort(groupUniqArrayArrayIf(tiers, hourly.decisions > 0)), 1, ${serviceTiersMax}) AS serviceTiers,
       minIf(first, hourly.decisions > 0) AS firstNs, maxIf(last, hourly.decisions > 0) AS lastNs,
       argMaxIf(sample, last, hourly.decisions > 0) AS example
     FROM (
       SELECT provider, model, request_model, status, JSONExtractString(price, 'missing') AS missing,
         JSONExtractString(price, 'usage') AS what, intDiv(toUnixTimestamp64Nano(start_time), 3600000000000) AS hour,
         sum(sign) AS decisions, sum(model_calls) AS calls, sum(model_calls * is_batch) AS batch, ${tokens},
         groupUniqArrayIf(${serviceTiersMax})(service_tier, sign = 1 AND service_tier != '') AS tiers,
         minIf(toUnixTimestamp64Nano(start_time), sign = 1) AS first,
         maxIf(toUnixTimestamp64Nano(start_time), sign = 1) AS last,
         argMaxIf(${exampleSql}, start_time, sign = 1) AS sample
       FROM ${tables.ledger}
       WHERE ${conditions(request)} AND ${isUnpriced}
       GROUP BY ${names}, hour
       HAVING decisions != 0 OR calls != 0
     ) AS hourly
     GROUP BY ${names} WITH TOTALS
     HAVING decisions > 0
     ORDER BY modelCalls DESC, input_tokens + output_tokens DESC, ${names}
     LIMIT {limit:UInt32}`;
}

/** Values of one row before the sums of the same names hide its columns. */
const exampleSql = `tuple(lower(hex(trace_id)), lower(hex(span_id)), toUnixTimestamp64Nano(start_time), service_tier, is_batch, is_error,
           usage_scope, ${tokenColumns.map((name) => `${tables.ledger}.${name}`).join(', ')})`;

function sumsSql(request: UnpricedRequest): string {
  return `SELECT sumIf(model_calls, ${isUnpriced}) AS unpricedCalls, sumIf(input_tokens, ${isUnpriced}) AS unpricedInput,
       sumIf(output_tokens, ${isUnpriced}) AS unpricedOutput, sum(model_calls) AS allCalls,
       sum(input_tokens) AS allInput, sum(output_tokens) AS allOutput
     FROM ${tables.ledger}
     WHERE ${conditions(request)}
     LIMIT 1`;
}

function conditions({ filters }: UnpricedRequest): string {
  return [
    'project_id = {projectId:String}',
    "start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')",
    "start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')",
    ...costConditions(filters),
  ].join(' AND ');
}

function parametersOf({ projectId, window, filters, limit }: UnpricedRequest): QueryParameters {
  return { projectId, limit, fromNs: window.from, toNs: window.to, ...costFilterParameters(filters) };
}
