import type { CacheSavingsReply } from '../contract/cost-insights.ts';
import { formatAmount } from './prices/amount.ts';
import { add, type Decimal, divideByPowerOfTen, multiply, parseDecimal, roundHalfUp } from './prices/decimal.ts';
import { amountScale } from './prices/price-call.ts';

/** Cached tokens of calls with the same prices. A price is dollars per million as its ledger rows have it; '' = not there. */
export interface CachedUsage {
  model: string;
  priceVersion: string;
  isPriced: boolean;
  inputPrice: string;
  readPrice: string;
  writePrice: string;
  write1hPrice: string;
  readTokens: bigint;
  writeTokens: bigint;
  write1hTokens: bigint;
}

const zero = parseDecimal(0);

/**
 * What the cache saved: tokens at the plain price of their own call, less what they cost. A call that had nothing but cached
 * input has no plain price in its row: that of calls of the same model, price version and cached prices is taken where these
 * have one and only one, and the tokens are counted as inferred; else they are in no figure.
 */
export function sumCacheSavings(groups: readonly CachedUsage[]): CacheSavingsReply {
  const plain = Map.groupBy(
    groups.filter(({ inputPrice }) => inputPrice !== ''),
    keyOf,
  );
  let [cached, uncached] = [zero, zero];
  let [read, written, inferred, unknown] = [0n, 0n, 0n, 0n];
  for (const group of groups) {
    const tokens = group.readTokens + group.writeTokens + group.write1hTokens;
    read += group.readTokens;
    written += group.writeTokens + group.write1hTokens;
    const own = costOf(group);
    const prices = new Set((plain.get(keyOf(group)) ?? []).map(({ inputPrice }) => inputPrice));
    const price = group.inputPrice === '' && prices.size === 1 ? ([...prices][0] ?? '') : group.inputPrice;
    if (!group.isPriced || own === undefined || price === '') {
      unknown += tokens;
      continue;
    }
    if (group.inputPrice === '') inferred += tokens;
    cached = add(cached, own);
    uncached = add(uncached, multiply({ digits: tokens, scale: 0 }, parseDecimal(price)));
  }
  const [cachedAmount, uncachedAmount] = [cached, uncached].map((sum) =>
    roundHalfUp(divideByPowerOfTen(sum, 6), amountScale),
  ) as [bigint, bigint];
  const isKnown = read + written > unknown || read + written === 0n;
  return {
    savedUsd: isKnown ? formatAmount(uncachedAmount - cachedAmount) : null,
    cachedUsd: isKnown ? formatAmount(cachedAmount) : null,
    uncachedUsd: isKnown ? formatAmount(uncachedAmount) : null,
    tokens: { read: Number(read), written: Number(written), inferred: Number(inferred), unknown: Number(unknown) },
    isExact: inferred === 0n && unknown === 0n,
  };
}

/** Millions of dollars that the tokens cost, times 10^6; undefined where a price is missing. */
function costOf(group: CachedUsage): Decimal | undefined {
  const parts = [
    [group.readTokens, group.readPrice],
    [group.writeTokens, group.writePrice],
    [group.write1hTokens, group.write1hPrice],
  ] as const;
  let sum = zero;
  for (const [tokens, price] of parts) {
    if (tokens === 0n) continue;
    if (price === '') return undefined;
    sum = add(sum, multiply({ digits: tokens, scale: 0 }, parseDecimal(price)));
  }
  return sum;
}

function keyOf({ model, priceVersion, readPrice }: CachedUsage): string {
  return JSON.stringify([model, priceVersion, readPrice]);
}
