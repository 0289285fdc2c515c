import protobuf from 'protobufjs';
import { otlpProto } from '../../support/otlp-proto.ts';

/** As JSONEachRow takes it. */
export type NaiveRow = Record<string, string | number | Record<string, string>>;

type Int64 = number | { toString(): string };
interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: Int64;
  doubleValue?: number;
  arrayValue?: { values: AnyValue[] };
  kvlistValue?: { values: KeyValue[] };
  bytesValue?: Uint8Array;
}
interface KeyValue {
  key: string;
  value?: AnyValue;
}
interface Span {
  traceId: Buffer;
  spanId: Buffer;
  parentSpanId: Buffer;
  name: string;
  kind: number;
  startTimeUnixNano: Int64;
  endTimeUnixNano: Int64;
  attributes: KeyValue[];
  events: { timeUnixNano: Int64; name: string; attributes: KeyValue[] }[];
  links: { traceId: Buffer; spanId: Buffer; attributes: KeyValue[] }[];
  status?: { code: number; message: string };
}
interface TracesData {
  resourceSpans: {
    resource?: { attributes: KeyValue[] };
    scopeSpans: { scope?: { name: string; version: string }; spans: Span[] }[];
  }[];
}

const tracesData = protobuf.parse(otlpProto).root.lookupType('TracesData');

/** One row a span, by protobufjs and plain objects. Throws on a body that is not OTLP. */
export function toNaiveRows(body: Buffer, projectId: string): NaiveRow[] {
  const rows: NaiveRow[] = [];
  const { resourceSpans } = tracesData.decode(body) as unknown as TracesData;
  for (const { resource: sender, scopeSpans } of resourceSpans) {
    const resource = toMap(sender?.attributes ?? []);
    for (const { scope, spans } of scopeSpans) {
      const shared = {
        project_id: projectId,
        service_name: resource['service.name'] ?? '',
        environment: resource['deployment.environment.name'] ?? '',
        scope_name: scope?.name ?? '',
        scope_version: scope?.version ?? '',
        resource,
      };
      for (const span of spans) rows.push({ ...shared, ...toRow(span) });
    }
  }
  return rows;
}

function toRow(span: Span): NaiveRow {
  const attributes = toMap(span.attributes);
  const { 'gen_ai.input.messages': input = '', 'gen_ai.output.messages': output = '', ...others } = attributes;
  const start = String(span.startTimeUnixNano);
  return {
    trace_id: span.traceId.toString('hex'),
    span_id: span.spanId.toString('hex'),
    parent_span_id: span.parentSpanId.toString('hex'),
    name: span.name,
    span_kind: span.kind,
    start_time: `${start.slice(0, -9)}.${start.slice(-9)}`,
    duration_ns: Number(BigInt(String(span.endTimeUnixNano)) - BigInt(start)),
    status: span.status?.code ?? 0,
    status_message: span.status?.message ?? '',
    operation: attributes['gen_ai.operation.name'] ?? '',
    session_id: attributes['gen_ai.conversation.id'] ?? attributes['session.id'] ?? '',
    user_id: attributes['user.id'] ?? '',
    agent_name: attributes['gen_ai.agent.name'] ?? '',
    provider: attributes['gen_ai.provider.name'] ?? '',
    request_model: attributes['gen_ai.request.model'] ?? '',
    response_model: attributes['gen_ai.response.model'] ?? '',
    response_id: attributes['gen_ai.response.id'] ?? '',
    input_tokens: Number(attributes['gen_ai.usage.input_tokens'] ?? 0),
    output_tokens: Number(attributes['gen_ai.usage.output_tokens'] ?? 0),
    cache_read_tokens: Number(attributes['gen_ai.usage.cache_read.input_tokens'] ?? 0),
    tool_name: attributes['gen_ai.tool.name'] ?? '',
    tool_call_id: attributes['gen_ai.tool.call.id'] ?? '',
    input,
    output,
    attributes: others,
    events: span.events.length === 0 ? '' : JSON.stringify(span.events.map(toEvent)),
    links: span.links.length === 0 ? '' : JSON.stringify(span.links.map(toLink)),
  };
}

function toEvent({ timeUnixNano, name, attributes }: Span['events'][number]) {
  return { timeUnixNano: String(timeUnixNano), name, attributes: toMap(attributes) };
}

function toLink({ traceId, spanId, attributes }: Span['links'][number]) {
  return { traceId: traceId.toString('hex'), spanId: spanId.toString('hex'), attributes: toMap(attributes) };
}

function toMap(attributes: readonly KeyValue[]): Record<string, string> {
  const map: Record<string, string> = {};
  for (const { key, value } of attributes) map[key] = toText(value);
  return map;
}

function toText(value: AnyValue | undefined): string {
  if (!value) return '';
  if (Object.hasOwn(value, 'stringValue')) return value.stringValue ?? '';
  return typeof toPlain(value) === 'object' ? JSON.stringify(toPlain(value)) : String(toPlain(value));
}

function toPlain(value: AnyValue | undefined): unknown {
  if (!value) return null;
  if (Object.hasOwn(value, 'stringValue')) return value.stringValue;
  if (Object.hasOwn(value, 'intValue')) return Number(value.intValue);
  if (Object.hasOwn(value, 'doubleValue')) return value.doubleValue;
  if (Object.hasOwn(value, 'boolValue')) return value.boolValue;
  if (Object.hasOwn(value, 'arrayValue')) return (value.arrayValue?.values ?? []).map(toPlain);
  if (Object.hasOwn(value, 'kvlistValue')) {
    return Object.fromEntries((value.kvlistValue?.values ?? []).map(({ key, value: inner }) => [key, toPlain(inner)]));
  }
  return Buffer.from(value.bytesValue ?? []).toString('base64');
}
