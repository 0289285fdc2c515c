import protobuf from 'protobufjs';

/**
 * Requests in the JSON form of OTLP, and their bodies in both encodings. The protobuf side is written by protobufjs from
 * the specification's own field numbers, apart from the collector's decoder.
 */
export type WireValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string | number }
  | { doubleValue: number | string }
  | { bytesValue: string }
  | { arrayValue: { values?: WireValue[] } }
  | { kvlistValue: { values?: WireAttribute[] } }
  | Record<string, never>;
export interface WireAttribute {
  key: string;
  value?: WireValue;
}
export interface WireSpan {
  traceId: string;
  spanId: string;
  traceState?: string;
  parentSpanId?: string;
  flags?: number;
  name?: string;
  kind?: number;
  startTimeUnixNano: string;
  endTimeUnixNano?: string;
  attributes?: WireAttribute[];
  droppedAttributesCount?: number;
  events?: { timeUnixNano?: string; name?: string; attributes?: WireAttribute[]; droppedAttributesCount?: number }[];
  droppedEventsCount?: number;
  links?: {
    traceId: string;
    spanId: string;
    traceState?: string;
    attributes?: WireAttribute[];
    droppedAttributesCount?: number;
    flags?: number;
  }[];
  droppedLinksCount?: number;
  status?: { code?: number; message?: string };
}
export interface WireLogRecord {
  traceId?: string;
  spanId?: string;
  timeUnixNano?: string;
  observedTimeUnixNano?: string;
  severityNumber?: number;
  severityText?: string;
  eventName?: string;
  body?: WireValue;
  attributes?: WireAttribute[];
  flags?: number;
}
interface WireScope {
  name?: string;
  version?: string;
  attributes?: WireAttribute[];
}
interface WireResource {
  attributes?: WireAttribute[];
}
export interface WireTraces {
  resourceSpans: { resource?: WireResource; scopeSpans: { scope?: WireScope; spans: WireSpan[] }[] }[];
}
export interface WireLogs {
  resourceLogs: { resource?: WireResource; scopeLogs: { scope?: WireScope; logRecords: WireLogRecord[] }[] }[];
}

/** A request of one resource and one scope. */
export function tracesOf(
  spans: WireSpan[],
  { resource = [], scope = {} }: { resource?: WireAttribute[]; scope?: WireScope } = {},
): WireTraces {
  return { resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope, spans }] }] };
}

/** A request of one resource and one scope. */
export function logsOf(logRecords: WireLogRecord[], scope: WireScope = {}): WireLogs {
  return { resourceLogs: [{ resource: { attributes: [] }, scopeLogs: [{ scope, logRecords }] }] };
}

/** Attributes from plain values: text, whole numbers as ints, others as doubles, lists, objects as key-value lists. */
export function attributesOf(values: Record<string, unknown>): WireAttribute[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: wireValue(value) }));
}

export function wireValue(value: unknown): WireValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(wireValue) } };
  if (typeof value === 'object' && value !== null) {
    return { kvlistValue: { values: attributesOf(value as Record<string, unknown>) } };
  }
  return {};
}

export const encodings = {
  protobuf: { contentType: 'application/x-protobuf', encode: encodeProtobuf },
  json: { contentType: 'application/json', encode: encodeJson },
} as const;
export type EncodingName = keyof typeof encodings;

export function encodeJson(request: WireTraces | WireLogs): Buffer {
  return Buffer.from(JSON.stringify(request));
}

export function encodeProtobuf(request: WireTraces | WireLogs): Buffer {
  return encodeMessage('resourceSpans' in request ? 'TracesData' : 'LogsData', request);
}

/** Any message of the definitions below; ids in hex, other bytes in base64, 64-bit numbers as decimal strings. */
export function encodeMessage(type: string, value: object): Buffer {
  const message = root.lookupType(type);
  return Buffer.from(message.encode(message.fromObject(idsToBytes(value) as object)).finish());
}

/** The other way, for replies: 64-bit numbers as strings. */
export function decodeMessage(type: string, bytes: Uint8Array): Record<string, unknown> {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: String, bytes: Buffer });
}

const idNames = new Set(['traceId', 'spanId', 'parentSpanId']);

function idsToBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(idsToBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      idNames.has(key) && typeof entry === 'string' ? Buffer.from(entry, 'hex') : idsToBytes(entry),
    ]),
  );
}

const { root } = protobuf.parse(`
syntax = "proto3";
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message InstrumentationScope {
  string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }

message TracesData { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12;
  repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16;
}
message Event {
  fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message Link {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5; fixed32 flags = 6;
}
message Status { string message = 2; int32 code = 3; }

message LogsData { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message LogRecord {
  fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2; string severity_text = 3;
  AnyValue body = 5; repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8;
  bytes trace_id = 9; bytes span_id = 10; string event_name = 12;
}

message MetricsData { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; }
message Metric { string name = 1; oneof data { Points gauge = 5; Points sum = 7; Points histogram = 9; } }
message Points { repeated NumberDataPoint data_points = 1; }
message NumberDataPoint { fixed64 time_unix_nano = 3; double as_double = 4; }

message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
message ExportLogsPartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
message ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1; }
message ExportMetricsPartialSuccess { int64 rejected_data_points = 1; string error_message = 2; }
message ExportMetricsServiceResponse { ExportMetricsPartialSuccess partial_success = 1; }
message RpcStatus { int32 code = 1; string message = 2; repeated Any details = 3; }
message Any { string type_url = 1; bytes value = 2; }
message RetryInfo { Duration retry_delay = 1; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
`);
