import type { MessageRow, SpanRow } from '../../migrations/schema.ts';
import type { Json } from '../lossless-json.ts';
import type { AnyValue, Attributes, OtlpEvent, OtlpLink, OtlpSpan } from '../receive/otlp.ts';
import { conventions, readSpan } from './conventions.ts';
import { cutJson, cutList, cutName, cutText, payloadLimitBytes } from './cut.ts';
import { readOutcome } from './conventions/general.ts';
import { holdsMessages } from './conventions/gen-ai-events.ts';
import type { SpanKind } from './names.ts';
import { originsText } from './origins.ts';
import { previewInput, previewOutput, previewValue } from './preview.ts';
import type { ContentField, Convention, Reading } from './reading.ts';
import { type Bucket, storeDefinitions, storeMessages, userMessages, weekOf } from './store-messages.ts';
import { normaliseUsage } from './usage.ts';
import { jsonObject, text, typedJson } from './value.ts';

export interface MappedSpan {
  row: SpanRow;
  messages: MessageRow[];
}

/** A string attribute longer than this is payload: it is kept apart from what lists and filters read. */
const longAttributeCharacters = 1024;
const noId = new Uint8Array(8);
const maxUint32 = 0xffff_ffff;

/** One OTLP span as one row, and the messages it names. Pure; the span must have passed `findFault`. */
export function mapSpan(span: OtlpSpan, projectId: string, spoken: readonly Convention[] = conventions): MappedSpan {
  const { convention, reading, origins, carried, payloads } = readSpan(span, spoken);
  const outcome = readOutcome(span, reading);
  const kind: SpanKind = reading.kind ?? 'other';
  const usage = normaliseUsage(reading.usage ?? {});
  const sessionId = reading.sessionId ?? '';
  const traceHex = Buffer.from(span.traceId).toString('hex');
  const bucket: Bucket = {
    projectId,
    week: weekOf(span.startTimeUnixNano),
    conversation: sessionId === '' ? traceHex : sessionId,
    seenNs: span.startTimeUnixNano,
  };
  const messages: MessageRow[] = [];
  const attributes = splitAttributes(span.attributes, { carried, payloads });
  const resource = splitResource(span.resource);
  const events = cutList(span.events, eventJson);
  const links = cutList(span.links, linkJson);
  const content = contentColumns(reading, bucket, messages);
  const row: SpanRow = {
    project_id: projectId,
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId.length === 8 ? span.parentSpanId : noId,
    trace_state: cutName(span.traceState),
    flags: span.flags,
    name: cutName(span.name),
    span_kind: span.kind & 0xff,
    start_time: span.startTimeUnixNano,
    duration_ns: span.endTimeUnixNano - span.startTimeUnixNano,
    status: outcome.status,
    status_code: span.statusCode & 0xff,
    status_message: cutText(outcome.errorMessage),
    error_type: outcome.errorType,
    service_name: text(span.resource.get('service.name')) ?? '',
    environment:
      text(span.resource.get('deployment.environment.name')) ??
      text(span.resource.get('deployment.environment')) ??
      reading.environment ??
      '',
    scope_name: cutName(span.scope.name),
    scope_version: cutName(span.scope.version),
    convention,
    kind,
    operation: reading.operation ?? '',
    session_id: sessionId,
    user_id: reading.userId ?? '',
    agent_name: reading.agentName ?? '',
    agent_id: reading.agentId ?? '',
    agent_version: reading.agentVersion ?? '',
    labels: new Map(reading.labels),
    provider: reading.provider ?? '',
    request_model: reading.requestModel ?? '',
    response_model: reading.responseModel ?? '',
    response_id: reading.responseId ?? '',
    finish_reasons: reading.finishReasons ?? [],
    stream: reading.stream ?? false,
    time_to_first_token_ns: reading.timeToFirstTokenNs ?? null,
    service_tier: reading.serviceTier ?? '',
    is_batch: reading.isBatch ?? false,
    usage_scope: kind === 'llm' || kind === 'embedding' ? 'call' : usage === undefined ? '' : 'aggregate',
    has_usage: usage !== undefined,
    input_tokens: usage?.input ?? 0n,
    output_tokens: usage?.output ?? 0n,
    cache_read_tokens: usage?.cacheRead ?? 0n,
    cache_write_tokens: usage?.cacheWrite ?? 0n,
    cache_write_5m_tokens: usage?.cacheWrite5m ?? 0n,
    cache_write_1h_tokens: usage?.cacheWrite1h ?? 0n,
    reasoning_tokens: usage?.reasoning ?? 0n,
    input_audio_tokens: usage?.inputAudio ?? 0n,
    output_audio_tokens: usage?.outputAudio ?? 0n,
    reported_cost_usd: decimalUsd(reading.reportedCostUsd),
    tool_name: reading.toolName ?? '',
    tool_call_id: reading.toolCallId ?? '',
    input_preview: content.input_preview,
    output_preview: content.output_preview,
    system_instructions: content.system_instructions,
    tool_definitions: content.tool_definitions,
    input_messages: content.input_messages,
    output_messages: content.output_messages,
    attributes: attributes.strings,
    attributes_json: attributes.others,
    resource: resource.strings,
    resource_json: resource.others,
    scope_attributes: span.scope.attributes.size === 0 ? '' : objectJson(span.scope.attributes),
    events: events.json,
    links: links.json,
    dropped_attributes_count: span.droppedAttributesCount,
    dropped_events_count: Math.min(span.droppedEventsCount + events.dropped, maxUint32),
    dropped_links_count: Math.min(span.droppedLinksCount + links.dropped, maxUint32),
    content_attributes: attributes.content,
    tool_arguments: content.tool_arguments,
    tool_result: content.tool_result,
    input_value: content.input_value,
    output_value: content.output_value,
    user_message_count: content.user_message_count,
    last_user_message: content.last_user_message,
    origins: originsText(origins),
  };
  return { row, messages };
}

/** The columns that fields with content give; the messages they name are added to `messages`. */
export function contentColumns(
  reading: Pick<Reading, ContentField>,
  bucket: Bucket,
  messages: MessageRow[],
): Pick<SpanRow, ContentColumn> {
  const inputMessages = reading.inputMessages ?? [];
  const inputHashes = storeMessages(inputMessages, bucket, messages);
  return {
    ...previews(reading),
    system_instructions: storeMessages(reading.systemInstructions ?? [], bucket, messages),
    tool_definitions: storeDefinitions(reading.toolDefinitions ?? [], bucket, messages),
    input_messages: inputHashes,
    output_messages: storeMessages(reading.outputMessages ?? [], bucket, messages),
    tool_arguments: payload(reading.toolArguments),
    tool_result: payload(reading.toolResult),
    input_value: payload(reading.inputValue),
    output_value: payload(reading.outputValue),
    ...userMessages(inputMessages, inputHashes),
  };
}

export type ContentColumn =
  | 'input_preview'
  | 'output_preview'
  | 'system_instructions'
  | 'tool_definitions'
  | 'input_messages'
  | 'output_messages'
  | 'tool_arguments'
  | 'tool_result'
  | 'input_value'
  | 'output_value'
  | 'user_message_count'
  | 'last_user_message';

function previews(reading: Pick<Reading, ContentField>): Pick<SpanRow, 'input_preview' | 'output_preview'> {
  return {
    input_preview:
      previewInput(reading.inputMessages ?? []) || previewValue(reading.toolArguments ?? reading.inputValue),
    output_preview:
      previewOutput(reading.outputMessages ?? []) || previewValue(reading.toolResult ?? reading.outputValue),
  };
}

/** The spans of a request share their resources. */
const splitResources = new WeakMap<Attributes, Pick<SplitAttributes, 'strings' | 'others'>>();

/** A resource by where its attributes are kept. */
export function splitResource(resource: Attributes): Pick<SplitAttributes, 'strings' | 'others'> {
  const known = splitResources.get(resource);
  if (known !== undefined) return known;
  const { strings, others, content } = splitAttributes(resource);
  const split = { strings, others: new Map([...others, ...content]) };
  splitResources.set(resource, split);
  return split;
}

export interface SplitAttributes {
  /** String values as sent. */
  strings: Map<string, string>;
  /** Values of every other type, as JSON that keeps the type. */
  others: Map<string, string>;
  /** Content and long values, as JSON. */
  content: Map<string, string>;
}

/**
 * Attributes by where they are kept. Those `carried` are stored as messages or payloads already; those in `payloads` hold
 * content, which is kept for a shorter time.
 */
export function splitAttributes(
  attributes: Attributes,
  { carried, payloads }: { carried?: ReadonlySet<string>; payloads?: ReadonlySet<string> } = {},
): SplitAttributes {
  const split: SplitAttributes = { strings: new Map(), others: new Map(), content: new Map() };
  for (const [name, value] of attributes) {
    if (carried?.has(name) === true) continue;
    const key = cutName(name);
    const isPayload = payloads?.has(name) === true;
    if (typeof value !== 'string') {
      const encoded = typedJson(value);
      if (encoded.length <= longAttributeCharacters && !isPayload) split.others.set(key, encoded);
      else split.content.set(key, cutTyped(value, encoded));
    } else if (value.length <= longAttributeCharacters && !isPayload) split.strings.set(key, value);
    else split.content.set(key, JSON.stringify(cutText(value)));
  }
  return split;
}

function cutTyped(value: AnyValue, encoded: string): string {
  return Buffer.byteLength(encoded) <= payloadLimitBytes
    ? encoded
    : cutJson(jsonObject(new Map([['value', value]]))['value'] ?? null);
}

/** Events that became messages keep their name and time; their content is stored once. */
function eventJson({ timeUnixNano, name, attributes, droppedAttributesCount }: OtlpEvent): string {
  const kept = holdsMessages(name) ? new Map<string, AnyValue>() : attributes;
  const dropped = droppedAttributesCount > 0 ? `,"droppedAttributesCount":${String(droppedAttributesCount)}` : '';
  return `{"timeUnixNano":"${String(timeUnixNano)}","name":${JSON.stringify(cutName(name))},"attributes":${objectJson(kept)}${dropped}}`;
}

function linkJson({ traceId, spanId, traceState, attributes }: OtlpLink): string {
  const state = traceState === '' ? '' : `,"traceState":${JSON.stringify(cutName(traceState))}`;
  const ids = `"traceId":"${Buffer.from(traceId).toString('hex')}","spanId":"${Buffer.from(spanId).toString('hex')}"`;
  return `{${ids}${state},"attributes":${objectJson(attributes)}}`;
}

function objectJson(attributes: Attributes): string {
  const encoded = typedJson(attributes);
  return Buffer.byteLength(encoded) <= payloadLimitBytes ? encoded : cutJson(jsonObject(attributes));
}

function payload(value: Json | undefined): string {
  return value === undefined ? '' : cutJson(value);
}

/** Dollars to 10^-12 dollars, as the column holds them; what does not fit or is negative is unknown. */
export function decimalUsd(usd: number | undefined): bigint | null {
  if (usd === undefined || !Number.isFinite(usd) || usd < 0 || usd >= 1e6) return null;
  return BigInt(usd.toFixed(12).replace('.', ''));
}
