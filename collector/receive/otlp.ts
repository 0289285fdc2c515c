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

/** What one request held: the good items, where each stood, and for each bad one a reason. */
export interface Decoded<Item> {
  items: Item[];
  /** `places[n]` is where `items[n]` stood. */
  places: Place[];
  rejects: Reject[];
}

export interface Reject {
  reason: string;
  place: Place;
  /** Absent where the item could not be read at all. */
  item?: RejectedItem | undefined;
}

/** What is known of an item that was not taken; ids as lower-case hexadecimal, of whatever length was sent. */
export interface RejectedItem {
  service: string;
  traceId: string;
  spanId: string;
  name: string;
}

/** Where an item stood in the request: `resourceSpans[0].scopeSpans[1].spans`, and its index there. */
export interface Place {
  list: string;
  index: number;
}

/**
 * What one request may hold beside its bytes, because a value of two bytes becomes an object of hundreds. Far above what
 * exporters send (512 spans a request, 8192 from a collector); above it the request is answered 413.
 */
export const requestLimits = {
  items: 131_072,
  /** Messages nested in a protobuf body: two an attribute, one an event or link. */
  values: 2_000_000,
  /** Brackets and commas of a JSON body: about four an attribute. */
  jsonTokens: 6_000_000,
  /** Bytes of resources and scopes, counted for each item that has them: they are stored with every row. */
  sharedBytes: 128 * 1024 * 1024,
} as const;

/** The whole body cannot be read: nothing of it was taken. */
export class MalformedBody extends Error {
  /** 413: it could be read if it were sent in smaller pieces. */
  readonly status: 400 | 413 = 400;
}

/** The body holds more than `requestLimits`. */
export class OversizedBody extends MalformedBody {
  override readonly status = 413;

  constructor(limit: number, what: string) {
    super(`the body holds more than ${String(limit)} ${what}; send smaller requests`);
  }
}

/** Adds up what items share with their neighbours, once for each of them. */
export class SharedBytes {
  #bytes = 0;

  /** @throws OversizedBody */
  add(bytes: number, items: number): void {
    this.#bytes += bytes * items;
    if (this.#bytes > requestLimits.sharedBytes) {
      throw new OversizedBody(
        requestLimits.sharedBytes,
        'bytes of resources and scopes, counted for each of their items',
      );
    }
  }
}

/** One item cannot be read; its neighbours are not affected. */
export class MalformedItem extends Error {}

/** Attribute values nested deeper than this make their span a reject: each level is a level of recursion. */
export const attributeDepthMax = 32;

/** Of items that could not be read. */
const resources = new WeakMap<Reject, Attributes>();

/** Whose an item is that could not be read; undefined where that is not known. */
export function findResource(reject: Reject): Attributes | undefined {
  return resources.get(reject);
}

/** Reads one item of a list: a good one and its place are added, a malformed one becomes a reject. */
export function collectItem<Item>(decoded: Decoded<Item>, place: Place, read: () => Item, resource?: Attributes): void {
  if (decoded.items.length + decoded.rejects.length >= requestLimits.items) {
    throw new OversizedBody(requestLimits.items, 'items');
  }
  try {
    decoded.items.push(read());
    decoded.places.push(place);
  } catch (error) {
    if (error instanceof MalformedBody) throw error;
    const reason = error instanceof MalformedItem ? error.message : 'not a readable message';
    const reject = { reason, place };
    if (resource !== undefined) resources.set(reject, resource);
    decoded.rejects.push(reject);
  }
}
