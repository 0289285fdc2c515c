import { tables } from '../../migrations/schema.ts';
import { mergeHashes, type MessageHashes } from '../domain/span-content.ts';
import { earliest, latest, msPerHour, shift, unixNano } from '../domain/time.ts';
import type { Db, QueryParameters } from './db.ts';
import { type MessagePlace, prefixOf } from './placed-messages.ts';
import type { SessionSpan } from './session-spans.ts';
import { ofTraceDays } from './trace-days.ts';

/** Log records of the spans of one page; the first of them by time. */
const recordsMax = 20_000;
/** Log records may come this long after their span ended, or before it began where clocks differ. */
const recordSpreadMs = msPerHour;

/** What a span and its log records name, in order. */
export interface NamedMessages {
  input: MessagePlace[];
  output: MessagePlace[];
}

interface NamingRow {
  traceId: string;
  spanId: string;
  week: string;
  conversation: string;
  inputMessages: string[];
  outputMessages: string[];
}

/** The messages that some spans and their log records name, by `key` of the span. By day and trace id. */
export async function readNamedMessages(
  db: Db,
  projectId: string,
  spans: readonly SessionSpan[],
): Promise<Map<string, NamedMessages>> {
  if (spans.length === 0) return new Map();
  const spreads = spans.map(({ span }) => ({
    traceId: span.traceId,
    window: {
      from: shift(unixNano(span.startNs), -recordSpreadMs),
      to: shift(unixNano(span.endNs), recordSpreadMs),
    },
  }));
  const { condition, parameters } = ofTraceDays(spreads);
  const bound = {
    ...parameters,
    projectId,
    spanIds: spans.map(({ span }) => span.spanId),
    fromNs: spreads.map(({ window }) => window.from).reduce(earliest),
    toNs: spreads.map(({ window }) => window.to).reduce(latest),
  };
  const [rows, records] = await Promise.all([
    readSpanHashes(db, condition, { ...bound, limit: spans.length * 2 }),
    readRecordHashes(db, ofTraceDays(spreads, 'time').condition, { ...bound, limit: recordsMax }),
  ]);
  const recordsOf = Map.groupBy(records, (row) => row.traceId + row.spanId);
  return new Map(
    rows.map((row) => {
      const key = row.traceId + row.spanId;
      return [key, toNamed(row, recordsOf.get(key) ?? [])];
    }),
  );
}

const hashColumns = `lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
       if(session_id = '', traceId, session_id) AS conversation,
       arrayMap(h -> lower(hex(h)), input_messages) AS inputMessages,
       arrayMap(h -> lower(hex(h)), output_messages) AS outputMessages`;

const ofSpans = 'span_id IN (SELECT toFixedString(unhex(arrayJoin({spanIds:Array(String)})), 8))';

async function readSpanHashes(db: Db, ofTraces: string, bound: QueryParameters): Promise<NamingRow[]> {
  return db.rows<NamingRow>(
    `SELECT ${hashColumns}, toString(toMonday(start_time)) AS week
     FROM ${tables.spans}
     WHERE project_id = {projectId:String}
       AND ${ofTraces}
       AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
       AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
       AND ${ofSpans}
     ORDER BY ingested_at DESC
     LIMIT 1 BY trace_id, span_id
     LIMIT {limit:UInt32}`,
    bound,
  );
}

async function readRecordHashes(db: Db, ofTraces: string, bound: QueryParameters): Promise<NamingRow[]> {
  return db.rows<NamingRow>(
    `SELECT ${hashColumns}, toString(toMonday(time)) AS week
     FROM (
       SELECT * FROM ${tables.spanEvents}
       WHERE project_id = {projectId:String}
         AND ${ofTraces}
         AND time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
         AND time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
         AND ${ofSpans}
       ORDER BY ingested_at
       LIMIT 1 BY trace_id, span_id, event_id
     )
     ORDER BY time, sequence, event_id
     LIMIT {limit:UInt32}`,
    bound,
  );
}

/** Records may be stored in another conversation and week than their span. */
function toNamed(span: NamingRow, records: readonly NamingRow[]): NamedMessages {
  const merged = mergeHashes(hashesOf(span), records.map(hashesOf));
  const rows = new Map<string, NamingRow>();
  for (const row of [...records.toReversed(), span]) {
    for (const hash of [...row.inputMessages, ...row.outputMessages]) rows.set(hash, row);
  }
  const toPlace = (hash: string): MessagePlace => {
    const { week, conversation } = rows.get(hash) ?? span;
    return { week, conversation, prefix: prefixOf(hash) };
  };
  return { input: merged.inputMessages.map(toPlace), output: merged.outputMessages.map(toPlace) };
}

function hashesOf({ inputMessages, outputMessages }: NamingRow): MessageHashes {
  return { systemInstructions: [], toolDefinitions: [], inputMessages, outputMessages };
}
