import { type Json, measureJson, parseJson, rawDigits } from '../lossless-json.ts';
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
  OversizedBody,
  requestLimits,
  SharedBytes,
} from './otlp.ts';

type JsonObject = Record<string, Json>;

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const statusCodes = ['UNSET', 'OK', 'ERROR'];

/** @throws MalformedBody when the body is no JSON or the frame around the spans is broken */
export function decodeTraces(body: Uint8Array): Decoded<OtlpSpan> {
  return decodeItems(parseBody(body), { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' }, readSpan);
}

/** @throws MalformedBody when the body is no JSON or the frame around the log records is broken */
export function decodeLogs(body: Uint8Array): Decoded<OtlpLogRecord> {
  const names = { resources: 'resourceLogs', scopes: 'scopeLogs', items: 'logRecords' };
  return decodeItems(parseBody(body), names, readLogRecord);
}

/** How many data points a metrics request holds; they are not stored, only counted. */
export function countDataPoints(body: Uint8Array): number {
  const points = (metric: JsonObject) =>
    ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'].flatMap((type) =>
      objects(optionalObject(metric[type])?.['dataPoints'], `metric.${type}.dataPoints`),
    );
  return objects(parseBody(body)['resourceMetrics'], 'resourceMetrics')
    .flatMap((resource) => objects(resource['scopeMetrics'], 'scopeMetrics'))
    .flatMap((scope) => objects(scope['metrics'], 'metrics'))
    .flatMap(points).length;
}

function parseBody(body: Uint8Array): JsonObject {
  let parsed: Json;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const measure = measureJson(text);
    if (measure.tokens > requestLimits.jsonTokens) {
      throw new OversizedBody(requestLimits.jsonTokens, 'brackets and commas');
    }
    parsed = parseJson(text, measure);
  } catch (error) {
    if (error instanceof MalformedBody) throw error;
    throw new MalformedBody(`the body is not JSON: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
  if (!isObject(parsed)) throw new MalformedBody('the body is not a JSON object');
  return parsed;
}

function decodeItems<Item>(
  body: JsonObject,
  names: { resources: string; scopes: string; items: string },
  readItem: (item: JsonObject, resource: Attributes, scope: OtlpScope) => Item,
): Decoded<Item> {
  const decoded: Decoded<Item> = { items: [], places: [], rejects: [] };
  const shared = new SharedBytes();
  objects(body[names.resources], names.resources).forEach((group, groupIndex) => {
    const path = `${names.resources}[${String(groupIndex)}]`;
    const resourceBytes = measureText(group['resource']);
    const resource = inBody(path, () => readAttributes(optionalObject(group['resource'])?.['attributes'], 0));
    objects(group[names.scopes], `${path}.${names.scopes}`).forEach((scoped, scopeIndex) => {
      const scopePath = `${path}.${names.scopes}[${String(scopeIndex)}]`;
      const scope = inBody(scopePath, () => readScope(optionalObject(scoped['scope']) ?? {}));
      const list = `${scopePath}.${names.items}`;
      const items = scoped[names.items] ?? [];
      if (!Array.isArray(items)) throw new MalformedBody(`${list} is not a list`);
      shared.add(resourceBytes + measureText(scoped['scope']), items.length);
      items.forEach((item, index) => {
        const read = () => {
          if (!isObject(item)) throw new MalformedItem('not a JSON object');
          return readItem(item, resource, scope);
        };
        collectItem(decoded, { list, index }, read, resource);
      });
    });
  });
  return decoded;
}

/** About the bytes of a value. */
function measureText(value: Json | undefined): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}

/** What a whole group shares cannot be rejected alone. */
function inBody<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedItem) throw new MalformedBody(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

function readScope(scope: JsonObject): OtlpScope {
  return {
    name: readString(scope['name'], 'scope.name'),
    version: readString(scope['version'], 'scope.version'),
    attributes: readAttributes(scope['attributes'], 0),
  };
}

function readSpan(span: JsonObject, resource: Attributes, scope: OtlpScope): OtlpSpan {
  const status = optionalObject(span['status']) ?? {};
  return {
    resource,
    scope,
    traceId: readHex(span['traceId'], 'traceId'),
    spanId: readHex(span['spanId'], 'spanId'),
    parentSpanId: readHex(span['parentSpanId'], 'parentSpanId'),
    traceState: readString(span['traceState'], 'traceState'),
    flags: readCount(span['flags'], 'flags'),
    name: readString(span['name'], 'name'),
    kind: readEnum(span['kind'], 'kind', 'SPAN_KIND_', spanKinds),
    startTimeUnixNano: readUint64(span['startTimeUnixNano'], 'startTimeUnixNano'),
    endTimeUnixNano: readUint64(span['endTimeUnixNano'], 'endTimeUnixNano'),
    attributes: readAttributes(span['attributes'], 0),
    droppedAttributesCount: readCount(span['droppedAttributesCount'], 'droppedAttributesCount'),
    events: itemObjects(span['events'], 'events').map(readEvent),
    droppedEventsCount: readCount(span['droppedEventsCount'], 'droppedEventsCount'),
    links: itemObjects(span['links'], 'links').map(readLink),
    droppedLinksCount: readCount(span['droppedLinksCount'], 'droppedLinksCount'),
    statusCode: readEnum(status['code'], 'status.code', 'STATUS_CODE_', statusCodes),
    statusMessage: readString(status['message'], 'status.message'),
  };
}

function readEvent(event: JsonObject): OtlpEvent {
  return {
    timeUnixNano: readUint64(event['timeUnixNano'], 'events.timeUnixNano'),
    name: readString(event['name'], 'events.name'),
    attributes: readAttributes(event['attributes'], 0),
    droppedAttributesCount: readCount(event['droppedAttributesCount'], 'events.droppedAttributesCount'),
  };
}

function readLink(link: JsonObject): OtlpLink {
  return {
    traceId: readHex(link['traceId'], 'links.traceId'),
    spanId: readHex(link['spanId'], 'links.spanId'),
    traceState: readString(link['traceState'], 'links.traceState'),
    attributes: readAttributes(link['attributes'], 0),
    droppedAttributesCount: readCount(link['droppedAttributesCount'], 'links.droppedAttributesCount'),
    flags: readCount(link['flags'], 'links.flags'),
  };
}

function readLogRecord(record: JsonObject, resource: Attributes, scope: OtlpScope): OtlpLogRecord {
  return {
    resource,
    scope,
    timeUnixNano: readUint64(record['timeUnixNano'], 'timeUnixNano'),
    observedTimeUnixNano: readUint64(record['observedTimeUnixNano'], 'observedTimeUnixNano'),
    severityNumber: readCount(record['severityNumber'], 'severityNumber'),
    body: record['body'] === undefined ? null : readAnyValue(record['body'], 0),
    attributes: readAttributes(record['attributes'], 0),
    traceId: readHex(record['traceId'], 'traceId'),
    spanId: readHex(record['spanId'], 'spanId'),
    eventName: readString(record['eventName'], 'eventName'),
  };
}

function readAttributes(value: Json | undefined, depth: number): Attributes {
  const attributes: Attributes = new Map();
  for (const pair of itemObjects(value, 'attributes')) {
    attributes.set(readString(pair['key'], 'attributes.key'), readAnyValue(pair['value'] ?? null, depth));
  }
  return attributes;
}

function readAnyValue(value: Json, depth: number): AnyValue {
  if (depth > attributeDepthMax) {
    throw new MalformedItem(`an attribute value is nested deeper than ${String(attributeDepthMax)} levels`);
  }
  if (value === null) return null;
  if (!isObject(value)) throw new MalformedItem('an attribute value is not an object such as {"stringValue":"…"}');
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value;
  if (isSet(stringValue)) return readString(stringValue, 'stringValue');
  if (isSet(boolValue)) return readBoolean(boolValue);
  if (isSet(intValue)) return readInt64(intValue);
  if (isSet(doubleValue)) return readDouble(doubleValue);
  if (isSet(arrayValue)) {
    const values = optionalObject(arrayValue)?.['values'] ?? [];
    if (!Array.isArray(values)) throw new MalformedItem('arrayValue.values is not a list');
    return values.map((entry) => readAnyValue(entry, depth + 1));
  }
  if (isSet(kvlistValue)) return readAttributes(optionalObject(kvlistValue)?.['values'], depth + 1);
  if (isSet(bytesValue)) return Buffer.from(readString(bytesValue, 'bytesValue'), 'base64');
  return null;
}

function readString(value: Json | undefined, name: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new MalformedItem(`${name} is not a string`);
  return value;
}

function readBoolean(value: Json): boolean {
  if (typeof value !== 'boolean') throw new MalformedItem('boolValue is not true or false');
  return value;
}

/** A number, its digits as text, or one of the three that JSON has no number for. */
function readDouble(value: Json): number {
  const digits = digitsOf(value);
  if (digits === 'NaN') return NaN;
  const number = digits.trim() === '' ? NaN : Number(digits);
  if (Number.isNaN(number)) throw new MalformedItem('doubleValue is not a number');
  return number;
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** 64-bit integers come as decimal strings; numbers are accepted too. */
function readInt64(value: Json): bigint {
  const digits = digitsOf(value);
  const int = /^-?\d{1,19}$/.test(digits) ? BigInt(digits) : undefined;
  if (int === undefined || int < int64Min || int > int64Max)
    throw new MalformedItem('intValue is not a 64-bit integer');
  return int;
}

const uint64Max = 2n ** 64n - 1n;

function readUint64(value: Json | undefined, name: string): bigint {
  if (!isSet(value) || value === '') return 0n;
  const digits = digitsOf(value);
  const time = /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
  if (time === undefined || time > uint64Max) {
    throw new MalformedItem(`${name} is not a number of nanoseconds since 1970`);
  }
  return time;
}

/** uint32 fields such as counts and flags. */
function readCount(value: Json | undefined, name: string): number {
  if (!isSet(value)) return 0;
  const digits = digitsOf(value);
  const number = /^\d{1,10}$/.test(digits) ? Number(digits) : NaN;
  if (!(number <= 0xffff_ffff)) throw new MalformedItem(`${name} is not a whole number between 0 and 4294967295`);
  return number;
}

/** The text of a number, sent as one or in quotes; '' for anything else. */
function digitsOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return rawDigits(value) ?? '';
}

/** JSON's null is a field that is not set. */
function isSet(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null;
}

/** OTLP/JSON has enums as integers; names are met in hand-written bodies and accepted. */
function readEnum(value: Json | undefined, name: string, prefix: string, names: string[]): number {
  if (typeof value !== 'string' || /^\d+$/.test(value)) return readCount(value, name);
  const index = names.indexOf(value.startsWith(prefix) ? value.slice(prefix.length) : value);
  if (index < 0) throw new MalformedItem(`${name} "${value.slice(0, 40)}" is none of ${names.join(', ')}`);
  return index;
}

function readHex(value: Json | undefined, name: string): Uint8Array {
  const text = readString(value, name);
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw new MalformedItem(`${name} is not hexadecimal`);
  return Buffer.from(text, 'hex');
}

/** A list of objects inside an item: wrong shapes cost the item only. */
function itemObjects(value: Json | undefined, name: string): JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isObject)) throw new MalformedItem(`${name} is not a list of objects`);
  return value;
}

/** A list of objects of the frame: wrong shapes cost the body. */
function objects(value: Json | undefined, name: string): JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isObject)) throw new MalformedBody(`${name} is not a list of objects`);
  return value;
}

function optionalObject(value: Json | undefined): JsonObject | undefined {
  return value !== undefined && isObject(value) ? value : undefined;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && rawDigits(value) === undefined;
}
