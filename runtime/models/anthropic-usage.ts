import type { Usage } from './model.ts';
import { count } from './openai-usage.ts';

/**
 * Usage from the start and the end of a stream; undefined where nothing was counted. The end has the totals of everything that was
 * done; only the start tells five-minute from one-hour cache writes, and only of what was done by then.
 */
export function readAnthropicUsage(start: unknown, end: unknown): Usage | undefined {
  const raw = { ...toObject(start), ...withoutNulls(toObject(end)) };
  const uncached = count(raw['input_tokens']);
  const outputTokens = count(raw['output_tokens']);
  if (uncached === undefined || outputTokens === undefined) return undefined;
  const cacheRead = count(raw['cache_read_input_tokens']);
  const cacheWrite = count(raw['cache_creation_input_tokens']);
  const parts = {
    cacheReadTokens: cacheRead,
    ...splitCacheWrite(cacheWrite, toObject(raw['cache_creation'])),
    reasoningTokens: count(toObject(raw['output_tokens_details'])['thinking_tokens']),
    webSearches: count(toObject(raw['server_tool_use'])['web_search_requests']),
  };
  const reported = Object.fromEntries(Object.entries(parts).filter(([, tokens]) => tokens !== undefined));
  return { inputTokens: uncached + (cacheRead ?? 0) + (cacheWrite ?? 0), ...reported, outputTokens, raw };
}

/** What the split does not cover goes where all of the rest went, else to five minutes, the API's default. */
function splitCacheWrite(
  total: number | undefined,
  split: Readonly<Record<string, unknown>>,
): { cacheWrite5mTokens?: number; cacheWrite1hTokens?: number } {
  const fiveMinutes = count(split['ephemeral_5m_input_tokens']);
  const oneHour = count(split['ephemeral_1h_input_tokens']);
  if (total === undefined) return {};
  if (oneHour === undefined) return { cacheWrite5mTokens: total };
  const hourTokens = (fiveMinutes ?? 0) === 0 && oneHour > 0 ? total : Math.min(oneHour, total);
  return { cacheWrite5mTokens: total - hourTokens, cacheWrite1hTokens: hourTokens };
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
