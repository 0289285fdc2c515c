import type { Usage } from './model.ts';

/** Usage as OpenAI and those who follow it report it; undefined where nothing was counted. */
export function readOpenaiUsage(raw: unknown): Usage | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const usage = raw as Record<string, unknown>;
  const input = count(usage['prompt_tokens']);
  const completion = count(usage['completion_tokens']);
  if (input === undefined || completion === undefined) return undefined;
  const inputDetails = (usage['prompt_tokens_details'] ?? {}) as Record<string, unknown>;
  const outputDetails = (usage['completion_tokens_details'] ?? {}) as Record<string, unknown>;
  const parts = {
    // DeepSeek's own name beside the common one.
    cacheReadTokens: count(inputDetails['cached_tokens']) ?? count(usage['prompt_cache_hit_tokens']),
    cacheWrite5mTokens: count(inputDetails['cache_write_tokens']),
    reasoningTokens: count(outputDetails['reasoning_tokens']),
    inputAudioTokens: count(inputDetails['audio_tokens']),
    outputAudioTokens: count(outputDetails['audio_tokens']),
  };
  const reported = Object.fromEntries(Object.entries(parts).filter(([, tokens]) => tokens !== undefined));
  // Some count reasoning in the total only (Gemini, xAI): what the total has beyond both is output.
  const beyond = Math.max(0, (count(usage['total_tokens']) ?? 0) - input - completion);
  return { inputTokens: input, ...reported, outputTokens: completion + beyond, raw };
}

/** Also a total that comes as null or text is no count. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
