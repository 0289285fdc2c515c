import type { TokenCounts } from '../settlement/skeleton.ts';
import type { Decimal } from './decimal.ts';
import { type Rates, type UnitPrices, unitPrice, type UsageClass, usageClasses } from './unit-prices.ts';

/** Why a call has no amount. `usage` is the class of tokens that is the trouble. */
export interface Missing {
  missing:
    | 'model' // nobody has a price for it
    | 'usage' // the call reports no tokens
    | 'class_price' // tokens of a class that has no price
    | 'class_count' // the price depends on a count that spans do not have, or not apart from another
    | 'service_tier' // a batch or a service tier without a known price
    | 'consistent_counts' // parts that are larger than their whole
    | 'plausible_counts'; // more than can be true
  usage?: string;
}

export interface Share {
  usage: UsageClass;
  tokens: bigint;
  /** Dollars per million, in a call of this size. */
  price: Decimal;
}

export type Split = { shares: readonly Share[] } | Missing;

/**
 * Divides a call's tokens into the classes that the prices know; no token is in two. Classes without tokens are left out. What
 * cannot be divided without guessing, or has no price, is missing: a price is never guessed, and no token is free silently.
 */
export function splitUsage(usage: TokenCounts, prices: Rates & Pick<UnitPrices, 'uncounted'>): Split {
  const [uncounted] = prices.uncounted;
  if (uncounted !== undefined) return { missing: 'class_count', usage: uncounted };
  const audio = separateAudio(usage, prices);
  if ('missing' in audio) return audio;
  const reasoning = prices.perMillion.reasoning === undefined ? 0n : usage.reasoningTokens;
  if (reasoning > 0n && audio.output > 0n) return { missing: 'class_count', usage: 'reasoning' };

  const tokens: Record<UsageClass, bigint> = {
    input: usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens - audio.input,
    cacheRead: usage.cacheReadTokens,
    cacheWrite: usage.cacheWriteTokens - usage.cacheWrite1hTokens,
    cacheWrite1h: usage.cacheWrite1hTokens,
    inputAudio: audio.input,
    output: usage.outputTokens - reasoning - audio.output,
    reasoning,
    outputAudio: audio.output,
  };
  const is5mTooMany = usage.cacheWrite5mTokens > tokens.cacheWrite;
  const negative = is5mTooMany ? 'cacheWrite' : usageClasses.find((name) => tokens[name] < 0n);
  if (negative !== undefined) return { missing: 'consistent_counts', usage: negative };
  const shares: Share[] = [];
  for (const name of usageClasses) {
    if (tokens[name] === 0n) continue;
    const price = unitPrice(prices, name, usage.inputTokens);
    if (price === undefined) return { missing: 'class_price', usage: name };
    shares.push({ usage: name, tokens: tokens[name], price });
  }
  return { shares };
}

/**
 * Audio tokens that have a price of their own. A model without any audio price takes audio at the price of text. Cached audio
 * cannot be told from cached text, so audio input beside cached input has no price.
 */
function separateAudio(usage: TokenCounts, prices: Rates): { input: bigint; output: bigint } | Missing {
  if (!prices.hasAudioPrice) return { input: 0n, output: 0n };
  const { inputAudioTokens: input, outputAudioTokens: output } = usage;
  if (input > 0n && usage.cacheReadTokens + usage.cacheWriteTokens > 0n) {
    return { missing: 'class_count', usage: 'inputAudio' };
  }
  return { input, output };
}
