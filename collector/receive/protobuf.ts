import {
  type AnyValue,
  attributeDepthMax,
  type Attributes,
  collectItem,
  type Decoded,
  MalformedBody,
  MalformedItem,
  type OtlpEvent,
  type OtlpLink,
  type OtlpLogRecord,
  type OtlpScope,
  type OtlpSpan,
  SharedBytes,
} from './otlp.ts';
import { delimited, type Field, type Fields, fixed32, fixed64, ItemReader, table, varint } from './protobuf-reader.ts';

// Field numbers are those of opentelemetry-proto 1.x (trace, logs, metrics, common, resource); unknown fields are skipped.

/** @throws MalformedBody when the frame around the spans is broken */
export function decodeTraces(body: Uint8Array): Decoded<OtlpSpan> {
  return decodeItems(body, { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' }, readSpan);
}

/** @throws MalformedBody when the frame around the log records is broken */
export function decodeLogs(body: Uint8Array): Decoded<OtlpLogRecord> {
  return decodeItems(body, { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' }, readLogRecord);
}

/** How many data points a metrics request holds; they are not stored, only counted. */
export function countDataPoints(body: Uint8Array): number {
  return inBody('ExportMetricsServiceRequest', () => new ItemReader(body).message(metricsFields, { points: 0 }).points);
}

interface PointCount {
  points: number;
}
const pointsFields: Fields<PointCount> = table({
  1: delimited((reader, count) => {
    reader.skipType(2);
    count.points += 1;
  }),
});
const points: Field<PointCount> = delimited((reader, count) => reader.nested(pointsFields, count));
const metricFields: Fields<PointCount> = table({ 5: points, 7: points, 9: points, 10: points, 11: points });
const scopeMetricsFields: Fields<PointCount> = table({
  2: delimited((reader, count) => reader.nested(metricFields, count)),
});
const resourceMetricsFields: Fields<PointCount> = table({
  2: delimited((reader, count) => reader.nested(scopeMetricsFields, count)),
});
const metricsFields: Fields<PointCount> = table({
  1: delimited((reader, count) => reader.nested(resourceMetricsFields, count)),
});

function decodeItems<Item>(
  body: Uint8Array,
  names: { resources: string; scopes: string; items: string },
  readItem: (reader: ItemReader, resource: Attributes, scope: OtlpScope) => Item,
): Decoded<Item> {
  const decoded: Decoded<Item> = { items: [], places: [], rejects: [] };
  const shared = new SharedBytes();
  inBody('OTLP request', () => {
    const resources = new ItemReader(body).message(groupFields, newGroup());
    resources.parts.forEach((group, groupIndex) => {
      const { head: resourceHead, parts: scopes } = group.message(groupPartFields, newGroup());
      const resourceBytes = resourceHead?.len ?? 0;
      const resource =
        resourceHead?.message(resourceFields, new Map<string, AnyValue>()) ?? new Map<string, AnyValue>();
      scopes.forEach((scoped, scopeIndex) => {
        const { head: scopeHead, parts: items } = scoped.message(groupPartFields, newGroup());
        shared.add(resourceBytes + (scopeHead?.len ?? 0), items.length);
        const scope: OtlpScope = { name: '', version: '', attributes: new Map() };
        scopeHead?.message(scopeFields, scope);
        const list = `${names.resources}[${String(groupIndex)}].${names.scopes}[${String(scopeIndex)}].${names.items}`;
        items.forEach((item, index) => {
          collectItem(decoded, { list, index }, () => readItem(item, resource, scope), resource);
        });
      });
    });
  });
  return decoded;
}

/** What a whole group shares cannot be rejected alone. */
function inBody<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedBody) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new MalformedBody(`the body is not an ${what} in protobuf: ${reason}`, { cause: error });
  }
}

/** ResourceX and ScopeX have one shape: field 1 the head, field 2 the parts; the head may come last. */
interface Group {
  head: ItemReader | undefined;
  parts: ItemReader[];
}
function newGroup(): Group {
  return { head: undefined, parts: [] };
}
const partField: Field<Group> = delimited((reader, group) => group.parts.push(reader.part()));
/** The body itself: resources in field 1. */
const groupFields: Fields<Group> = table({ 1: partField });
const groupPartFields: Fields<Group> = table({
  1: delimited((reader, group) => {
    group.head = reader.part();
  }),
  2: partField,
});

const keyValueFields: Fields<{ key: string; value: AnyValue; depth: number }> = table({
  1: delimited((reader, pair) => {
    pair.key = reader.string();
  }),
  2: delimited((reader, pair) => {
    pair.value = readAnyValue(reader, pair.depth);
  }),
});

function readKeyValue(reader: ItemReader, into: Attributes, depth: number): void {
  const { key, value } = reader.nested(keyValueFields, { key: '', value: null, depth });
  into.set(key, value);
}

const anyValueFields: Fields<{ value: AnyValue; depth: number }> = table({
  1: delimited((reader, any) => {
    any.value = reader.string();
  }),
  2: varint((reader, any) => {
    any.value = reader.bool();
  }),
  3: varint((reader, any) => {
    any.value = reader.varBigInt();
  }),
  4: fixed64((reader, any) => {
    any.value = reader.double();
  }),
  5: delimited((reader, any) => {
    any.value = reader.nested(arrayFields, { list: [], depth: any.depth + 1 }).list;
  }),
  6: delimited((reader, any) => {
    any.value = reader.nested(mapFields, { map: new Map<string, AnyValue>(), depth: any.depth + 1 }).map;
  }),
  7: delimited((reader, any) => {
    any.value = reader.bytes();
  }),
});
const arrayFields: Fields<{ list: AnyValue[]; depth: number }> = table({
  1: delimited((reader, { list, depth }) => list.push(readAnyValue(reader, depth))),
});
const mapFields: Fields<{ map: Attributes; depth: number }> = table({
  1: delimited((reader, { map, depth }) => {
    readKeyValue(reader, map, depth);
  }),
});

/** One value by the bytes of its message. */
export function decodeValue(bytes: Uint8Array): AnyValue {
  return new ItemReader(bytes).message(anyValueFields, { value: null, depth: 0 }).value;
}

function readAnyValue(reader: ItemReader, depth: number): AnyValue {
  if (depth > attributeDepthMax) {
    throw new MalformedItem(`an attribute value is nested deeper than ${String(attributeDepthMax)} levels`);
  }
  return reader.nested(anyValueFields, { value: null, depth }).value;
}

const resourceFields: Fields<Attributes> = table({
  1: delimited((reader, attributes) => {
    readKeyValue(reader, attributes, 0);
  }),
});

const scopeFields: Fields<OtlpScope> = table({
  1: delimited((reader, scope) => {
    scope.name = reader.string();
  }),
  2: delimited((reader, scope) => {
    scope.version = reader.string();
  }),
  3: delimited((reader, scope) => {
    readKeyValue(reader, scope.attributes, 0);
  }),
});

const noBytes = new Uint8Array(0);

const statusFields: Fields<OtlpSpan> = table({
  2: delimited((reader, span) => {
    span.statusMessage = reader.string();
  }),
  3: varint((reader, span) => {
    span.statusCode = reader.uint32();
  }),
});

const eventFields: Fields<OtlpEvent> = table({
  1: fixed64((reader, event) => {
    event.timeUnixNano = reader.fixedBigInt();
  }),
  2: delimited((reader, event) => {
    event.name = reader.string();
  }),
  3: delimited((reader, event) => {
    readKeyValue(reader, event.attributes, 0);
  }),
  4: varint((reader, event) => {
    event.droppedAttributesCount = reader.uint32();
  }),
});

const linkFields: Fields<OtlpLink> = table({
  1: delimited((reader, link) => {
    link.traceId = reader.bytes();
  }),
  2: delimited((reader, link) => {
    link.spanId = reader.bytes();
  }),
  3: delimited((reader, link) => {
    link.traceState = reader.string();
  }),
  4: delimited((reader, link) => {
    readKeyValue(reader, link.attributes, 0);
  }),
  5: varint((reader, link) => {
    link.droppedAttributesCount = reader.uint32();
  }),
  6: fixed32((reader, link) => {
    link.flags = reader.fixed32();
  }),
});

const spanFields: Fields<OtlpSpan> = table({
  1: delimited((reader, span) => {
    span.traceId = reader.bytes();
  }),
  2: delimited((reader, span) => {
    span.spanId = reader.bytes();
  }),
  3: delimited((reader, span) => {
    span.traceState = reader.string();
  }),
  4: delimited((reader, span) => {
    span.parentSpanId = reader.bytes();
  }),
  5: delimited((reader, span) => {
    span.name = reader.string();
  }),
  6: varint((reader, span) => {
    span.kind = reader.uint32();
  }),
  7: fixed64((reader, span) => {
    span.startTimeUnixNano = reader.fixedBigInt();
  }),
  8: fixed64((reader, span) => {
    span.endTimeUnixNano = reader.fixedBigInt();
  }),
  9: delimited((reader, span) => {
    readKeyValue(reader, span.attributes, 0);
  }),
  10: varint((reader, span) => {
    span.droppedAttributesCount = reader.uint32();
  }),
  11: delimited((reader, span) => {
    const event: OtlpEvent = { timeUnixNano: 0n, name: '', attributes: new Map(), droppedAttributesCount: 0 };
    span.events.push(reader.nested(eventFields, event));
  }),
  12: varint((reader, span) => {
    span.droppedEventsCount = reader.uint32();
  }),
  13: delimited((reader, span) => {
    const link: OtlpLink = {
      traceId: noBytes,
      spanId: noBytes,
      traceState: '',
      attributes: new Map(),
      droppedAttributesCount: 0,
      flags: 0,
    };
    span.links.push(reader.nested(linkFields, link));
  }),
  14: varint((reader, span) => {
    span.droppedLinksCount = reader.uint32();
  }),
  15: delimited((reader, span) => reader.nested(statusFields, span)),
  16: fixed32((reader, span) => {
    span.flags = reader.fixed32();
  }),
});

/** One span by the bytes of its message. */
export function decodeSpan(bytes: Uint8Array, resource: Attributes, scope: OtlpScope): OtlpSpan {
  return readSpan(new ItemReader(bytes), resource, scope);
}

export function decodeResource(bytes: Uint8Array): Attributes {
  return new ItemReader(bytes).message(resourceFields, new Map<string, AnyValue>());
}

export function decodeScope(bytes: Uint8Array): OtlpScope {
  return new ItemReader(bytes).message(scopeFields, { name: '', version: '', attributes: new Map() });
}

function readSpan(reader: ItemReader, resource: Attributes, scope: OtlpScope): OtlpSpan {
  return reader.message(spanFields, {
    resource,
    scope,
    traceId: noBytes,
    spanId: noBytes,
    parentSpanId: noBytes,
    traceState: '',
    flags: 0,
    name: '',
    kind: 0,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes: new Map(),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: '',
  });
}

const logRecordFields: Fields<OtlpLogRecord> = table({
  1: fixed64((reader, record) => {
    record.timeUnixNano = reader.fixedBigInt();
  }),
  2: varint((reader, record) => {
    record.severityNumber = reader.uint32();
  }),
  5: delimited((reader, record) => {
    record.body = readAnyValue(reader, 0);
  }),
  6: delimited((reader, record) => {
    readKeyValue(reader, record.attributes, 0);
  }),
  9: delimited((reader, record) => {
    record.traceId = reader.bytes();
  }),
  10: delimited((reader, record) => {
    record.spanId = reader.bytes();
  }),
  11: fixed64((reader, record) => {
    record.observedTimeUnixNano = reader.fixedBigInt();
  }),
  12: delimited((reader, record) => {
    record.eventName = reader.string();
  }),
});

function readLogRecord(reader: ItemReader, resource: Attributes, scope: OtlpScope): OtlpLogRecord {
  return reader.message(logRecordFields, {
    resource,
    scope,
    timeUnixNano: 0n,
    observedTimeUnixNano: 0n,
    severityNumber: 0,
    body: null,
    attributes: new Map(),
    traceId: noBytes,
    spanId: noBytes,
    eventName: '',
  });
}
