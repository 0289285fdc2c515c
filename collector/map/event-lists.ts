import type { Json } from '../lossless-json.ts';
import { mergeContent, readGenAiEvent } from './conventions/gen-ai-events.ts';
import { isObject } from './message.ts';
import type { Reading } from './reading.ts';

/** Events of one message each, as objects of a list: their names, where they have one, among the fields. */
export function readEventList(list: Json | undefined): Reading | undefined {
  if (!Array.isArray(list)) return undefined;
  let read: Reading | undefined;
  for (const event of list.filter(isObject)) {
    const { 'gen_ai.message.index': _index, ...body } = event;
    const said = readGenAiEvent(eventName(event), new Map(), body);
    if (said !== undefined) read = mergeContent(read ?? {}, said);
  }
  return read;
}

function eventName(event: Record<string, Json>): string {
  const { 'event.name': given, message, role } = event;
  if (typeof given === 'string') return given;
  return message === undefined ? `gen_ai.${typeof role === 'string' ? role : 'user'}.message` : 'gen_ai.choice';
}
