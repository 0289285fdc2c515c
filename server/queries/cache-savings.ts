import { tables } from '../../migrations/schema.ts';
import type { CacheSavingsReply } from '../contract/cost-insights.ts';
import { type CachedUsage, sumCacheSavings } from '../domain/cache-savings.ts';
import type { CostFilters } from '../domain/cost-filters.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { costConditions, costFilterParameters } from './costs-filter.ts';
import type { Db } from './db.ts';

/** Distinct prices of one window; there are as many as models, price versions and tiers. */
const pricesMax = 50_000;

type PriceRow = Record<'modelName' | 'version' | 'inputPrice' | 'readPrice' | 'writePrice' | 'write1hPrice', string> &
  Record<'isPriced', boolean> &
  Record<'readTokens' | 'writeTokens' | 'write1hTokens', string>;

interface CacheSavingsRequest {
  projectId: string;
  window: TimeWindow;
  filters: CostFilters;
}

/** What cached tokens saved, by the prices that their ledger rows keep. Reads the window's rows with cached tokens. */
export async function getCacheSavings(db: Db, request: CacheSavingsRequest): Promise<CacheSavingsReply> {
  const { projectId, window, filters } = request;
  const rows = await db.rows<PriceRow>(cacheSavingsSql(filters), {
    ...{ projectId, fromNs: window.from, toNs: window.to, limit: pricesMax },
    ...costFilterParameters(filters),
  });
  return sumCacheSavings(
    rows.map((row): CachedUsage => ({
      ...{ model: row.modelName, priceVersion: row.version, isPriced: row.isPriced },
      ...{ inputPrice: row.inputPrice, readPrice: row.readPrice },
      ...{ writePrice: row.writePrice, write1hPrice: row.write1hPrice },
      readTokens: BigInt(row.readTokens),
      writeTokens: BigInt(row.writeTokens),
      write1hTokens: BigInt(row.write1hTokens),
    })),
  );
}

/** Settlement writes the prices of a row, and always the same way: their text is searched, which takes a tenth of parsing it. */
export function cacheSavingsSql(filters: CostFilters): string {
  return `SELECT model AS modelName, price_version AS version, status = 'priced' AS isPriced,
       ${priceSql('input')} AS inputPrice, ${priceSql('cacheRead')} AS readPrice,
       ${priceSql('cacheWrite')} AS writePrice, ${priceSql('cacheWrite1h')} AS write1hPrice,
       sum(cache_read_tokens) AS readTokens, sum(cache_write_tokens - cache_write_1h_tokens) AS writeTokens,
       sum(cache_write_1h_tokens) AS write1hTokens
     FROM ${tables.ledger}
     WHERE project_id = {projectId:String}
       AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
       AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
       AND (cache_read_tokens != 0 OR cache_write_tokens != 0)
       AND ${['counted', ...costConditions(filters)].join(' AND ')}
     GROUP BY modelName, version, isPriced, inputPrice, readPrice, writePrice, write1hPrice
     HAVING readTokens != 0 OR writeTokens != 0 OR write1hTokens != 0
     LIMIT {limit:UInt32}`;
}

/** The unit price of a class of tokens in a row's JSON; '' where the call had none of them. */
function priceSql(usage: string): string {
  const at = `position(price, '"usage":"${usage}"')`;
  return `if(${at} = 0, '', simpleJSONExtractString(substring(price, ${at}), 'perMillionUsd'))`;
}
