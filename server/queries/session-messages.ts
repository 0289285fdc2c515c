import { tables } from '../../migrations/schema.ts';
import type { Message } from '../contract/messages.ts';
import type { MessageHashes } from '../domain/span-content.ts';
import { mergeHashes } from '../domain/span-content.ts';
import { readStoredMessage } from '../domain/stored-message.ts';
import { msPerHour, shift, unixNano } from '../domain/time.ts';
import { lastSpoken } from '../domain/turn-outcome.ts';
import type { TurnStep } from '../domain/turn-steps.ts';
import type { Db, QueryParameters } from './db.ts';
import { ofTraceDays } from './trace-days.ts';

/** How far back from the end of what a call was given the user's words are looked for. */
const spokenMax = 50;
/** Log records of the spans of one page; the first of them by time. */
const recordsMax = 20_000;
/** Log records may come this long after their span began. */
const recordSpreadMs = msPerHour;

/** The two ends of a turn. */
export interface TurnEnds {
  opener: TurnStep | undefined;
  answer: TurnStep | undefined;
}

/** A stored message: its hash, and the conversation that has it. */
interface Reference {
  week: string;
  conversation: string;
  hash: string;
}

/**
 * What each turn began with and what was answered last, with content of log records; in the order of the turns. Four queries
 * by key: the hashes that the two calls of a turn name, the roles of what it was given, and the texts of what is shown.
 */
export async function readTurnMessages(
  db: Db,
  projectId: string,
  turns: readonly TurnEnds[],
): Promise<{ input: Message[]; output: Message[] }[]> {
  const named = await readNamed(
    db,
    projectId,
    turns.flatMap(({ opener, answer }) => [opener, answer]).filter((step) => step !== undefined),
  );
  const given = turns.map(({ opener }) => (opener && named.get(keyOf(opener)))?.input.slice(-spokenMax) ?? []);
  const outputs = turns.map(({ answer }) => (answer && named.get(keyOf(answer)))?.output ?? []);
  const roles = await readStored(db, projectId, 'role', given.flat());
  const inputs = given.map((references) =>
    lastSpoken(references.map((reference) => ({ ...reference, role: roles.get(reference.hash) ?? '' }))),
  );
  const bodies = await readStored(db, projectId, 'body', [...inputs.flat(), ...outputs.flat()]);
  const messages = (references: readonly Reference[]) =>
    references.flatMap(({ hash }) => bodies.get(hash) ?? []).map(readStoredMessage);
  return turns.map((_, at) => ({ input: messages(inputs[at] ?? []), output: messages(outputs[at] ?? []) }));
}

interface Named {
  input: Reference[];
  output: Reference[];
}

interface NamingRow {
  traceId: string;
  spanId: string;
  week: string;
  conversation: string;
  inputMessages: string[];
  outputMessages: string[];
}

/** The messages that some spans and their log records name, by trace and span id. */
async function readNamed(db: Db, projectId: string, steps: readonly TurnStep[]): Promise<Map<string, Named>> {
  if (steps.length === 0) return new Map();
  const spreads = steps.map(({ span }) => ({
    traceId: span.traceId,
    window: {
      from: unixNano(span.startNs),
      to: shift(unixNano(span.endNs), recordSpreadMs),
    },
  }));
  const { condition, parameters } = ofTraceDays(spreads);
  const bound = {
    ...parameters,
    projectId,
    spanIds: steps.map(({ span }) => span.spanId),
    fromNs: spreads.map(({ window }) => window.from).reduce((a, b) => (b < a ? b : a)),
    toNs: spreads.map(({ window }) => window.to).reduce((a, b) => (b > a ? b : a)),
  };
  const [spans, records] = await Promise.all([
    readSpanHashes(db, condition, { ...bound, limit: steps.length * 2 }),
    readRecordHashes(db, ofTraceDays(spreads, 'time').condition, { ...bound, limit: recordsMax }),
  ]);
  const recordsOf = Map.groupBy(records, (row) => row.traceId + row.spanId);
  return new Map(
    spans.map((row) => {
      const key = row.traceId + row.spanId;
      return [key, toNamed(row, recordsOf.get(key) ?? [])];
    }),
  );
}

const hashColumns = `lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
       if(session_id = '', traceId, session_id) AS conversation,
       arrayMap(h -> lower(hex(h)), input_messages) AS inputMessages,
       arrayMap(h -> lower(hex(h)), output_messages) AS outputMessages`;

const ofSpans = 'AND span_id IN (SELECT toFixedString(unhex(arrayJoin({spanIds:Array(String)})), 8))';

async function readSpanHashes(db: Db, ofTraces: string, bound: QueryParameters): Promise<NamingRow[]> {
  return db.rows<NamingRow>(
    `SELECT ${hashColumns}, toString(toMonday(start_time)) AS week
     FROM ${tables.spans}
     WHERE project_id = {projectId:String}
       AND ${ofTraces}
       AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
       AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
       ${ofSpans}
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
         ${ofSpans}
       ORDER BY ingested_at
       LIMIT 1 BY trace_id, span_id, event_id
     )
     ORDER BY time, sequence, event_id
     LIMIT {limit:UInt32}`,
    bound,
  );
}

/** Records may be stored in another conversation and week than their span. */
function toNamed(span: NamingRow, records: readonly NamingRow[]): Named {
  const merged = mergeHashes(hashesOf(span), records.map(hashesOf));
  const places = new Map<string, NamingRow>();
  for (const row of [...records.toReversed(), span]) {
    for (const hash of [...row.inputMessages, ...row.outputMessages]) places.set(hash, row);
  }
  const refer = (hash: string) => {
    const { week, conversation } = places.get(hash) ?? span;
    return { week, conversation, hash };
  };
  return { input: merged.inputMessages.map(refer), output: merged.outputMessages.map(refer) };
}

function hashesOf({ inputMessages, outputMessages }: NamingRow): MessageHashes {
  return { systemInstructions: [], toolDefinitions: [], inputMessages, outputMessages };
}

/** Role or body of some messages, by hash; those not stored (any more) are left out. By the table's key. */
async function readStored(
  db: Db,
  projectId: string,
  column: 'role' | 'body',
  references: readonly Reference[],
): Promise<Map<string, string>> {
  const distinct = [...new Map(references.map((reference) => [JSON.stringify(reference), reference])).values()];
  if (distinct.length === 0) return new Map();
  const rows = await db.rows<{ messageHash: string; value: string }>(
    `SELECT lower(hex(hash)) AS messageHash, ${column} AS value FROM ${tables.messages}
     WHERE project_id = {projectId:String}
       AND week >= {firstWeek:Date} AND week <= {lastWeek:Date}
       AND (week, conversation, hash) IN (
         SELECT toDate(place.1), place.2, toFixedString(unhex(place.3), 16)
         FROM (SELECT arrayJoin(arrayZip({weeks:Array(String)}, {conversations:Array(String)}, {hashes:Array(String)})) AS place))
     LIMIT 1 BY hash
     LIMIT {limit:UInt32}`,
    {
      projectId,
      weeks: distinct.map(({ week }) => week),
      conversations: distinct.map(({ conversation }) => conversation),
      hashes: distinct.map(({ hash }) => hash),
      firstWeek: distinct.map(({ week }) => week).reduce((a, b) => (b < a ? b : a)),
      lastWeek: distinct.map(({ week }) => week).reduce((a, b) => (b > a ? b : a)),
      limit: distinct.length,
    },
  );
  return new Map(rows.map((row) => [row.messageHash, row.value]));
}

function keyOf({ span }: TurnStep): string {
  return span.traceId + span.spanId;
}
