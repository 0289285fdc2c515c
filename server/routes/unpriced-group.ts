import type { BookingStatus } from '../contract/costs.ts';
import type { MissingKind, PriceOverride, UnpricedGroup } from '../contract/unpriced.ts';
import { priceCall, type PricedSpan, questionOf } from '../domain/prices/price-call.ts';
import { formatEntry, suggestEntry } from '../domain/prices/suggest-entry.ts';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import type { TokenCounts } from '../domain/settlement/skeleton.ts';
import type { UnpricedRow } from '../queries/unpriced.ts';

/** A group with what would price it by the price book of today, tried on the group's latest call. */
export function toUnpricedGroup(
  row: UnpricedRow,
  { projectId, priceBook }: { projectId: string; priceBook: PriceBook },
): UnpricedGroup {
  const [traceId, spanId] = row.example;
  const span = readExample(row, projectId);
  const now = priceCall(span, priceBook);
  return {
    provider: orNull(row.provider),
    model: orNull(row.model),
    requestModel: orNull(row.request_model),
    status: row.status as BookingStatus,
    missing: row.missing as MissingKind,
    usageClass: orNull(row.what),
    serviceTiers: row.serviceTiers,
    batchCalls: Number(row.batchCalls),
    sums: Number(row.decisions) - Number(row.modelCalls),
    usage: {
      modelCalls: Number(row.modelCalls),
      inputTokens: Number(row.input_tokens),
      outputTokens: Number(row.output_tokens),
      cacheReadTokens: Number(row.cache_read_tokens),
      cacheWriteTokens: Number(row.cache_write_tokens),
      reasoningTokens: Number(row.reasoning_tokens),
    },
    cacheWrite5mTokens: Number(row.cache_write_5m_tokens),
    cacheWrite1hTokens: Number(row.cache_write_1h_tokens),
    inputAudioTokens: Number(row.input_audio_tokens),
    outputAudioTokens: Number(row.output_audio_tokens),
    firstSeenUnixNano: row.firstNs,
    lastSeenUnixNano: row.lastNs,
    example: { traceId, spanId },
    pricedNow: now.amount === null ? null : now.priceVersion,
    override: now.amount === null ? describeOverride(row, span, priceBook, now.price) : null,
  };
}

function describeOverride(
  row: UnpricedRow,
  span: PricedSpan,
  priceBook: PriceBook,
  missing: Parameters<typeof suggestEntry>[0]['missing'],
): PriceOverride | null {
  const found = priceBook.find(questionOf(span));
  const entry = suggestEntry({ span, missing, tokens: readTokens(tokensOf(row)), found });
  return entry === undefined ? null : { entryIndex: entry.entryIndex, text: formatEntry(entry) };
}

/** The latest call of a group, as settlement would price it again. */
function readExample({ example, ...row }: UnpricedRow, projectId: string): PricedSpan {
  const [, , startNs, serviceTier, isBatch, isError, usageScope, ...tokens] = example;
  return {
    ...{ projectId, provider: row.provider, requestModel: row.request_model, responseModel: row.model },
    ...{ startNs: BigInt(startNs), serviceTier, isBatch, isError, reportedCost: null },
    usageScope: usageScope === 'aggregate' ? 'aggregate' : 'call',
    // A model without a price may also have had no counts; the ledger does not tell.
    hasUsage: row.missing !== 'usage' && tokens.some((count) => count !== '0'),
    tokens: readTokens(tokens),
  };
}

function tokensOf(row: UnpricedRow): string[] {
  return [
    ...[row.input_tokens, row.output_tokens, row.cache_read_tokens, row.cache_write_tokens],
    ...[row.cache_write_5m_tokens, row.cache_write_1h_tokens, row.reasoning_tokens],
    ...[row.input_audio_tokens, row.output_audio_tokens],
  ];
}

/** Counts in the order of the query's columns. */
function readTokens(counts: readonly string[]): TokenCounts {
  const count = (place: number) => BigInt(counts[place] ?? '0');
  return {
    inputTokens: count(0),
    outputTokens: count(1),
    cacheReadTokens: count(2),
    cacheWriteTokens: count(3),
    cacheWrite5mTokens: count(4),
    cacheWrite1hTokens: count(5),
    reasoningTokens: count(6),
    inputAudioTokens: count(7),
    outputAudioTokens: count(8),
  };
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
