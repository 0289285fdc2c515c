import { tables } from '../../migrations/schema.ts';
import type { AlertFilters, AlertGroupName } from '../contract/alert-rules.ts';
import type { AlertMeasure } from '../domain/alerts/metrics.ts';
import type { QueryParameters } from './db.ts';
import type { OwnerColumns } from './owner-sql.ts';

/** Rows of one measure, each sample once: `time` and what rules group and filter by. */
export interface AlertSource {
  from: string;
  time: string;
  /** The expression of a dimension. */
  column: (name: string) => string;
  /** A table of all projects. */
  hasProject: boolean;
}

/** What has rows of its own. */
export type RowMeasure = Exclude<AlertMeasure, 'budgets'>;

/** What is in the window, by the start of the sample; of arrivals, by when they came. */
export function sourceOf(
  measure: RowMeasure,
  owners: OwnerColumns | undefined,
  { needsTrace, isNet }: { needsTrace: boolean; isNet: boolean },
): AlertSource {
  switch (measure) {
    case 'ledger':
      return {
        from: isNet ? netLedgerSql : tables.ledger,
        time: 'start_time',
        hasProject: !isNet,
        column: (name) =>
          name === 'costCentre' || name === 'team' ? (owners?.[name] ?? "''") : (ledgerColumns[name] ?? "''"),
      };
    case 'runs':
      return { from: runsSql, time: 'start_time', hasProject: false, column: (name) => runColumns[name] ?? "''" };
    case 'model calls':
      return spanSource(modelCallsSql, needsTrace);
    case 'tool calls':
      return spanSource(toolCallsSql, needsTrace);
    case 'arrivals':
      return {
        from: tables.skeletons,
        time: 'ingested_at',
        hasProject: true,
        column: (name) => arrivalColumns[name] ?? "''",
      };
  }
}

/** Spans say what their emitter knew; who has no agent, session or user of its own has the trace's. */
function spanSource(from: string, needsTrace: boolean): AlertSource {
  const columns = needsTrace ? inheritedColumns : spanColumns;
  // The summaries of the window's traces, by id: 200 bytes a trace in memory.
  const joined = `(SELECT * FROM ${from} AS calls LEFT ANY JOIN ${tracesOfCalls} AS traces USING trace_id)`;
  return {
    from: needsTrace ? joined : from,
    time: 'start_time',
    hasProject: false,
    column: (name) => columns[name] ?? "''",
  };
}

const windowOn = (time: string) =>
  `${time} >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND ${time} < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`;
/** Whole days: of a trace the latest row of a day wins, also where its start moved within it. */
const traceDays = `project_id = {projectId:String}
      AND toDate(start_time) >= toDate(fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC'))
      AND toDate(start_time) <= toDate(fromUnixTimestamp64Milli({toMs:Int64}, 'UTC'))`;

/** What is in force of each span: what was booked and taken back is gone. */
const netLedgerSql = `(
    SELECT trace_id, span_id, start_time, agent_name, model, provider, user_id, session_id, environment, labels,
      sum(input_tokens) AS tokens, sum(model_calls) AS calls
    FROM ${tables.ledger}
    WHERE project_id = {projectId:String} AND ${windowOn('start_time')} AND counted
    GROUP BY trace_id, span_id, start_time, agent_name, model, provider, user_id, session_id, environment, labels
    HAVING sum(sign) > 0
  )`;

const runsSql = `(
    SELECT * FROM (
      SELECT trace_id, start_time, end_time, status, agents, environments, session_id, user_id, labels, pass, is_deleted
      FROM ${tables.traces}
      WHERE ${traceDays}
      ORDER BY pass DESC
      LIMIT 1 BY toDate(start_time), trace_id
    )
    WHERE is_deleted = 0
    ORDER BY pass DESC
    LIMIT 1 BY trace_id
  )`;

const tracesOfCalls = `(
    SELECT trace_id, session_id AS traceSession, user_id AS traceUser, labels AS traceLabels, agents AS traceAgents
    FROM ${tables.traces}
    WHERE ${traceDays}
    ORDER BY pass DESC
    LIMIT 1 BY trace_id
  )`;

const spansSql = (kind: string, columns: string) => `(
    SELECT trace_id, span_id, start_time, duration_ns, status, agent_name, session_id, user_id, environment, labels, ${columns}
    FROM ${tables.spans}
    WHERE project_id = {projectId:String} AND ${windowOn('start_time')} AND ${kind}
    ORDER BY ingested_at DESC
    LIMIT 1 BY trace_id, span_id
  )`;
const modelCallsSql = spansSql(
  "kind = 'llm' AND usage_scope != 'aggregate'",
  'provider, request_model, response_model, time_to_first_token_ns',
);
// Of the arguments only a hash is made: they are read as far as the window's tool calls have any.
const toolCallsSql = spansSql(
  "kind = 'tool'",
  'tool_name, scope_name, cityHash64(tool_name, scope_name, tool_arguments) AS callHash',
);

const label = 'labels[{groupLabel:String}]';
const ledgerColumns: Readonly<Record<string, string>> = {
  ...{ agent: 'agent_name', model: 'model', provider: 'provider', user: 'user_id', session: 'session_id' },
  ...{ environment: 'environment', label },
};
const runColumns: Readonly<Record<string, string>> = {
  // A run is one of each of its agents.
  agent: "arrayJoin(if(empty(agents), [''], agents))",
  environment: "if(empty(environments), '', environments[1])",
  ...{ user: 'user_id', session: 'session_id', label },
};
const spanColumns: Readonly<Record<string, string>> = {
  ...{ agent: 'agent_name', provider: 'provider', user: 'user_id', session: 'session_id', environment: 'environment' },
  model: "if(response_model = '', request_model, response_model)",
  ...{ tool: 'tool_name', label },
};
const inheritedColumns: Readonly<Record<string, string>> = {
  ...spanColumns,
  agent: "if(agent_name = '' AND length(traceAgents) = 1, traceAgents[1], agent_name)",
  user: "if(user_id = '', traceUser, user_id)",
  session: "if(session_id = '', traceSession, session_id)",
  label: "if(labels[{groupLabel:String}] = '', traceLabels[{groupLabel:String}], labels[{groupLabel:String}])",
};
const arrivalColumns: Readonly<Record<string, string>> = {
  ...{ agent: 'agent_name', provider: 'provider', environment: 'environment', tool: 'tool_name', label },
  model: "if(response_model = '', request_model, response_model)",
};

/** Of a rule's filters: conditions, and what they bind. */
export function filterConditions(
  filters: AlertFilters,
  { measure, source }: { measure: RowMeasure; source: AlertSource },
): { conditions: string[]; parameters: QueryParameters } {
  const conditions: string[] = [];
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(filters) as [keyof AlertFilters, string | undefined][]) {
    if (value === undefined) continue;
    const end = name === 'label' ? value.indexOf('=') : 0;
    if (name === 'label') parameters['filterLabel'] = value.slice(0, end);
    parameters[`filter_${name}`] = name === 'label' ? value.slice(end + 1) : value;
    const wanted = `{filter_${name}:String}`;
    // A run has several agents and environments: any of them may be meant.
    if (measure === 'runs' && (name === 'agent' || name === 'environment')) conditions.push(`has(${name}s, ${wanted})`);
    else conditions.push(`${source.column(name).replaceAll('groupLabel', 'filterLabel')} = ${wanted}`);
  }
  return { conditions, parameters };
}

export function groupExpression(groupBy: AlertGroupName | null, source: AlertSource): string {
  if (groupBy === null) return "''";
  return source.column(groupBy.startsWith('label:') ? 'label' : groupBy);
}

export function windowCondition({ time }: AlertSource): string {
  return windowOn(time);
}
