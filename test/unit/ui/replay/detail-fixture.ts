import type { Message } from '../../../../ui/api/types.ts';
import { type ContextEntry, listContext } from '../../../../ui/replay/context-entries.ts';

export const text = (role: string, content: string, further: object = {}): Message => ({
  role,
  parts: [{ type: 'text', content, ...further }],
});

export const call = (id: string, name: string, args: unknown): Message => ({
  role: 'assistant',
  parts: [{ type: 'tool_call', id, name, arguments: args }],
});

export const result = (id: string, value: unknown): Message => ({
  role: 'tool',
  parts: [{ type: 'tool_call_response', id, result: value }],
});

/** What a call was given, as entries. */
export function contextOf(given: { system?: string; tools?: unknown[]; messages: Message[] }): ContextEntry[] {
  return listContext({
    systemInstructions: given.system === undefined ? [] : [{ type: 'text', content: given.system }],
    toolDefinitions: given.tools ?? [],
    inputMessages: given.messages,
  });
}
