import type { SpanEvent, SpanLink } from '../contract/spans.ts';
import { parseLossless } from './lossless-json.ts';

type Attributes = Record<string, unknown>;

/** Attributes as sent: those stored as text and those stored as JSON, in one object. */
export function joinAttributes(
  texts: Readonly<Record<string, string>>,
  ...json: Readonly<Record<string, string>>[]
): Attributes {
  const entries: [string, unknown][] = Object.entries(texts);
  for (const map of json) {
    for (const [key, value] of Object.entries(map)) entries.push([key, parseLossless(value)]);
  }
  // fromEntries makes own properties of names such as `__proto__`, too.
  return Object.fromEntries(entries);
}

/** A payload column: JSON, or '' where there is none. */
export function readPayload(json: string): unknown {
  return json === '' ? null : parseLossless(json);
}

export function readEvents(json: string): SpanEvent[] {
  return readList(json).map(({ timeUnixNano, name, attributes }) => ({
    timeUnixNano: String(timeUnixNano),
    name: String(name),
    attributes: (attributes ?? {}) as Attributes,
  }));
}

export function readLinks(json: string): SpanLink[] {
  return readList(json).map(({ traceId, spanId, attributes }) => ({
    traceId: String(traceId),
    spanId: String(spanId),
    attributes: (attributes ?? {}) as Attributes,
  }));
}

function readList(json: string): Attributes[] {
  const value = json === '' ? [] : parseLossless(json);
  return Array.isArray(value) ? (value as Attributes[]) : [];
}
