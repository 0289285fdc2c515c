import type { ModelReply, Usage } from '../models/model.ts';

/** A real model that a sample agent is told to have used, so that prices are known. */
export interface PastModel {
  provider: 'openai' | 'anthropic' | 'gemini';
  model: string;
  responseModel: string;
}

const sonnet: PastModel = {
  provider: 'anthropic',
  model: 'claude-sonnet-4-5',
  responseModel: 'claude-sonnet-4-5-20250929',
};
const mini: PastModel = { provider: 'openai', model: 'gpt-5-mini', responseModel: 'gpt-5-mini-2025-08-07' };
const flash: PastModel = { provider: 'gemini', model: 'gemini-2.5-flash', responseModel: 'gemini-2.5-flash' };

/** The first model and the one that takes over. */
export function pastModelsOf(agent: string, tier: string): readonly [PastModel, PastModel] {
  if (agent === 'research') return [sonnet, mini];
  if (agent === 'fact-checker') return [flash, mini];
  if (agent === 'support' && tier === 'plus') return [sonnet, mini];
  return [mini, flash];
}

/** The house rules that went along with every prompt of the past, as tokens. */
const handbookTokens = 6_144;

/** What the real model would have counted, in its own way of reporting caches. */
export function toPastUsage({ usage }: ModelReply, { provider }: PastModel, isFirst: boolean): Usage | undefined {
  if (usage === undefined) return undefined;
  const cached = isFirst ? 0 : handbookTokens + (usage.cacheReadTokens ?? 0);
  const counts = {
    inputTokens: usage.inputTokens + handbookTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: cached,
    ...(provider === 'anthropic' && { cacheWrite5mTokens: isFirst ? handbookTokens : 0 }),
  };
  return { ...counts, raw: undefined };
}
