import { hash as digest } from 'node:crypto';
import type { MessageRow, SpanEventRow } from '../../migrations/schema.ts';
import type { OtlpLogRecord } from '../receive/otlp.ts';
import { cutJson, cutName } from './cut.ts';
import { detailsContent } from './conventions/gen-ai-content.ts';
import { holdsMessages, operationDetails, readGenAiEvent } from './conventions/gen-ai-events.ts';
import { previewInput, previewOutput } from './preview.ts';
import { identity } from './readers.ts';
import { splitAttributes } from './span.ts';
import { type Bucket, storeDefinitions, storeMessages, userMessages, weekOf } from './store-messages.ts';
import { json, text, typedJson } from './value.ts';

export interface MappedLog {
  row: SpanEventRow;
  messages: MessageRow[];
}

/** The event's name: its own field, else the attribute `event.name` of older emitters. */
export function eventName(record: OtlpLogRecord): string {
  return record.eventName || (text(record.attributes.get('event.name')) ?? '');
}

/**
 * One GenAI log record as one row, and the messages it carries. Pure; the record must have passed `findLogFault`.
 * `sequence` is its place in the request; `seen` counts equal records of one request, so that each keeps an id of its own
 * and a request that is sent again gives the same ids.
 */
export function mapLog(
  record: OtlpLogRecord,
  projectId: string,
  sequence: number,
  seen: Map<string, number>,
): MappedLog {
  const name = eventName(record);
  const reading = readGenAiEvent(name, record.attributes, json(record.body)) ?? {};
  const timeNs = record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano;
  const traceHex = Buffer.from(record.traceId).toString('hex');
  const sessionId =
    identity(record.attributes.get('session.id') ?? null) ??
    text(record.attributes.get('gen_ai.conversation.id')) ??
    '';
  const bucket: Bucket = {
    projectId,
    week: weekOf(timeNs),
    conversation: sessionId === '' ? traceHex : sessionId,
    seenNs: timeNs,
  };
  const messages: MessageRow[] = [];
  const attributes = splitAttributes(record.attributes, name === operationDetails ? { carried: detailsContent } : {});
  const inputMessages = reading.inputMessages ?? [];
  const inputHashes = storeMessages(inputMessages, bucket, messages);
  const row: SpanEventRow = {
    project_id: projectId,
    trace_id: record.traceId,
    span_id: record.spanId,
    event_id: eventId(record, name, seen),
    time: timeNs,
    observed_time: record.observedTimeUnixNano,
    sequence,
    name: cutName(name),
    severity: record.severityNumber & 0xff,
    service_name: text(record.resource.get('service.name')) ?? '',
    scope_name: cutName(record.scope.name),
    session_id: sessionId,
    system_instructions: storeMessages(reading.systemInstructions ?? [], bucket, messages),
    tool_definitions: storeDefinitions(reading.toolDefinitions ?? [], bucket, messages),
    input_messages: inputHashes,
    output_messages: storeMessages(reading.outputMessages ?? [], bucket, messages),
    input_preview: previewInput(reading.inputMessages ?? []),
    output_preview: previewOutput(reading.outputMessages ?? []),
    attributes: attributes.strings,
    attributes_json: new Map([...attributes.others, ...attributes.content]),
    body: record.body === null || holdsMessages(name) ? '' : cutJson(json(record.body)),
    ...userMessages(inputMessages, inputHashes),
  };
  return { row, messages };
}

function eventId(record: OtlpLogRecord, name: string, seen: Map<string, number>): Uint8Array {
  const ids = Buffer.concat([record.traceId, record.spanId]).toString('hex');
  const content = `${ids} ${String(record.timeUnixNano)} ${name} ${typedJson(record.body)} ${typedJson(record.attributes)}`;
  const key = digest('sha256', content);
  const occurrence = seen.get(key) ?? 0;
  seen.set(key, occurrence + 1);
  return digest('sha256', `${key} ${String(occurrence)}`, 'buffer').subarray(0, 16);
}
