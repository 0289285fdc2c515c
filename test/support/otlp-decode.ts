import { gunzipSync, inflateSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { z } from 'zod';
import { otlpProto } from './otlp-proto.ts';

/** A span as its sender meant it: ids in hex, nanoseconds as decimal strings, attributes as plain values. */
export interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: 'unset' | 'ok' | 'error';
  statusMessage: string;
  scopeName: string;
  attributes: Record<string, unknown>;
  resource: Record<string, unknown>;
  events: { timeUnixNano: string; name: string; attributes: Record<string, unknown> }[];
  links: { traceId: string; spanId: string; attributes: Record<string, unknown> }[];
}

/** A log record; `eventName` is the field or, for older senders, the attribute `event.name`. */
export interface SentLog {
  traceId: string;
  spanId: string;
  timeUnixNano: string;
  eventName: string;
  attributes: Record<string, unknown>;
  body: unknown;
}

export interface OtlpBody {
  body: Buffer;
  contentType: string;
  contentEncoding?: string | null;
}

/** The spans of one export request, in the order of the body. Throws on anything that is not OTLP. */
export function decodeSpans(request: OtlpBody): SentSpan[] {
  const spans: SentSpan[] = [];
  for (const { resource, scopeSpans } of tracesData.parse(decode('TracesData', request)).resourceSpans) {
    for (const { scope, spans: sent } of scopeSpans) {
      for (const span of sent) spans.push(toSpan(span, toObject(resource.attributes), scope.name));
    }
  }
  return spans;
}

/** The log records of one export request, in the order of the body. */
export function decodeLogs(request: OtlpBody): SentLog[] {
  const logs: SentLog[] = [];
  for (const { scopeLogs } of logsData.parse(decode('LogsData', request)).resourceLogs) {
    for (const { logRecords } of scopeLogs) {
      for (const record of logRecords) {
        const attributes = toObject(record.attributes);
        const named = attributes['event.name'];
        logs.push({
          traceId: record.traceId,
          spanId: record.spanId,
          timeUnixNano: record.timeUnixNano,
          eventName: record.eventName || (typeof named === 'string' ? named : ''),
          attributes,
          body: toValue(record.body),
        });
      }
    }
  }
  return logs;
}

const root = protobuf.parse(otlpProto).root;

/** Both encodings end in the JSON form of OTLP: ids in hex, 64-bit numbers as strings. */
function decode(type: 'TracesData' | 'LogsData', request: OtlpBody): unknown {
  const raw = decompress(request);
  if (request.contentType.startsWith('application/json')) return JSON.parse(raw.toString('utf8'));
  const message = root.lookupType(type);
  return message.toObject(message.decode(raw), { longs: String, bytes: Buffer });
}

function decompress({ body, contentEncoding }: OtlpBody): Buffer {
  if (contentEncoding === 'gzip') return gunzipSync(body);
  if (contentEncoding === 'deflate') return inflateSync(body);
  return body;
}

const hex = z
  .union([z.string().transform((id) => id.toLowerCase()), z.instanceof(Buffer).transform((id) => id.toString('hex'))])
  .default('');
const nano = z
  .union([z.string(), z.number()])
  .transform((time) => BigInt(time).toString())
  .default('0');

interface AnyValue {
  stringValue?: string | undefined;
  boolValue?: boolean | undefined;
  intValue?: string | number | undefined;
  doubleValue?: number | string | undefined;
  arrayValue?: { values?: AnyValue[] | undefined } | undefined;
  kvlistValue?: { values?: { key: string; value?: AnyValue | undefined }[] | undefined } | undefined;
  bytesValue?: string | Buffer | undefined;
}
const anyValue: z.ZodType<AnyValue> = z.lazy(() =>
  z.strictObject({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: z.union([z.string(), z.number()]).optional(),
    doubleValue: z.union([z.number(), z.string()]).optional(),
    arrayValue: z.object({ values: z.array(anyValue).optional() }).optional(),
    kvlistValue: z.object({ values: z.array(keyValue).optional() }).optional(),
    bytesValue: z.union([z.string(), z.instanceof(Buffer)]).optional(),
  }),
);
const keyValue = z.object({ key: z.string(), value: anyValue.optional() });
const keyValues = z.array(keyValue).default([]);
const resource = z.object({ attributes: keyValues }).default({ attributes: [] });
const scope = z.object({ name: z.string().default('') }).default({ name: '' });

const sentSpan = z.object({
  traceId: hex,
  spanId: hex,
  parentSpanId: hex,
  name: z.string().default(''),
  startTimeUnixNano: nano,
  endTimeUnixNano: nano,
  attributes: keyValues,
  events: z.array(z.object({ timeUnixNano: nano, name: z.string().default(''), attributes: keyValues })).default([]),
  links: z.array(z.object({ traceId: hex, spanId: hex, attributes: keyValues })).default([]),
  status: z.object({ code: z.number().default(0), message: z.string().default('') }).default({ code: 0, message: '' }),
});
const tracesData = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource,
        scopeSpans: z.array(z.object({ scope, spans: z.array(sentSpan).default([]) })).default([]),
      }),
    )
    .default([]),
});
const logsData = z.object({
  resourceLogs: z
    .array(
      z.object({
        scopeLogs: z
          .array(
            z.object({
              logRecords: z
                .array(
                  z.object({
                    traceId: hex,
                    spanId: hex,
                    timeUnixNano: nano,
                    eventName: z.string().default(''),
                    attributes: keyValues,
                    body: anyValue.optional(),
                  }),
                )
                .default([]),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

const statuses = ['unset', 'ok', 'error'] as const;

function toSpan(
  span: z.infer<typeof sentSpan>,
  resourceAttributes: Record<string, unknown>,
  scopeName: string,
): SentSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: /^0*$/.test(span.parentSpanId) ? null : span.parentSpanId,
    name: span.name,
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    status: statuses[span.status.code] ?? 'unset',
    statusMessage: span.status.message,
    scopeName,
    attributes: toObject(span.attributes),
    resource: resourceAttributes,
    events: span.events.map(({ timeUnixNano, name, attributes }) => ({
      timeUnixNano,
      name,
      attributes: toObject(attributes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({
      traceId,
      spanId,
      attributes: toObject(attributes),
    })),
  };
}

function toObject(list: { key: string; value?: AnyValue | undefined }[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, toValue(value)]));
}

/** An integer beyond what a JSON number holds stays a decimal string; an empty value is `null`. */
function toValue(value: AnyValue | undefined): unknown {
  if (value === undefined) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) {
    const int = BigInt(value.intValue);
    return Number.isSafeInteger(Number(int)) ? Number(int) : int.toString();
  }
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(toValue);
  if (value.kvlistValue !== undefined) return toObject(value.kvlistValue.values ?? []);
  if (value.bytesValue !== undefined) {
    return typeof value.bytesValue === 'string' ? value.bytesValue : value.bytesValue.toString('base64');
  }
  return null;
}
