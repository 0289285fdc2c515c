import type { Json } from '../lossless-json.ts';
import type { Attributes } from '../receive/otlp.ts';
import { readCacheWrites } from './provider-response.ts';
import type { Reading } from './reading.ts';
import type { RawUsage } from './usage.ts';
import { count, number } from './value.ts';

/** Tokens as the convention counts them, cached ones and reasoning included, and dollars. */
export function readOpenInferenceCounts(attributes: Attributes, response: Json | undefined): Reading {
  const counts = (name: string) => count(attributes.get(`llm.token_count.${name}`));
  const usage: RawUsage = {
    input: counts('prompt'),
    output: counts('completion'),
    cacheRead: counts('prompt_details.cache_read'),
    cacheWrite: counts('prompt_details.cache_write'),
    reasoning: counts('completion_details.reasoning'),
    inputAudio: counts('prompt_details.audio'),
    outputAudio: counts('completion_details.audio'),
    total: counts('total'),
  };
  const { cacheWrite5m = 0n, cacheWrite1h = 0n } = readCacheWrites(response);
  const split = usage.cacheWrite === cacheWrite5m + cacheWrite1h ? { cacheWrite5m, cacheWrite1h } : {};
  return {
    usage: Object.values(usage).some((value) => value !== undefined) ? { ...usage, ...split } : undefined,
    reportedCostUsd: readCost(attributes),
  };
}

function readCost(attributes: Attributes): number | undefined {
  const dollars = (name: string) => number(attributes.get(`llm.cost.${name}`));
  const [prompt, completion] = [dollars('prompt'), dollars('completion')];
  return dollars('total') ?? (prompt === undefined || completion === undefined ? undefined : prompt + completion);
}
