import type { CanonicalMessage, JsonObject } from './message.ts';

/** Parts that carry the id of a tool call. */
const callTypes = ['tool_call', 'tool_call_response'] as const;

/**
 * The messages with the ids of tool calls and results that `others`, the same messages from another place, have. Only where
 * both have the same calls in the same order, and where an id is missing: some instrumentations leave them out.
 */
export function fillCallIds(messages: CanonicalMessage[], others: readonly CanonicalMessage[]): CanonicalMessage[] {
  let filled = messages;
  for (const type of callTypes) {
    const own = partsOf(filled, type);
    const theirs = partsOf(others, type);
    if (own.length !== theirs.length || !own.some(({ id }) => id === null)) continue;
    if (own.some(({ name = '' }, at) => type === 'tool_call' && name !== (theirs[at]?.['name'] ?? ''))) continue;
    const idOf = new Map(own.map((part, at) => [part, part['id'] ?? theirs[at]?.['id'] ?? null]));
    filled = filled.map((message) => ({
      ...message,
      parts: message.parts.map((part) => (idOf.has(part) ? { ...part, id: idOf.get(part) ?? null } : part)),
    }));
  }
  return filled;
}

function partsOf(messages: readonly CanonicalMessage[], type: string): JsonObject[] {
  return messages.flatMap(({ parts }) => parts.filter((part) => part['type'] === type));
}
