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
import { type FoundPrice, type PriceBook, type UnitPrices, type UsageClass } from './unit-prices.ts';

/** Amounts are whole numbers of 10^-12 dollars; an exact sum is rounded to them once, half up. */
export const amountScale = 12;
/** What a `Decimal(18, 12)` holds is less than a million dollars; a single call that costs more is a wrong count. */
const amountLimit = 10n ** 18n;
/** Counts beyond this are no counts of tokens; JSON would round them. */
const tokensLimit = BigInt(Number.MAX_SAFE_INTEGER);

/** Service tiers that mean the list price. */
const plainTiers = new Set(['', 'auto', 'default', 'standard', 'standard_only', 'on_demand']);
const batchTier = 'batch';
const zero = parseDecimal(0);

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
>;

/** What a ledger row keeps of the prices behind its amount. */
export interface UsedPrice {
  source: FoundPrice['source'];
  provider: string;
  model: string;
  /** Factors are in already: the sum of `tokens` × `perMillionUsd` / 10^6, and `perRequestUsd`, is the amount before rounding. */
  parts: { usage: UsageClass; tokens: number; perMillionUsd: string }[];
  perRequestUsd?: string;
  aboveInputTokens?: number;
  factors?: { of: string; factor: string }[];
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
  const found = book.find({ provider: span.provider, models: modelsInOrder(span), at: unixNano(span.startNs) });
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
  const { tokens: counts, hasUsage } = span;
  // A sum of several calls: what depends on their number or on the size of each is not known.
  const isAggregate = span.usageScope === 'aggregate';
  const { prices } = found;
  if (!hasUsage) return { missing: 'usage' };
  if (countsOf(counts).some((count) => count < 0n || count > tokensLimit)) {
    return { missing: 'plausible_counts' };
  }
  const tier = prices.tiers.findLast(({ aboveInputTokens }) => counts.inputTokens > aboveInputTokens);
  if (isAggregate && tier !== undefined) return { missing: 'class_count', usage: 'inputTokensOfEachCall' };
  if (isAggregate && prices.perRequest !== undefined) return { missing: 'class_count', usage: 'requests' };
  const factors = listFactors(span, prices);
  if ('missing' in factors) return factors;
  const split = splitUsage(counts, prices);
  if ('missing' in split) return split;

  const applyFactors = (unit: Decimal) => factors.reduce((product, { factor }) => multiply(product, factor), unit);
  const parts = split.shares.map((share) => ({ ...share, unit: applyFactors(share.price) }));
  const perRequest = prices.perRequest && applyFactors(prices.perRequest);
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
      ...(factors.length > 0 && { factors: factors.map((one) => ({ of: one.of, factor: formatDecimal(one.factor) })) }),
      ...(found.note !== null && { note: found.note }),
    },
  };
}

function listFactors(span: PricedSpan, prices: UnitPrices): { of: string; factor: Decimal }[] | Missing {
  const tier = span.serviceTier.toLowerCase();
  const isBatch = span.isBatch || tier === batchTier;
  const factors = prices.multiplier === undefined ? [] : [{ of: 'multiplier', factor: prices.multiplier }];
  if (isBatch) {
    if (prices.batchFactor === undefined) return { missing: 'service_tier', usage: batchTier };
    factors.push({ of: batchTier, factor: prices.batchFactor });
  }
  const ofTier = prices.serviceTierFactors.get(tier);
  if (ofTier !== undefined) factors.push({ of: tier, factor: ofTier });
  else if (!plainTiers.has(tier) && tier !== batchTier) return { missing: 'service_tier', usage: tier };
  return factors;
}
