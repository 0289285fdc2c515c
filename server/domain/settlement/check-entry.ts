import { parseDecimal, type Decimal, add, divideByPowerOfTen, multiply, roundHalfUp } from '../prices/decimal.ts';
import { amountScale } from '../prices/price-call.ts';
import type { LedgerEntry } from './booking.ts';
import type { TokenCounts } from './skeleton.ts';

const nothing = parseDecimal(0);
const amounts = [
  'modelCalls',
  'pricedCalls',
  'unpricedCalls',
  'costedRows',
  'cost',
  'reportedCost',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'reasoningTokens',
  'inputAudioTokens',
  'outputAudioTokens',
] as const satisfies readonly (keyof TokenCounts | keyof LedgerEntry)[];

/** What contradicts itself within one entry, in words; undefined where its counts, status, amount and price agree. */
export function findFault(entry: LedgerEntry): string | undefined {
  if (!entry.counted) return findFaultOfUncounted(entry);
  if (entry.notCountedBecause !== '') return `it counts, and does not count because of ${entry.notCountedBecause}`;
  const calls = entry.usageScope === 'call' ? 1n : 0n;
  if (entry.modelCalls !== calls) return `it counts as ${entry.modelCalls} model calls instead of ${calls}`;
  const isKnown = entry.status === 'priced' || entry.status === 'reported';
  const [priced, unpriced] = isKnown ? [calls, 0n] : [0n, calls];
  if (entry.pricedCalls !== priced || entry.unpricedCalls !== unpriced) {
    return `as ${entry.status || 'without a status'} it has ${entry.pricedCalls} priced and ${entry.unpricedCalls} unpriced calls`;
  }
  if (entry.costedRows !== (isKnown ? 1n : 0n))
    return `it is ${entry.status} and its amount is known ${entry.costedRows} times`;
  return findFaultOfAmount(entry);
}

function findFaultOfUncounted(entry: LedgerEntry): string | undefined {
  if (entry.notCountedBecause === '') return 'it does not count, and says no reason';
  if (entry.status !== '') return `it does not count, and is ${entry.status}`;
  const amount = amounts.find((name) => entry[name] !== 0n);
  return amount === undefined ? undefined : `it does not count, and has ${entry[amount]} ${amount}`;
}

function findFaultOfAmount(entry: LedgerEntry): string | undefined {
  switch (entry.status) {
    case 'priced': {
      const amount = amountOf(entry.price);
      if (amount === undefined) return 'its price cannot be read';
      return amount === entry.cost ? undefined : `its price makes ${amount} instead of ${entry.cost} 10^-12 dollars`;
    }
    case 'reported':
      return entry.cost === entry.reportedCost ? undefined : 'its amount is not the one that was reported';
    case 'unpriced_model':
    case 'unpriced_usage':
      return entry.cost === 0n ? undefined : 'it is unpriced and has an amount';
    case '':
      return 'it counts, and has no status';
  }
}

/** What a price comes to, from its parts; undefined where it cannot be read. */
function amountOf(price: string): bigint | undefined {
  try {
    const { rule, parts, perRequestUsd } = JSON.parse(price) as {
      rule?: string;
      parts?: { tokens: number; perMillionUsd: string }[];
      perRequestUsd?: string;
    };
    if (rule === 'failed_without_usage') return 0n;
    if (!Array.isArray(parts)) return undefined;
    const tokens = parts
      .map((part): Decimal => multiply(parseDecimal(part.tokens), parseDecimal(part.perMillionUsd)))
      .reduce(add, nothing);
    const request = perRequestUsd === undefined ? nothing : parseDecimal(perRequestUsd);
    return roundHalfUp(add(divideByPowerOfTen(tokens, 6), request), amountScale);
  } catch {
    return undefined;
  }
}
