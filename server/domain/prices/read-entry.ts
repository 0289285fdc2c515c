import type { PriceBasis, PricesFileEntry, PricesFileRates } from '../../contract/prices-file.ts';
import { parseRfc3339, type UnixNano } from '../time.ts';
import { type Decimal, parseDecimal } from './decimal.ts';
import {
  batchTier,
  type PerMillion,
  type Rates,
  type ServiceTierPrice,
  textClasses,
  type UnitPrices,
} from './unit-prices.ts';

/** An entry of the override file, as prices are looked up in it. Provider and model are in lower case. */
export interface Override {
  /** Place in the file. */
  index: number;
  provider: string;
  model: string;
  project: string;
  from: UnixNano | null;
  to: UnixNano | null;
  /** Undefined: those of the price table. */
  rates: Rates | undefined;
  /** What `rates` does not name has the price table's price. */
  extendsTable: boolean;
  factors: Pick<UnitPrices, 'multiplier' | 'serviceTiers'>;
  basis: PriceBasis | null;
  note: string | null;
}

export function readEntry(entry: PricesFileEntry, index: number): Override {
  const { service_tiers: tiers = {}, batch } = entry;
  const named = [...Object.entries(tiers), ...(batch === undefined ? [] : [[batchTier, batch] as const])];
  return {
    index,
    provider: entry.provider.toLowerCase(),
    model: entry.model.toLowerCase(),
    project: entry.project ?? '*',
    from: readDay(entry.effective_from),
    to: readDay(entry.effective_to),
    rates: entry.per_million === undefined ? undefined : readRates(entry),
    extendsTable: entry.extends === 'table',
    factors: {
      multiplier: readDecimal(entry.multiplier),
      serviceTiers: new Map(named.map(([tier, price]) => [tier.toLowerCase(), readServiceTier(price)])),
    },
    basis: entry.basis ?? null,
    note: entry.note ?? null,
  };
}

/** The table's prices with those of an entry over them: a class that the entry names is the entry's at every size of call. */
export function extendPrices(table: UnitPrices, own: Rates): UnitPrices {
  const isOwn = (usage: string) => usage in own.perMillion;
  const kept = (prices: PerMillion) => Object.fromEntries(Object.entries(prices).filter(([usage]) => !isOwn(usage)));
  const starts = [...new Set([...table.tiers, ...own.tiers].map(({ aboveInputTokens }) => aboveInputTokens))];
  const at = (tiers: Rates['tiers'], start: bigint) =>
    tiers.find(({ aboveInputTokens }) => aboveInputTokens === start)?.perMillion ?? {};
  return {
    ...table,
    perMillion: { ...table.perMillion, ...own.perMillion },
    perRequest: own.perRequest ?? table.perRequest,
    tiers: starts
      .sort((a, b) => (a < b ? -1 : 1))
      .map((start) => ({
        aboveInputTokens: start,
        perMillion: { ...kept(at(table.tiers, start)), ...at(own.tiers, start) },
      }))
      .filter(({ perMillion }) => Object.keys(perMillion).length > 0),
    hasAudioPrice: table.hasAudioPrice || own.hasAudioPrice,
  };
}

function readServiceTier(price: NonNullable<PricesFileEntry['batch']>): ServiceTierPrice {
  return typeof price === 'object' ? { rates: readRates(price) } : { factor: parseDecimal(price) };
}

function readRates({ per_million: perMillion = {}, per_request: perRequest, tiers = [] }: PricesFileRates): Rates {
  return {
    perMillion: typeof perMillion === 'object' ? readPerMillion(perMillion) : sameForAll(parseDecimal(perMillion)),
    perRequest: readDecimal(perRequest),
    tiers: tiers.map((tier) => ({
      aboveInputTokens: BigInt(tier.above_input_tokens),
      perMillion: readPerMillion(tier.per_million),
    })),
    hasAudioPrice: typeof perMillion === 'object' && (perMillion.input_audio ?? perMillion.output_audio) !== undefined,
  };
}

/** Reasoning is output then, and audio is text. */
function sameForAll(price: Decimal): PerMillion {
  return Object.fromEntries(textClasses.map((usage) => [usage, price]));
}

function readPerMillion(prices: Exclude<PricesFileRates['per_million'], string | number | undefined>): PerMillion {
  const given = {
    input: readDecimal(prices.input),
    cacheRead: readDecimal(prices.cache_read),
    cacheWrite: readDecimal(prices.cache_write),
    cacheWrite1h: readDecimal(prices.cache_write_1h),
    inputAudio: readDecimal(prices.input_audio),
    output: readDecimal(prices.output),
    reasoning: readDecimal(prices.reasoning),
    outputAudio: readDecimal(prices.output_audio),
  };
  return Object.fromEntries(Object.entries(given).filter(([, price]) => price !== undefined));
}

function readDay(text: string | undefined): UnixNano | null {
  if (text === undefined) return null;
  return parseRfc3339(text.includes('T') ? text : `${text}T00:00:00Z`) ?? null;
}

function readDecimal(value: string | number | undefined): Decimal | undefined {
  return value === undefined ? undefined : parseDecimal(value);
}
