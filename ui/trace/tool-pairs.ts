import type { Message, Part } from '../api/types.ts';

export type ToolCall = Extract<Part, { type: 'tool_call' }>;
export type ToolResponse = Extract<Part, { type: 'tool_call_response' }>;

export type ToolPairs = {
  /** The answer to each call, where the same messages hold one. */
  responses: ReadonlyMap<Part, ToolResponse>;
  /** Responses that are shown with their call and need no place of their own. */
  paired: ReadonlySet<Part>;
  /** Calls of the output that these messages do not answer, in order. */
  open: ToolCall[];
};

/**
 * Finds to every tool call the response that follows it, by call id; a response without an id belongs to the
 * oldest unanswered call of its name, or of any name if it has none. Ids that a framework uses twice are
 * answered in order.
 */
export function pairToolCalls(input: readonly Message[], output: readonly Message[]): ToolPairs {
  const responses = new Map<Part, ToolResponse>();
  const paired = new Set<Part>();
  const waiting: ToolCall[] = [];
  for (const part of [...input, ...output].flatMap((message) => message.parts)) {
    if (part.type === 'tool_call') waiting.push(part);
    if (part.type !== 'tool_call_response') continue;
    const place = waiting.findIndex((call) => answers(part, call));
    const call = waiting[place];
    if (!call) continue;
    waiting.splice(place, 1);
    responses.set(call, part);
    paired.add(part);
  }
  const produced = new Set<Part>(output.flatMap((message) => message.parts));
  return { responses, paired, open: waiting.filter((call) => produced.has(call)) };
}

function answers(response: ToolResponse, call: ToolCall): boolean {
  if (response.id !== null && call.id !== null) return response.id === call.id;
  return response.name === undefined || response.name === call.name;
}
