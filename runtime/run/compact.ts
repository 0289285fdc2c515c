import type { Message, ModelRequest } from '../models/model.ts';
import type { CompactedEntry, ModelCall } from '../sessions/record.ts';
import { AskFailure } from './agent.ts';
import { buildMessages, type Conversation, estimateTokens, findCompaction } from './conversation.ts';

/** What is summarised at most, by estimate: the latest part of it. */
const summarizedTokensMax = 30_000;
const summaryTokens = 1_000;
const request = `Summarize the conversation above so that it can be continued without it. Keep: what the user wants, facts, names, numbers and ids, what was done and found out, what is still open. At most 400 words. Only the summary.`;

export interface CompactParts {
  conversation: Conversation;
  /** Number of the first turn that stays. */
  before: number;
  summarizes: boolean;
  ask: (request: Omit<ModelRequest, 'model'>) => Promise<{ text: string; call: ModelCall }>;
  nowMs: () => number;
}

/**
 * Takes the turns before one out of what models are given, with a summary in their place where the agent wants one and a model
 * writes it. The record keeps the turns.
 */
export async function compact({ conversation, before, summarizes, ask, nowMs }: CompactParts): Promise<CompactedEntry> {
  const dropped = { type: 'compacted', before, summary: null } as const;
  if (!summarizes) return { ...dropped, atMs: nowMs() };
  // Without a new summary the conversation can still go on, with the one that there is.
  const kept = { ...dropped, summary: findCompaction(conversation)?.summary ?? null };
  const messages = withinBound(messagesBefore(conversation, before));
  if (messages.every(({ role }) => role === 'system')) return { ...kept, atMs: nowMs() };
  try {
    const { text, call } = await ask({
      messages: [...messages, { role: 'user', content: [{ type: 'text', text: request }], isNotice: true }],
      tools: [],
      maxOutputTokens: summaryTokens,
    });
    return { ...kept, ...(text.trim() !== '' && { summary: text }), call, atMs: nowMs() };
  } catch (error) {
    if (!(error instanceof AskFailure) || error.failure.kind === 'aborted') throw error;
    return { ...kept, call: { attempts: error.attempts }, atMs: nowMs() };
  }
}

/** What was said before a turn; an earlier summary stands for what it is of. */
function messagesBefore(conversation: Conversation, before: number): Message[] {
  const input = { ...conversation.turn.input, messages: [] };
  const compacted = findCompaction(conversation);
  return buildMessages(
    {
      ...conversation,
      earlier: conversation.earlier.filter(({ number }) => number < before),
      turn: { ...conversation.turn, input, entries: compacted === undefined ? [] : [compacted] },
    },
    1,
  );
}

/** The system message and the latest messages; never a tool result without its call. */
function withinBound([system, ...messages]: readonly Message[]): Message[] {
  let from = messages.length;
  let tokens = 0;
  for (const message of messages.toReversed()) {
    tokens += estimateTokens([message]);
    if (tokens > summarizedTokensMax) break;
    from -= 1;
  }
  while (messages[from]?.role === 'tool') from += 1;
  return [...(system === undefined ? [] : [system]), ...messages.slice(from)];
}
