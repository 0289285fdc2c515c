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

/** Dollars per million tokens. */
export type PerMillion = Readonly<Partial<Record<UsageClass, Decimal>>>;

export interface Tier {
  /** Applies to the whole call when its input, cached tokens included, is larger than this. */
  aboveInputTokens: bigint;
  /** What differs from the tier below. */
  perMillion: PerMillion;
}

/** All that is known of what a model costs at one moment. */
export interface UnitPrices {
  perMillion: PerMillion;
  perRequest: Decimal | undefined;
  /** Ascending. */
  tiers: readonly Tier[];
  /** On everything of a call of this kind; a kind that is not here has no known price. */
  batchFactor: Decimal | undefined;
  serviceTierFactors: ReadonlyMap<string, Decimal>;
  /** On everything: what was negotiated. */
  multiplier: Decimal | undefined;
  /** Some audio has a price of its own (or must have one), so audio is not text here. */
  hasAudioPrice: boolean;
  /** What else the model is billed by that no span counts (images, hours, pages): its calls cannot be priced. */
  uncounted: readonly string[];
}

export const noUnitPrices: UnitPrices = {
  perMillion: {},
  perRequest: undefined,
  tiers: [],
  batchFactor: undefined,
  serviceTierFactors: new Map(),
  multiplier: undefined,
  hasAudioPrice: false,
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
  note: string | null;
}

export interface PriceQuestion {
  /** As spans have it; '' = not known, then the model's name tells it. */
  provider: string;
  /** In order of preference. */
  models: readonly string[];
  at: UnixNano;
}

export interface PriceBook {
  /** Names the table and the file that prices come from. */
  version: string;
  find(question: PriceQuestion): FoundPrice | undefined;
}

/** Dollars per million tokens of a class in a call of this size. */
export function unitPrice(prices: UnitPrices, usage: UsageClass, inputTokens: bigint): Decimal | undefined {
  const tier = prices.tiers.findLast(
    (one) => inputTokens > one.aboveInputTokens && one.perMillion[usage] !== undefined,
  );
  return (tier ?? prices).perMillion[usage];
}
