import { tables } from '../../migrations/schema.ts';
import type { TimeWindow } from '../domain/filters.ts';
import type { TextQuery } from '../domain/text-query.ts';
import { earliest, msPerDay, shift, unixNano } from '../domain/time.ts';
import type { Db } from './db.ts';

/** Traces that one id may lead to; of a session with more, the newest. */
const tracesOfIdMax = 500;
/** Span ids have no index: they are looked for this far back, or as far as the list goes. Reads 8 bytes a span. */
const spanIdLookbackMs = 30 * msPerDay;

/**
 * A subquery that selects `columns` of the spans in `scanFromNs` to `scanToNs` (and in `where`) whose words and phrases all occur in one
 * message, or in the span's name and previews. Messages, those of log records too, are found by the text index; the spans
 * that name them by conversation (narrow), then by hash. 150 ms over 30 days of a million spans when every trace matches.
 */
export function spansWithText(text: TextQuery, { columns, where = '1' }: { columns: string; where?: string }): string {
  if (text.words.length + text.phrases.length === 0) {
    return `SELECT ${columns} FROM ${tables.spans} WHERE 0`;
  }
  const inWindow = (time: string) => `project_id = {projectId:String}
      AND ${time} >= fromUnixTimestamp64Nano({scanFromNs:Int64}, 'UTC')
      AND ${time} < fromUnixTimestamp64Nano({scanToNs:Int64}, 'UTC')
      AND ${where}`;
  const namesFoundMessage = `if(session_id = '', lower(hex(trace_id)), session_id) IN (${foundMessages('conversation', text)})
      AND arrayExists(h -> h IN (${foundMessages('hash', text)}), arrayConcat(system_instructions, input_messages, output_messages))`;
  return `
    SELECT ${columns} FROM ${tables.spans}
    WHERE ${inWindow('start_time')} AND ${contains("lowerUTF8(concat(name, ' ', input_preview, ' ', output_preview))", text)}
    UNION ALL
    SELECT ${columns} FROM ${tables.spans} WHERE ${inWindow('start_time')} AND ${namesFoundMessage}
    UNION ALL
    SELECT ${columns} FROM ${tables.spanEvents} WHERE ${inWindow('time')} AND ${namesFoundMessage}`;
}

/** Tool definitions are stored beside the messages, but nobody said them. */
function foundMessages(column: 'conversation' | 'hash', text: TextQuery): string {
  return `SELECT ${column} FROM ${tables.messages}
      WHERE project_id = {projectId:String}
        AND week >= toMonday(fromUnixTimestamp64Nano({scanFromNs:Int64}, 'UTC'))
        AND week <= toMonday(fromUnixTimestamp64Nano({scanToNs:Int64}, 'UTC'))
        AND role != 'tool_definition' AND ${contains('body', text)}`;
}

/** That all words and phrases occur in a text; `textParameters` binds them, each phrase by its index. */
export function contains(expression: string, text: TextQuery): string {
  const conditions = text.phrases.map((_, index) => `hasPhrase(${expression}, {phrase${index}:String})`);
  if (text.words.length > 0) conditions.unshift(`hasAllTokens(${expression}, {words:Array(String)})`);
  return conditions.join(' AND ');
}

export function textParameters(text: TextQuery | undefined): Record<string, string | readonly string[]> {
  if (text === undefined) return {};
  const phrases = text.phrases.map((phrase, index) => [`phrase${index}`, phrase] as const);
  return { words: text.words, ...Object.fromEntries(phrases) };
}

export interface TracesOfId {
  traceIds: string[];
  /** A day around what the id names: the roots may have started before it. */
  window: TimeWindow;
}

/**
 * The traces that an id leads to: a trace's own, a span's, a session's or a model response's. By bloom index and without
 * a time window, except for span ids; undefined when it is no id.
 */
export async function findTracesOfId(
  db: Db,
  { projectId, id, window }: { projectId: string; id: string; window: TimeWindow },
): Promise<TracesOfId | undefined> {
  const ways = [
    `SELECT trace_id, start_time FROM ${tables.spans} WHERE project_id = {projectId:String} AND session_id = {id:String}`,
    `SELECT trace_id, start_time FROM ${tables.skeletons} WHERE project_id = {projectId:String} AND response_id = {id:String}`,
  ];
  if (/^[0-9a-f]{32}$/i.test(id)) {
    ways.push(
      `SELECT trace_id, start_time FROM ${tables.spans} WHERE project_id = {projectId:String} AND trace_id IN (SELECT toFixedString(unhex({id:String}), 16))`,
    );
  }
  if (/^[0-9a-f]{16}$/i.test(id)) {
    ways.push(`SELECT trace_id, start_time FROM ${tables.spans}
      WHERE project_id = {projectId:String} AND span_id = toFixedString(unhex({id:String}), 8)
        AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')`);
  }
  const rows = await db.rows<{ traceId: string; firstNs: string; lastNs: string }>(
    `SELECT lower(hex(trace_id)) AS traceId, toUnixTimestamp64Nano(min(start_time)) AS firstNs, toUnixTimestamp64Nano(max(start_time)) AS lastNs
     FROM (${ways.join(' UNION ALL ')})
     GROUP BY trace_id ORDER BY firstNs DESC LIMIT {limit:UInt32}`,
    {
      projectId,
      id,
      fromNs: earliest(window.from, shift(window.to, -spanIdLookbackMs)),
      limit: tracesOfIdMax,
    },
  );
  const [newest, oldest] = [rows[0], rows.at(-1)];
  if (newest === undefined || oldest === undefined) return undefined;
  const lastNs = rows.reduce((last, row) => (BigInt(row.lastNs) > last ? BigInt(row.lastNs) : last), 0n);
  return {
    traceIds: rows.map((row) => row.traceId),
    window: {
      from: shift(unixNano(oldest.firstNs), -msPerDay),
      to: shift(unixNano(lastNs + 1n), msPerDay),
    },
  };
}
