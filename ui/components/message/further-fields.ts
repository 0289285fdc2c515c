import type { Message, Part } from '../../api/types.ts';

const messageFields = ['role', 'name', 'parts', 'finishReason'];
const partFields: Record<Part['type'], readonly string[]> = {
  text: ['content'],
  reasoning: ['content'],
  tool_call: ['id', 'name', 'arguments'],
  tool_call_response: ['id', 'name', 'result'],
  media: ['modality', 'mimeType', 'content', 'uri', 'fileId', 'filename', 'file_name', 'title', 'name', 'format'],
  data: ['value'],
};

/** What a message or part says beyond what is drawn of it; undefined where nothing. */
export function furtherFields(item: Message | Part): Record<string, unknown> | undefined {
  const known = 'parts' in item ? messageFields : ['type', 'truncatedBytes', ...partFields[item.type]];
  const further = Object.entries(item).filter(([name]) => !known.includes(name));
  return further.length === 0 ? undefined : Object.fromEntries(further);
}
