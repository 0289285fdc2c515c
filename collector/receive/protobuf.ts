import { Reader } from 'protobufjs/minimal.js';
import {
  type AnyValue,
  attributeDepthMax,
  type Attributes,
  type Decoded,
  MalformedBody,
  MalformedItem,
  type OtlpEvent,
  type OtlpLink,
  type OtlpLogRecord,
  type OtlpScope,
  type OtlpSpan,
} from './otlp.ts';

// Field numbers are those of opentelemetry-proto 1.x (trace, logs, metrics, common, resource); unknown fields are skipped.

type FieldReaders = Readonly<Record<number, (reader: ItemReader) => void>>;

/** protobufjs' wire reader with 64-bit values as bigint and a frame for nested messages. */
class ItemReader extends Reader {
  fixedBigInt(): bigint {
    if (this.pos + 8 > this.len) throw new RangeError('index out of range');
    const low = this.fixed32();
    return (BigInt(this.fixed32()) << 32n) | BigInt(low);
  }

  varBigInt(): bigint {
    const value = this.int64();
    return typeof value === 'number'
      ? BigInt(value)
      : BigInt.asIntN(64, (BigInt(value.high) << 32n) | BigInt(value.low >>> 0));
  }

  /** A nested message as a reader of its own, so that what is broken inside it stays inside. */
  nested(): ItemReader {
    return new ItemReader(this.bytes());
  }

  /** Reads until the end of this message; an unknown field, or one of an unexpected wire type, is skipped. */
  fields(readers: FieldReaders, wireTypes: WireTypes): void {
    while (this.pos < this.len) {
      const tag = this.uint32();
      const number = tag >>> 3;
      const wireType = tag & 7;
      const read = readers[number];
      if (read !== undefined && (wireTypes[number] ?? 2) === wireType) read(this);
      else this.skipType(wireType, 0, number);
    }
  }
}

/** Wire type by field number where it is not 2 (length-delimited): 0 varint, 1 64-bit, 5 32-bit. */
type WireTypes = Readonly<Record<number, number>>;

/** @throws MalformedBody when the frame around the spans is broken */
export function decodeTraces(body: Uint8Array): Decoded<OtlpSpan> {
  return decodeItems(body, 'Spans', 'spans', readSpan);
}

/** @throws MalformedBody when the frame around the log records is broken */
export function decodeLogs(body: Uint8Array): Decoded<OtlpLogRecord> {
  return decodeItems(body, 'Logs', 'logRecords', readLogRecord);
}

/** How many data points a metrics request holds; they are not stored, only counted. */
export function countDataPoints(body: Uint8Array): number {
  let count = 0;
  const nest = (readers: FieldReaders) => (reader: ItemReader) => {
    reader.nested().fields(readers, {});
  };
  const dataPoint = (reader: ItemReader) => {
    reader.bytes();
    count += 1;
  };
  const data = nest({ 1: dataPoint });
  const metric = nest({ 5: data, 7: data, 9: data, 10: data, 11: data });
  try {
    new ItemReader(body).fields({ 1: nest({ 2: nest({ 2: metric }) }) }, {});
  } catch (error) {
    throw new MalformedBody('the body is not an ExportMetricsServiceRequest', { cause: error });
  }
  return count;
}

function decodeItems<Item>(
  body: Uint8Array,
  what: 'Spans' | 'Logs',
  list: string,
  readItem: (reader: ItemReader, resource: Attributes, scope: OtlpScope) => Item,
): Decoded<Item> {
  const decoded: Decoded<Item> = { items: [], rejects: [] };
  try {
    let resourceIndex = 0;
    new ItemReader(body).fields(
      {
        1: (reader) => {
          const path = `resource${what}[${String(resourceIndex++)}]`;
          const group = readGroup(reader.nested(), (resource) => readResource(resource));
          group.parts.forEach((part, index) => {
            const scoped = readGroup(part, (scope) => readScope(scope));
            const resource = group.head ?? new Map<string, AnyValue>();
            const scope = scoped.head ?? { name: '', version: '', attributes: new Map<string, AnyValue>() };
            scoped.parts.forEach((item, itemIndex) => {
              try {
                decoded.items.push(readItem(item, resource, scope));
              } catch (error) {
                const reason = error instanceof MalformedItem ? error.message : 'not a readable protobuf message';
                decoded.rejects.push({
                  reason,
                  path: `${path}.scope${what}[${String(index)}].${list}[${String(itemIndex)}]`,
                });
              }
            });
          });
        },
      },
      {},
    );
  } catch (error) {
    throw new MalformedBody(`the body is not an OTLP request in protobuf: ${message(error)}`, { cause: error });
  }
  return decoded;
}

/** ResourceX and ScopeX have one shape: field 1 the head, field 2 the parts; the head may come last. */
function readGroup<Head>(
  group: ItemReader,
  readHead: (reader: ItemReader) => Head,
): { head: Head | undefined; parts: ItemReader[] } {
  let head: Head | undefined;
  const parts: ItemReader[] = [];
  group.fields(
    {
      1: (reader) => {
        head = readHead(reader.nested());
      },
      2: (reader) => {
        parts.push(reader.nested());
      },
    },
    {},
  );
  return { head, parts };
}

function readResource(reader: ItemReader): Attributes {
  const attributes: Attributes = new Map();
  reader.fields(
    {
      1: (field) => {
        readKeyValue(field.nested(), attributes, 0);
      },
    },
    {},
  );
  return attributes;
}

function readScope(reader: ItemReader): OtlpScope {
  const scope: OtlpScope = { name: '', version: '', attributes: new Map() };
  reader.fields(
    {
      1: (field) => {
        scope.name = field.string();
      },
      2: (field) => {
        scope.version = field.string();
      },
      3: (field) => {
        readKeyValue(field.nested(), scope.attributes, 0);
      },
    },
    {},
  );
  return scope;
}

const spanWireTypes: WireTypes = { 6: 0, 7: 1, 8: 1, 10: 0, 12: 0, 14: 0, 16: 5 };

function readSpan(reader: ItemReader, resource: Attributes, scope: OtlpScope): OtlpSpan {
  const span: OtlpSpan = {
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
  };
  reader.fields(
    {
      1: (field) => {
        span.traceId = field.bytes();
      },
      2: (field) => {
        span.spanId = field.bytes();
      },
      3: (field) => {
        span.traceState = field.string();
      },
      4: (field) => {
        span.parentSpanId = field.bytes();
      },
      5: (field) => {
        span.name = field.string();
      },
      6: (field) => {
        span.kind = field.uint32();
      },
      7: (field) => {
        span.startTimeUnixNano = field.fixedBigInt();
      },
      8: (field) => {
        span.endTimeUnixNano = field.fixedBigInt();
      },
      9: (field) => {
        readKeyValue(field.nested(), span.attributes, 0);
      },
      10: (field) => {
        span.droppedAttributesCount = field.uint32();
      },
      11: (field) => {
        span.events.push(readEvent(field.nested()));
      },
      12: (field) => {
        span.droppedEventsCount = field.uint32();
      },
      13: (field) => {
        span.links.push(readLink(field.nested()));
      },
      14: (field) => {
        span.droppedLinksCount = field.uint32();
      },
      15: (field) => {
        field.nested().fields(
          {
            2: (status) => {
              span.statusMessage = status.string();
            },
            3: (status) => {
              span.statusCode = status.uint32();
            },
          },
          { 3: 0 },
        );
      },
      16: (field) => {
        span.flags = field.fixed32();
      },
    },
    spanWireTypes,
  );
  return span;
}

function readEvent(reader: ItemReader): OtlpEvent {
  const event: OtlpEvent = { timeUnixNano: 0n, name: '', attributes: new Map(), droppedAttributesCount: 0 };
  reader.fields(
    {
      1: (field) => {
        event.timeUnixNano = field.fixedBigInt();
      },
      2: (field) => {
        event.name = field.string();
      },
      3: (field) => {
        readKeyValue(field.nested(), event.attributes, 0);
      },
      4: (field) => {
        event.droppedAttributesCount = field.uint32();
      },
    },
    { 1: 1, 4: 0 },
  );
  return event;
}

function readLink(reader: ItemReader): OtlpLink {
  const link: OtlpLink = {
    traceId: noBytes,
    spanId: noBytes,
    traceState: '',
    attributes: new Map(),
    droppedAttributesCount: 0,
    flags: 0,
  };
  reader.fields(
    {
      1: (field) => {
        link.traceId = field.bytes();
      },
      2: (field) => {
        link.spanId = field.bytes();
      },
      3: (field) => {
        link.traceState = field.string();
      },
      4: (field) => {
        readKeyValue(field.nested(), link.attributes, 0);
      },
      5: (field) => {
        link.droppedAttributesCount = field.uint32();
      },
      6: (field) => {
        link.flags = field.fixed32();
      },
    },
    { 5: 0, 6: 5 },
  );
  return link;
}

function readLogRecord(reader: ItemReader, resource: Attributes, scope: OtlpScope): OtlpLogRecord {
  const record: OtlpLogRecord = {
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
  };
  reader.fields(
    {
      1: (field) => {
        record.timeUnixNano = field.fixedBigInt();
      },
      2: (field) => {
        record.severityNumber = field.uint32();
      },
      5: (field) => {
        record.body = readAnyValue(field.nested(), 0);
      },
      6: (field) => {
        readKeyValue(field.nested(), record.attributes, 0);
      },
      9: (field) => {
        record.traceId = field.bytes();
      },
      10: (field) => {
        record.spanId = field.bytes();
      },
      11: (field) => {
        record.observedTimeUnixNano = field.fixedBigInt();
      },
      12: (field) => {
        record.eventName = field.string();
      },
    },
    { 1: 1, 2: 0, 11: 1 },
  );
  return record;
}

function readKeyValue(reader: ItemReader, into: Attributes, depth: number): void {
  let key = '';
  let value: AnyValue = null;
  reader.fields(
    {
      1: (field) => {
        key = field.string();
      },
      2: (field) => {
        value = readAnyValue(field.nested(), depth);
      },
    },
    {},
  );
  into.set(key, value);
}

function readAnyValue(reader: ItemReader, depth: number): AnyValue {
  if (depth > attributeDepthMax) {
    throw new MalformedItem(`an attribute value is nested deeper than ${String(attributeDepthMax)} levels`);
  }
  let value: AnyValue = null;
  reader.fields(
    {
      1: (field) => {
        value = field.string();
      },
      2: (field) => {
        value = field.bool();
      },
      3: (field) => {
        value = field.varBigInt();
      },
      4: (field) => {
        value = field.double();
      },
      5: (field) => {
        const list: AnyValue[] = [];
        field.nested().fields(
          {
            1: (item) => {
              list.push(readAnyValue(item.nested(), depth + 1));
            },
          },
          {},
        );
        value = list;
      },
      6: (field) => {
        const map: Attributes = new Map();
        field.nested().fields(
          {
            1: (item) => {
              readKeyValue(item.nested(), map, depth + 1);
            },
          },
          {},
        );
        value = map;
      },
      7: (field) => {
        value = field.bytes();
      },
    },
    { 2: 0, 3: 0, 4: 1 },
  );
  return value;
}

const noBytes = new Uint8Array(0);

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
