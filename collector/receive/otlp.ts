/**
 * OTLP as the collector works with it, the same whether it came as protobuf or JSON.
 * An attribute value keeps its type: int is `bigint`, double is `number`, bytes are `Uint8Array`, a key-value list is a `Map`.
 */
export type AnyValue = string | boolean | bigint | number | Uint8Array | AnyValue[] | Attributes | null;
export type Attributes = Map<string, AnyValue>;

export interface OtlpScope {
  name: string;
  version: string;
  attributes: Attributes;
}

export interface OtlpEvent {
  timeUnixNano: bigint;
  name: string;
  attributes: Attributes;
  droppedAttributesCount: number;
}

export interface OtlpLink {
  traceId: Uint8Array;
  spanId: Uint8Array;
  traceState: string;
  attributes: Attributes;
  droppedAttributesCount: number;
  flags: number;
}

/** One span with what it shares with its neighbours. Ids are raw bytes of whatever length was sent. */
export interface OtlpSpan {
  resource: Attributes;
  scope: OtlpScope;
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  traceState: string;
  flags: number;
  name: string;
  kind: number;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: Attributes;
  droppedAttributesCount: number;
  events: OtlpEvent[];
  droppedEventsCount: number;
  links: OtlpLink[];
  droppedLinksCount: number;
  statusCode: number;
  statusMessage: string;
}

export interface OtlpLogRecord {
  resource: Attributes;
  scope: OtlpScope;
  timeUnixNano: bigint;
  observedTimeUnixNano: bigint;
  severityNumber: number;
  body: AnyValue;
  attributes: Attributes;
  traceId: Uint8Array;
  spanId: Uint8Array;
  eventName: string;
}

/** What one request held: the good items, and for each bad one a reason and where it stood. */
export interface Decoded<Item> {
  items: Item[];
  rejects: Reject[];
}

export interface Reject {
  reason: string;
  /** `resourceSpans[0].scopeSpans[1].spans[7]` */
  path: string;
}

/** The whole body cannot be read: nothing of it was taken. Answered 400. */
export class MalformedBody extends Error {}

/** One item cannot be read; its neighbours are not affected. */
export class MalformedItem extends Error {}

/** Attribute values nested deeper than this make their span a reject: each level is a level of recursion. */
export const attributeDepthMax = 32;
