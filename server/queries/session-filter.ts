import { tables } from '../../migrations/schema.ts';
import type { Filters, TimeWindow, ValueFilter } from '../domain/filters.ts';
import type { QueryParameters } from './db.ts';
import { activeValueFilters, filterParameters, labelConditions } from './span-filter.ts';
import { contains, spansWithText } from './text-search.ts';
import { scanWindow, spansInScan } from './trace-keys.ts';

export interface SessionSelection {
  projectId: string;
  window: TimeWindow;
  filters: Filters;
  /** What was typed into the search box, for who is searched by an id of their own. */
  searchText: string;
  /** Only these, at any time. */
  sessionIds?: readonly string[] | undefined;
}

/** Whether a session has any of a filter's values; values are bound under the filter's name. */
const valueConditions: Readonly<Record<ValueFilter, string>> = {
  agent: 'hasAny(agents, {agent:Array(String)})',
  model: 'hasAny(models, {model:Array(String)})',
  user: 'user_id IN {user:Array(String)}',
  session: 'session_id IN {session:Array(String)}',
  tool: 'hasAny(tools, {tool:Array(String)})',
  provider: 'hasAny(providers, {provider:Array(String)})',
  service: 'hasAny(services, {service:Array(String)})',
  environment: 'hasAny(environments, {environment:Array(String)})',
  kind: 'hasAny(kinds, {kind:Array(String)})',
};

/** For reads of `session_traces`: the latest row of a trace says that it is the session's; one without spans, that it left. */
export const stillOfSession = 'GROUP BY session_id, trace_id HAVING argMax(span_count > 0 AND is_deleted = 0, pass)';

/** What a row of `sessions` must say, project and window included. Bind `sessionParameters`. */
export function sessionConditions({ filters, sessionIds }: SessionSelection): string[] {
  const conditions = ['project_id = {projectId:String}'];
  if (sessionIds === undefined) {
    // Active in the window: it began before the window's end and ended after its beginning.
    conditions.push("start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')");
    conditions.push("end_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')");
  } else {
    conditions.push('session_id IN {sessionIds:Array(String)}');
  }
  conditions.push(...activeValueFilters(filters).map((name) => valueConditions[name]));
  conditions.push(...labelConditions(filters).map(({ sql }) => labelCondition(sql)));
  if (filters.status !== undefined) conditions.push(`status = '${filters.status}'`);
  if (filters.minDurationMs !== undefined) {
    conditions.push('toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time) >= {minDurationNs:Int64}');
  }
  if (filters.minCostUsd !== undefined) conditions.push('cost_usd >= toDecimal64({minCostUsd:String}, 12)');
  if (filters.text !== undefined) conditions.push(textCondition(filters.text));
  return conditions;
}

/** The session is summed up under the label, or some span of it in the window has it itself. */
function labelCondition(sql: string): string {
  return `(${sql}
      OR session_id IN (
        SELECT session_id FROM ${tables.sessionTraces}
        WHERE project_id = {projectId:String}
          AND trace_id IN (SELECT trace_id FROM ${tables.spans} WHERE ${spansInScan} AND ${sql})
        ${stillOfSession}))`;
}

/** The words occur in a message or span of it in the window or in its previews, or the whole text is its id or its user's. */
function textCondition(text: NonNullable<Filters['text']>): string {
  const exact = '{searchText:String} IN (session_id, user_id)';
  if (text.words.length + text.phrases.length === 0) return exact;
  return `(${exact}
      OR ${contains("lowerUTF8(concat(first_input, ' ', last_output))", text)}
      OR session_id IN (
        SELECT session_id FROM ${tables.sessionTraces}
        WHERE project_id = {projectId:String} AND trace_id IN (${spansWithText(text, { columns: 'trace_id' })})
        ${stillOfSession}))`;
}

/** What `sessionConditions` binds. */
export function sessionParameters(selection: SessionSelection): QueryParameters {
  const { projectId, window, filters, searchText, sessionIds = [] } = selection;
  const scan = scanWindow(window);
  return {
    ...filterParameters(filters),
    ...{ projectId, searchText, sessionIds, fromNs: window.from, toNs: window.to },
    ...{ scanFromNs: scan.from, scanToNs: scan.to, minCostUsd: filters.minCostUsd ?? '0' },
  };
}
