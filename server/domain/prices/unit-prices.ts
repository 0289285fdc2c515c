import type { PriceBasis } from '../../contract/prices-file.ts';
import type { UnixNano } from '../time.ts';
import type { Decimal } from './decimal.ts';

/**
 * The classes that tokens are priced in. They do not overlap: `input` is what is neither cached nor separately priced audio,
 * `output` what is neither separately priced reasoning nor audio. `cacheWrite` is written for the usual five minutes.
 */
export const usageClasses = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'inputAudio',
  'output',
  'reasoning',
  'outputAudio',
] as const;
export type UsageClass = (typeof usageClasses)[number];
/** Together they take every token of a model without prices for audio and reasoning. */
export const textClasses = ['input', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'output'] as const;

/** Dollars per million tokens. */
export type PerMillion = Readonly<Partial<Record<UsageClass, Decimal>>>;

export interface Tier {
  /** Applies to the whole call when its input, cached tokens included, is larger than this. */
  aboveInputTokens: bigint;
  /** What differs from the tier below. */
  perMillion: PerMillion;
}

/** What tokens and calls cost. */
export interface Rates {
  perMillion: PerMillion;
  perRequest: Decimal | undefined;
  /** Ascending. */
  tiers: readonly Tier[];
  /** Some audio has a price of its own (or must have one), so audio is not text here. */
  hasAudioPrice: boolean;
}

/** How calls of a service tier are billed: the usual prices times a factor, or prices of their own. */
export type ServiceTierPrice = { factor: Decimal } | { rates: Rates };

/** The service tier of batch calls; a batch of a tier that is not the standard one is `batch+flex`. */
export const batchTier = 'batch';

/** All that is known of what a model costs at one moment. */
export interface UnitPrices extends Rates {
  /** By lower-case name, `batch` among them; a tier that is not here, other than the standard one, has no known price. */
  serviceTiers: ReadonlyMap<string, ServiceTierPrice>;
  /** On everything: what was negotiated. */
  multiplier: Decimal | undefined;
  /** What else the model is billed by that no span counts (images, hours, pages): its calls cannot be priced. */
  uncounted: readonly string[];
}

export const noUnitPrices: UnitPrices = {
  perMillion: {},
  perRequest: undefined,
  tiers: [],
  hasAudioPrice: false,
  serviceTiers: new Map(),
  multiplier: undefined,
  uncounted: [],
};

export interface FoundPrice {
  source: 'table' | 'file';
  /** What a ledger row keeps: `genai-prices@0.1.8` or `file:1a2b3c4d5e6f#4`. */
  version: string;
  /** As the table or the file names them. */
  provider: string;
  model: string;
  /** Which of the asked names was found. */
  askedModel: string;
  /** When this price began and ends; null: not known to have a limit. */
  from: UnixNano | null;
  to: UnixNano | null;
  /** Part of the day (UTC) that has this price, where prices change by the hour. */
  daily: { from: string; to: string } | null;
  prices: UnitPrices;
  /** Place in the override file of the entry that decided; null: the price table did. */
  entryIndex: number | null;
  /** What is said nowhere else is the price table's. */
  extendsTable: boolean;
  /** What kind of price it is, where the override file says so. */
  basis: PriceBasis | null;
  note: string | null;
}

export interface PriceQuestion {
  projectId: string;
  /** As spans have it; '' = not known, then the model's name tells it. */
  provider: string;
  /** In order of preference. */
  models: readonly string[];
  at: UnixNano;
}

export interface PriceBook {
  /** Names the table and the file that prices come from. */
  version: string;
  /** There is an override file. */
  hasFile: boolean;
  find(question: PriceQuestion): FoundPrice | undefined;
}

/** Dollars per million tokens of a class in a call of this size. */
export function unitPrice(prices: Rates, usage: UsageClass, inputTokens: bigint): Decimal | undefined {
  const tier = prices.tiers.findLast(
    (one) => inputTokens > one.aboveInputTokens && one.perMillion[usage] !== undefined,
  );
  return (tier ?? prices).perMillion[usage];
}

/** A call costs the same whatever it was given and said: tokens of every class cost nothing. */
export function isTokenFree({ perMillion, tiers }: Rates): boolean {
  const all = [perMillion, ...tiers.map((tier) => tier.perMillion)].flatMap((one) => Object.values(one));
  return textClasses.every((usage) => perMillion[usage] !== undefined) && all.every(({ digits }) => digits === 0n);
}
