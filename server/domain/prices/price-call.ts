import type { Skeleton, TokenCounts } from '../settlement/skeleton.ts';
import { unixNano } from '../time.ts';
import {
  add,
  type Decimal,
  divideByPowerOfTen,
  formatDecimal,
  multiply,
  parseDecimal,
  roundHalfUp,
} from './decimal.ts';
import { type Missing, splitUsage } from './split-usage.ts';
import {
  batchTier,
  type FoundPrice,
  isTokenFree,
  type PriceBook,
  type PriceQuestion,
  type Rates,
  type UnitPrices,
  type UsageClass,
} from './unit-prices.ts';

/** Amounts are whole numbers of 10^-12 dollars; an exact sum is rounded to them once, half up. */
export const amountScale = 12;
/** What a `Decimal(18, 12)` holds is less than a million dollars; a single call that costs more is a wrong count. */
const amountLimit = 10n ** 18n;
/** Counts beyond this are no counts of tokens; JSON would round them. */
const tokensLimit = BigInt(Number.MAX_SAFE_INTEGER);

/** Service tiers that mean the list price. */
const plainTiers = new Set(['', 'auto', 'default', 'standard', 'standard_only', 'on_demand']);
const zero = parseDecimal(0);
const noTokens: TokenCounts = {
  ...{ inputTokens: 0n, outputTokens: 0n, reasoningTokens: 0n, inputAudioTokens: 0n, outputAudioTokens: 0n },
  ...{ cacheReadTokens: 0n, cacheWriteTokens: 0n, cacheWrite5mTokens: 0n, cacheWrite1hTokens: 0n },
};

/** What of a span decides its price. Its tokens are read only where it reports some. */
export type PricedSpan = Pick<
  Skeleton,
  | 'provider'
  | 'requestModel'
  | 'responseModel'
  | 'startNs'
  | 'tokens'
  | 'hasUsage'
  | 'usageScope'
  | 'serviceTier'
  | 'isBatch'
  | 'isError'
  | 'reportedCost'
> & { projectId: string };

/** What a ledger row keeps of the prices behind its amount. */
export interface UsedPrice {
  source: FoundPrice['source'];
  provider: string;
  model: string;
  /** Factors are in already: the sum of `tokens` × `perMillionUsd` / 10^6, and `perRequestUsd`, is the amount before rounding. */
  parts: { usage: UsageClass; tokens: number; perMillionUsd: string }[];
  perRequestUsd?: string;
  aboveInputTokens?: number;
  /** The prices are those of this tier alone. */
  serviceTier?: string;
  factors?: { of: string; factor: string }[];
  basis?: FoundPrice['basis'];
  note?: string;
}

/** `reported` and the unpriced ones say what is missing for a price of ours. */
export type CallPrice =
  | { status: 'priced'; amount: bigint; price: UsedPrice | { rule: 'failed_without_usage' }; priceVersion: string }
  | { status: 'reported'; amount: bigint; price: Missing; priceVersion: string }
  | { status: 'unpriced_model' | 'unpriced_usage'; amount: null; price: Missing; priceVersion: string };

/**
 * What one model call costs: by our prices; where these do not tell, what the emitter reported; else unknown. A failed call
 * that reports no tokens costs nothing.
 */
export function priceCall(span: PricedSpan, book: PriceBook): CallPrice {
  if (span.isError && !hasTokens(span)) {
    return { status: 'priced', amount: 0n, price: { rule: 'failed_without_usage' }, priceVersion: 'rule' };
  }
  const found = book.find(questionOf(span));
  const priceVersion = found?.version ?? book.version;
  const priced = found === undefined ? { missing: 'model' as const } : applyPrices(span, found);
  if (!('missing' in priced)) return { status: 'priced', ...priced, priceVersion };
  const { reportedCost } = span;
  // Emitters write 0 where they do not know the price either.
  if (reportedCost !== null && reportedCost > 0n && reportedCost < amountLimit) {
    return { status: 'reported', amount: reportedCost, price: priced, priceVersion: 'reported' };
  }
  const status = priced.missing === 'model' ? 'unpriced_model' : 'unpriced_usage';
  return { status, amount: null, price: priced, priceVersion };
}

/** What the price book is asked for a call. */
export function questionOf(span: PricedSpan): PriceQuestion {
  const { projectId, provider, startNs } = span;
  return { projectId, provider, models: modelsInOrder(span), at: unixNano(startNs) };
}

function hasTokens({ hasUsage, tokens }: PricedSpan): boolean {
  return hasUsage && countsOf(tokens).some((count) => count > 0n);
}

function countsOf(tokens: TokenCounts): bigint[] {
  return Object.values({ ...tokens });
}

/**
 * What answered is what is billed, so the response model comes first; except where the request names the same model and more
 * (`global.anthropic.claude-…` of Bedrock, `openai/gpt-…` of a gateway), which decides the price there.
 */
function modelsInOrder({ requestModel, responseModel }: PricedSpan): string[] {
  const isRequestMore = requestSaysMore(requestModel, responseModel);
  const models = isRequestMore ? [requestModel, responseModel] : [responseModel, requestModel];
  return [...new Set(models)].filter((model) => model !== '');
}

/** The response model with something before it, and at most a version of Bedrock (`-v1:0`) behind. */
function requestSaysMore(requestModel: string, responseModel: string): boolean {
  const at = requestModel.lastIndexOf(responseModel);
  if (responseModel === '' || at < 1 || !'./'.includes(requestModel.charAt(at - 1))) return false;
  return /^(-v\d+(:\d+)?)?$/.test(requestModel.slice(at + responseModel.length));
}

function applyPrices(span: PricedSpan, found: FoundPrice): { amount: bigint; price: UsedPrice } | Missing {
  const billed = pickRates(span, found.prices);
  if ('missing' in billed) return span.hasUsage ? billed : { missing: 'usage' };
  const { rates, uncounted, factors } = billed;
  // What was not counted cannot change an amount that no count changes.
  if (!span.hasUsage && !isTokenFree(rates)) return { missing: 'usage' };
  const counts = span.hasUsage ? span.tokens : noTokens;
  if (countsOf(counts).some((count) => count < 0n || count > tokensLimit)) {
    return { missing: 'plausible_counts' };
  }
  // A sum of several calls: what depends on their number or on the size of each is not known.
  const isAggregate = span.usageScope === 'aggregate';
  const tier = rates.tiers.findLast(({ aboveInputTokens }) => counts.inputTokens > aboveInputTokens);
  if (isAggregate && tier !== undefined) return { missing: 'class_count', usage: 'inputTokensOfEachCall' };
  if (isAggregate && rates.perRequest !== undefined) return { missing: 'class_count', usage: 'requests' };
  const split = splitUsage(counts, { ...rates, uncounted });
  if ('missing' in split) return split;

  const applyFactors = (unit: Decimal) => factors.reduce((product, { factor }) => multiply(product, factor), unit);
  const parts = split.shares.map((share) => ({ ...share, unit: applyFactors(share.price) }));
  const perRequest = rates.perRequest && applyFactors(rates.perRequest);
  const tokenCost = parts.map(({ tokens, unit }) => multiply({ digits: tokens, scale: 0 }, unit)).reduce(add, zero);
  const exact = add(divideByPowerOfTen(tokenCost, 6), perRequest ?? zero);
  const amount = roundHalfUp(exact, amountScale);
  if (amount >= amountLimit) return { missing: 'plausible_counts' };
  return {
    amount,
    price: {
      source: found.source,
      provider: found.provider,
      model: found.model,
      parts: parts.map(({ usage, tokens, unit }) => ({
        usage,
        tokens: Number(tokens),
        perMillionUsd: formatDecimal(unit),
      })),
      ...(perRequest && { perRequestUsd: formatDecimal(perRequest) }),
      ...(tier && { aboveInputTokens: Number(tier.aboveInputTokens) }),
      ...(billed.ownTier !== undefined && { serviceTier: billed.ownTier }),
      ...(factors.length > 0 && { factors: factors.map((one) => ({ of: one.of, factor: formatDecimal(one.factor) })) }),
      ...(found.basis !== null && { basis: found.basis }),
      ...(found.note !== null && { note: found.note }),
    },
  };
}

interface Billed {
  rates: Rates;
  uncounted: UnitPrices['uncounted'];
  factors: { of: string; factor: Decimal }[];
  /** The service tier that has prices of its own. */
  ownTier?: string;
}

/** The prices for a call's service tier. One that has none is never billed as another: its price is not known. */
export function pickRates(span: PricedSpan, prices: UnitPrices): Billed | Missing {
  const factors = prices.multiplier === undefined ? [] : [{ of: 'multiplier', factor: prices.multiplier }];
  const tier = tierOf(span);
  const ofTier = prices.serviceTiers.get(tier);
  if (ofTier === undefined && !plainTiers.has(tier)) return { missing: 'service_tier', usage: tier };
  if (ofTier !== undefined && 'rates' in ofTier) return { rates: ofTier.rates, uncounted: [], factors, ownTier: tier };
  if (ofTier !== undefined) factors.push({ of: tier, factor: ofTier.factor });
  return { rates: prices, uncounted: prices.uncounted, factors };
}

/** A batch of calls of another tier than the standard one is a tier of its own: which of both decides is not ours to guess. */
function tierOf({ serviceTier, isBatch }: Pick<PricedSpan, 'serviceTier' | 'isBatch'>): string {
  const tier = serviceTier.toLowerCase();
  if (!isBatch) return tier;
  return plainTiers.has(tier) || tier === batchTier ? batchTier : `${batchTier}+${tier}`;
}
