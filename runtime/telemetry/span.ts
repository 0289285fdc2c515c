/** A span as OpenTelemetry means it, before any encoding. */
export interface Span {
  traceId: string;
  spanId: string;
  parent: { spanId: string; /** Another process made it. */ isRemote: boolean } | undefined;
  name: string;
  kind: 'internal' | 'server' | 'client';
  startMs: number;
  endMs: number;
  attributes: SpanAttributes;
  /** Absent: it did not fail. */
  error?: { message: string } | undefined;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Attributes without those that are not known. */
export function attributesOf(given: Readonly<Record<string, SpanAttributes[string] | undefined>>): SpanAttributes {
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, SpanAttributes[string]] => entry[1] !== undefined),
  );
}
