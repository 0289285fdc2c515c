import { decodeLogs, decodeTraces } from '../../../../collector/receive/json.ts';
import type { OtlpLogRecord, OtlpSpan } from '../../../../collector/receive/otlp.ts';
import {
  attributesOf,
  encodeJson,
  logsOf,
  tracesOf,
  wireValue,
  type WireLogRecord,
  type WireSpan,
} from '../../../support/otlp-encode.ts';

export const traceHex = '0102030405060708090a0b0c0d0e0f10';
/** Sunday, 22 November 2026, 12:00 UTC. */
export const startNs = BigInt(Date.UTC(2026, 10, 22, 12)) * 1_000_000n;

const base: WireSpan = {
  traceId: traceHex,
  spanId: '1112131415161718',
  startTimeUnixNano: String(startNs),
  endTimeUnixNano: String(startNs + 5n),
};

/** A span as the decoder gives it, with attributes from plain values. */
export function spanOf(
  attributes: Record<string, unknown> = {},
  fields: Partial<WireSpan> = {},
  shared: Parameters<typeof tracesOf>[1] = {},
): OtlpSpan {
  const span = { ...base, attributes: attributesOf(attributes), ...fields };
  const { items, rejects } = decodeTraces(encodeJson(tracesOf([span], shared)));
  if (items[0] === undefined) throw new Error(rejects[0]?.reason);
  return items[0];
}

/** Events of a span, with attributes from plain values. */
export function eventsOf(...events: [name: string, attributes: Record<string, unknown>][]): Partial<WireSpan> {
  return {
    events: events.map(([name, attributes], index) => ({
      timeUnixNano: String(index + 1),
      name,
      attributes: attributesOf(attributes),
    })),
  };
}

/** A log record as the decoder gives it; `body` is a plain value. */
export function recordOf(
  {
    body,
    attributes,
    ...fields
  }: { body?: unknown; attributes?: Record<string, unknown> } & Partial<Omit<WireLogRecord, 'body' | 'attributes'>>,
  scopeName = '',
): OtlpLogRecord {
  const record: WireLogRecord = {
    traceId: base.traceId,
    spanId: base.spanId,
    timeUnixNano: base.startTimeUnixNano,
    ...fields,
    attributes: attributesOf(attributes ?? {}),
    ...(body === undefined ? {} : { body: wireValue(body) }),
  };
  const { items, rejects } = decodeLogs(encodeJson(logsOf([record], { name: scopeName })));
  if (items[0] === undefined) throw new Error(rejects[0]?.reason);
  return items[0];
}
