import { GenaiTable } from '../../../../../server/domain/prices/genai-table.ts';
import type { PricedSpan } from '../../../../../server/domain/prices/price-call.ts';
import { createPriceBook } from '../../../../../server/domain/prices/price-book.ts';
import type { TokenCounts } from '../../../../../server/domain/settlement/skeleton.ts';
import { type UnixNano, unixNano } from '../../../../../server/domain/time.ts';

export const tableBook = createPriceBook({ table: new GenaiTable('1.2.3') });

/** Nanoseconds of a time with at most three fractional digits. */
export function atTime(text: string): UnixNano {
  return unixNano(BigInt(Date.parse(text)) * 1_000_000n);
}

/** 10^-12 dollars of a decimal text: digits moved, nothing computed. */
export function dollars(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  if (fraction.length > 12) throw new Error(`${text} has more than twelve decimals`);
  return BigInt(whole + fraction.padEnd(12, '0'));
}

export interface GivenCall {
  projectId?: string;
  provider?: string;
  model?: string;
  requestModel?: string;
  at?: string;
  usage?: Partial<Record<keyof TokenCounts, number>> | null;
  serviceTier?: string;
  isBatch?: boolean;
  isError?: boolean;
  isAggregate?: boolean;
  reported?: string;
}

/** A call of a plain model on 2026-11-22, with what is given. `usage: null` reports no tokens. */
export function callOf(given: GivenCall): PricedSpan {
  const count = (name: keyof TokenCounts) => BigInt(given.usage?.[name] ?? 0);
  return {
    projectId: given.projectId ?? 'default',
    provider: given.provider ?? 'openai',
    requestModel: given.requestModel ?? given.model ?? 'gpt-4o',
    responseModel: given.model ?? '',
    startNs: atTime(given.at ?? '2026-11-22T12:00:00Z'),
    tokens: {
      inputTokens: count('inputTokens'),
      outputTokens: count('outputTokens'),
      cacheReadTokens: count('cacheReadTokens'),
      cacheWriteTokens: count('cacheWriteTokens'),
      cacheWrite5mTokens: count('cacheWrite5mTokens'),
      cacheWrite1hTokens: count('cacheWrite1hTokens'),
      reasoningTokens: count('reasoningTokens'),
      inputAudioTokens: count('inputAudioTokens'),
      outputAudioTokens: count('outputAudioTokens'),
    },
    hasUsage: given.usage !== null,
    serviceTier: given.serviceTier ?? '',
    isBatch: given.isBatch ?? false,
    isError: given.isError ?? false,
    usageScope: given.isAggregate === true ? 'aggregate' : 'call',
    reportedCost: given.reported === undefined ? null : dollars(given.reported),
  };
}
