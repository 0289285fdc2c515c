import type { SpanDetail } from '../../api/types.ts';

export type DetailTab = 'Messages' | 'Tool' | 'Cost' | 'Attributes' | 'Mapping' | 'Events' | 'Raw';

/** The tabs that have something to show, the most telling first. Attributes, Mapping and Raw always have. */
export function listTabs(detail: SpanDetail): DetailTab[] {
  const messages: DetailTab[] = hasMessages(detail) ? ['Messages'] : [];
  const tool: DetailTab[] = hasPayload(detail) ? ['Tool'] : [];
  const events: DetailTab[] = detail.events.length + detail.links.length > 0 ? ['Events'] : [];
  // A tool's own payload says more than a conversation around it.
  const content = detail.kind === 'tool' ? [...tool, ...messages] : [...messages, ...tool];
  const cost: DetailTab[] = detail.usage === null ? [] : ['Cost'];
  return [...content, ...cost, 'Attributes', 'Mapping', ...events, 'Raw'];
}

/** A payload that was sent; the API says null for one that was not. */
export function isPresent(payload: unknown): boolean {
  return payload !== null && payload !== undefined;
}

function hasMessages(detail: SpanDetail): boolean {
  const lists = [detail.inputMessages, detail.outputMessages, detail.systemInstructions, detail.toolDefinitions];
  if (isPresent(detail.inputValue) || isPresent(detail.outputValue)) return true;
  return detail.missingMessages > 0 || lists.some((list) => list.length > 0);
}

function hasPayload(detail: SpanDetail): boolean {
  return isPresent(detail.toolArguments) || isPresent(detail.toolResult);
}
