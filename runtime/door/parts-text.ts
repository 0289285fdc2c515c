import type { UserPart } from '../models/model.ts';

/** A message as a person reads it; images are named. */
export function partsText(content: readonly UserPart[]): string {
  return content.map((part) => (part.type === 'text' ? part.text : '[image]')).join('\n');
}
