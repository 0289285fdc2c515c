import { tables } from '../../migrations/schema.ts';
import { ApiError } from '../contract/errors.ts';
import type { SpanDetail, SpanEvent } from '../contract/spans.ts';
import { becameMessages, mergeHashes, type MessageHashes, readContent } from '../domain/span-content.ts';
import { readMapping } from '../domain/span-mapping.ts';
import { joinAttributes, readEvents, readLinks, readPayload } from '../domain/stored-attributes.ts';
import type { Db } from './db.ts';
import { readMessages } from './messages.ts';
import { findBooking } from './span-booking.ts';
import { decideSkeletons, skeletonColumns, type SkeletonRow } from './span-skeletons.ts';
import { findTraceWindow } from './trace-by-id.ts';

/** Log records of one span; the first of them by time. */
const recordsMax = 2_000;

interface SpanAddress {
  projectId: string;
  traceId: string;
  spanId: string;
}

type StringMap = Record<string, string>;

interface Stored extends MessageHashes {
  week: string;
  conversation: string;
}

interface SpanRow extends SkeletonRow, Stored {
  statusMessage: string;
  environmentName: string;
  scopeName: string;
  scopeVersion: string;
  conventionName: string;
  originList: string;
  ownLabels: StringMap;
  serviceTier: string;
  inBatch: boolean;
  agentId: string;
  agentVersion: string;
  toolCallId: string;
  responseId: string;
  finishReasons: string[];
  isStream: boolean;
  timeToFirstTokenNs: string | null;
  reportedCostUsd: string | null;
  toolArguments: string;
  toolResult: string;
  inputValue: string;
  outputValue: string;
  attributeTexts: StringMap;
  attributesJson: StringMap;
  contentAttributes: StringMap;
  resourceTexts: StringMap;
  resourceJson: StringMap;
  eventList: string;
  linkList: string;
  droppedAttributesCount: number;
  droppedEventsCount: number;
  droppedLinksCount: number;
}

interface RecordRow extends Stored {
  timeNs: string;
  recordName: string;
  attributeTexts: StringMap;
  attributesJson: StringMap;
  bodyJson: string;
}

/**
 * One span with all it carried: payloads, messages in their order, attributes with their types. Content that came as log
 * records is joined to it, whichever arrived first. Throws `trace_not_found` or `span_not_found`.
 */
export async function getSpan(db: Db, address: SpanAddress): Promise<SpanDetail> {
  const [span, records] = await Promise.all([readSpan(db, address), readRecords(db, address)]);
  if (span === undefined) throw await explainMissing(db, address);
  const [bodies, [skeleton], booking] = await Promise.all([
    readBodies(db, address.projectId, [span, ...records]),
    decideSkeletons(db, address.projectId, [span]),
    span.usageScope === '' ? null : findBooking(db, { ...address, startNs: span.startNs }),
  ]);
  if (skeleton === undefined) throw new Error('one row becomes one skeleton');
  const content = readContent(mergeHashes(span, records), bodies);
  return {
    ...skeleton,
    ...content,
    booking,
    statusMessage: span.statusMessage || null,
    environment: span.environmentName || null,
    scope: { name: span.scopeName || null, version: span.scopeVersion || null },
    convention: span.conventionName || null,
    mapping: readMapping(span.conventionName, span.originList),
    labels: span.ownLabels,
    serviceTier: span.serviceTier || null,
    isBatch: span.inBatch,
    agentId: span.agentId || null,
    agentVersion: span.agentVersion || null,
    toolCallId: span.toolCallId || null,
    responseId: span.responseId || null,
    finishReasons: span.finishReasons,
    stream: span.isStream,
    timeToFirstTokenNs: span.timeToFirstTokenNs,
    reportedCostUsd: span.reportedCostUsd,
    toolArguments: readPayload(span.toolArguments),
    toolResult: readPayload(span.toolResult),
    inputValue: readPayload(span.inputValue),
    outputValue: readPayload(span.outputValue),
    attributes: joinAttributes(span.attributeTexts, span.attributesJson, span.contentAttributes),
    resource: joinAttributes(span.resourceTexts, span.resourceJson),
    events: eventsOf(span, records),
    links: readLinks(span.linkList),
    scores: [],
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

const hashColumns = `
  arrayMap(h -> lower(hex(h)), system_instructions) AS systemInstructions,
  arrayMap(h -> lower(hex(h)), tool_definitions) AS toolDefinitions,
  arrayMap(h -> lower(hex(h)), input_messages) AS inputMessages,
  arrayMap(h -> lower(hex(h)), output_messages) AS outputMessages,
  if(session_id = '', lower(hex(trace_id)), session_id) AS conversation`;

const ofSpan = `project_id = {projectId:String}
       AND trace_id IN (SELECT toFixedString(unhex({traceId:String}), 16))
       AND span_id = toFixedString(unhex({spanId:String}), 8)`;

/** The copy that arrived last, with its payloads: one row by bloom index, 30 ms. */
async function readSpan(db: Db, address: SpanAddress): Promise<SpanRow | undefined> {
  const [row] = await db.rows<SpanRow>(
    `SELECT ${skeletonColumns}, ${hashColumns}, toString(toMonday(start_time)) AS week,
       status_message AS statusMessage, environment AS environmentName, scope_name AS scopeName,
       scope_version AS scopeVersion, convention AS conventionName, origins AS originList, labels AS ownLabels, service_tier AS serviceTier, is_batch AS inBatch,
       agent_id AS agentId, agent_version AS agentVersion,
       tool_call_id AS toolCallId, response_id AS responseId, finish_reasons AS finishReasons, stream AS isStream,
       time_to_first_token_ns AS timeToFirstTokenNs, toString(reported_cost_usd) AS reportedCostUsd,
       tool_arguments AS toolArguments, tool_result AS toolResult, input_value AS inputValue, output_value AS outputValue,
       attributes AS attributeTexts, attributes_json AS attributesJson, content_attributes AS contentAttributes,
       resource AS resourceTexts, resource_json AS resourceJson, events AS eventList, links AS linkList,
       dropped_attributes_count AS droppedAttributesCount, dropped_events_count AS droppedEventsCount,
       dropped_links_count AS droppedLinksCount
     FROM ${tables.spans}
     WHERE ${ofSpan}
     ORDER BY ingested_at DESC
     LIMIT 1`,
    { ...address },
  );
  return row;
}

/** The span's log records in the order of their time, each once. */
async function readRecords(db: Db, address: SpanAddress): Promise<RecordRow[]> {
  return db.rows<RecordRow>(
    `SELECT ${hashColumns}, toString(toMonday(time)) AS week, toUnixTimestamp64Nano(time) AS timeNs, name AS recordName,
       attributes AS attributeTexts, attributes_json AS attributesJson, body AS bodyJson
     FROM (SELECT * FROM ${tables.spanEvents} WHERE ${ofSpan} ORDER BY ingested_at LIMIT 1 BY event_id)
     ORDER BY time, sequence, event_id
     LIMIT {limit:UInt32}`,
    { ...address, limit: recordsMax },
  );
}

async function explainMissing(db: Db, { projectId, traceId, spanId }: SpanAddress): Promise<ApiError> {
  return (await findTraceWindow(db, { projectId, traceId })) === undefined
    ? new ApiError('trace_not_found', `project ${projectId} has no trace ${traceId}`)
    : new ApiError('span_not_found', `trace ${traceId} has no span ${spanId}`);
}

/** A span and its records may lie in different conversations and weeks: one query for each. */
async function readBodies(db: Db, projectId: string, stored: readonly Stored[]): Promise<Map<string, string>> {
  const wanted = new Map<string, { week: string; conversation: string; hashes: string[] }>();
  for (const { week, conversation, ...lists } of stored) {
    const { systemInstructions, toolDefinitions, inputMessages, outputMessages } = lists;
    const hashes = [...systemInstructions, ...toolDefinitions, ...inputMessages, ...outputMessages];
    const key = `${week} ${conversation}`;
    const known = wanted.get(key);
    if (known === undefined) wanted.set(key, { week, conversation, hashes });
    else known.hashes.push(...hashes);
  }
  const maps = await Promise.all(
    [...wanted.values()].map(({ week, conversation, hashes }) =>
      readMessages(db, { projectId, week, conversation }, hashes),
    ),
  );
  return new Map(maps.flatMap((map) => [...map]));
}

/** The span's own events, and its log records that did not become messages. */
function eventsOf(span: SpanRow, records: readonly RecordRow[]): SpanEvent[] {
  const fromRecords = records.filter((record) => !becameMessages(record)).map(toEvent);
  const events = [...readEvents(span.eventList), ...fromRecords];
  return fromRecords.length === 0
    ? events
    : events.sort((a, b) => Number(BigInt(a.timeUnixNano) - BigInt(b.timeUnixNano)));
}

function toEvent(record: RecordRow): SpanEvent {
  const attributes = joinAttributes(record.attributeTexts, record.attributesJson);
  const body = readPayload(record.bodyJson);
  return {
    timeUnixNano: record.timeNs,
    name: record.recordName,
    attributes: body === null ? attributes : { ...attributes, body },
  };
}
