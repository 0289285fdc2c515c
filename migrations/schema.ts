/**
 * All that code may know of the database: table names, and for the tables that code fills the columns it sends,
 * in order, with their ClickHouse types. A test compares them with the live tables.
 */
export const tables = {
  spans: 'spans',
  messages: 'messages',
  spanEvents: 'span_events',
  skeletons: 'skeletons',
  eventSkeletons: 'event_skeletons',
  ledger: 'ledger',
  settlementCursors: 'settlement_cursors',
  traces: 'traces',
  sessions: 'sessions',
  sessionTraces: 'session_traces',
  tracePlaces: 'trace_places',
  scores: 'scores',
  audit: 'audit',
  configuration: 'configuration',
  ingestCounts: 'ingest_counts',
  ingestRejects: 'ingest_rejects',
  ingestCollectors: 'ingest_collectors',
  keyUsage: 'key_usage',
  alertTicks: 'alert_ticks',
  alertStates: 'alert_states',
  alertEvents: 'alert_events',
  deliveries: 'deliveries',
  schemaMigrations: 'schema_migrations',
} as const;

/** The columns of an insert, name to ClickHouse type, in the order of their values. */
export type Columns = Readonly<Record<string, string>>;

export const messageColumns = {
  project_id: 'LowCardinality(String)',
  week: 'Date',
  conversation: 'String',
  hash: 'FixedString(16)',
  seen: "DateTime64(9, 'UTC')",
  role: 'LowCardinality(String)',
  body: 'String',
} as const satisfies Columns;

export const spanColumns = {
  project_id: 'LowCardinality(String)',
  trace_id: 'FixedString(16)',
  span_id: 'FixedString(8)',
  parent_span_id: 'FixedString(8)',
  trace_state: 'String',
  flags: 'UInt32',
  name: 'LowCardinality(String)',
  span_kind: 'UInt8',
  start_time: "DateTime64(9, 'UTC')",
  duration_ns: 'Int64',
  status: 'LowCardinality(String)',
  status_code: 'UInt8',
  status_message: 'String',
  error_type: 'LowCardinality(String)',
  service_name: 'LowCardinality(String)',
  environment: 'LowCardinality(String)',
  scope_name: 'LowCardinality(String)',
  scope_version: 'LowCardinality(String)',
  convention: 'LowCardinality(String)',
  kind: 'LowCardinality(String)',
  operation: 'LowCardinality(String)',
  session_id: 'String',
  user_id: 'String',
  agent_name: 'LowCardinality(String)',
  agent_id: 'String',
  agent_version: 'LowCardinality(String)',
  labels: 'Map(LowCardinality(String), String)',
  provider: 'LowCardinality(String)',
  request_model: 'LowCardinality(String)',
  response_model: 'LowCardinality(String)',
  response_id: 'String',
  finish_reasons: 'Array(LowCardinality(String))',
  stream: 'Bool',
  time_to_first_token_ns: 'Nullable(Int64)',
  service_tier: 'LowCardinality(String)',
  is_batch: 'Bool',
  usage_scope: 'LowCardinality(String)',
  has_usage: 'Bool',
  input_tokens: 'UInt64',
  output_tokens: 'UInt64',
  cache_read_tokens: 'UInt64',
  cache_write_tokens: 'UInt64',
  cache_write_5m_tokens: 'UInt64',
  cache_write_1h_tokens: 'UInt64',
  reasoning_tokens: 'UInt64',
  input_audio_tokens: 'UInt64',
  output_audio_tokens: 'UInt64',
  reported_cost_usd: 'Nullable(Decimal(18, 12))',
  tool_name: 'LowCardinality(String)',
  tool_call_id: 'String',
  input_preview: 'String',
  output_preview: 'String',
  system_instructions: 'Array(FixedString(16))',
  tool_definitions: 'Array(FixedString(16))',
  input_messages: 'Array(FixedString(16))',
  output_messages: 'Array(FixedString(16))',
  attributes: 'Map(LowCardinality(String), String)',
  attributes_json: 'Map(LowCardinality(String), String)',
  resource: 'Map(LowCardinality(String), String)',
  resource_json: 'Map(LowCardinality(String), String)',
  scope_attributes: 'String',
  events: 'String',
  links: 'String',
  dropped_attributes_count: 'UInt32',
  dropped_events_count: 'UInt32',
  dropped_links_count: 'UInt32',
  content_attributes: 'Map(LowCardinality(String), String)',
  tool_arguments: 'String',
  tool_result: 'String',
  input_value: 'String',
  output_value: 'String',
  user_message_count: 'UInt32',
  last_user_message: 'UInt64',
  origins: 'LowCardinality(String)',
} as const satisfies Columns;

export const spanEventColumns = {
  project_id: 'LowCardinality(String)',
  trace_id: 'FixedString(16)',
  span_id: 'FixedString(8)',
  event_id: 'FixedString(16)',
  time: "DateTime64(9, 'UTC')",
  observed_time: "DateTime64(9, 'UTC')",
  sequence: 'UInt32',
  name: 'LowCardinality(String)',
  severity: 'UInt8',
  service_name: 'LowCardinality(String)',
  scope_name: 'LowCardinality(String)',
  session_id: 'String',
  system_instructions: 'Array(FixedString(16))',
  tool_definitions: 'Array(FixedString(16))',
  input_messages: 'Array(FixedString(16))',
  output_messages: 'Array(FixedString(16))',
  input_preview: 'String',
  output_preview: 'String',
  attributes: 'Map(LowCardinality(String), String)',
  attributes_json: 'Map(LowCardinality(String), String)',
  body: 'String',
  user_message_count: 'UInt32',
  last_user_message: 'UInt64',
} as const satisfies Columns;

export const ledgerColumns = {
  project_id: 'LowCardinality(String)',
  trace_id: 'FixedString(16)',
  span_id: 'FixedString(8)',
  start_time: "DateTime64(9, 'UTC')",
  sign: 'Int8',
  environment: 'LowCardinality(String)',
  service_name: 'LowCardinality(String)',
  session_id: 'String',
  user_id: 'String',
  agent_name: 'LowCardinality(String)',
  agent_version: 'LowCardinality(String)',
  labels: 'Map(LowCardinality(String), String)',
  provider: 'LowCardinality(String)',
  model: 'LowCardinality(String)',
  request_model: 'LowCardinality(String)',
  kind: 'LowCardinality(String)',
  operation: 'LowCardinality(String)',
  service_tier: 'LowCardinality(String)',
  is_batch: 'Bool',
  is_error: 'Bool',
  usage_scope: 'LowCardinality(String)',
  counted: 'Bool',
  not_counted_because: 'LowCardinality(String)',
  counted_instead_trace_id: 'FixedString(16)',
  counted_instead_span_id: 'FixedString(8)',
  status: 'LowCardinality(String)',
  model_calls: 'Int64',
  input_tokens: 'Int64',
  output_tokens: 'Int64',
  cache_read_tokens: 'Int64',
  cache_write_tokens: 'Int64',
  cache_write_5m_tokens: 'Int64',
  cache_write_1h_tokens: 'Int64',
  reasoning_tokens: 'Int64',
  input_audio_tokens: 'Int64',
  output_audio_tokens: 'Int64',
  priced_calls: 'Int64',
  unpriced_calls: 'Int64',
  costed_rows: 'Int64',
  cost_usd: 'Decimal(18, 12)',
  reported_cost_usd: 'Decimal(18, 12)',
  price: 'String',
  price_version: 'LowCardinality(String)',
  pass: 'UInt64',
  shard: 'UInt16',
  owner: 'LowCardinality(String)',
} as const satisfies Columns;

/** What every summary counts: the contract's `Usage` and `Cost`. */
const summedColumns = {
  model_calls: 'UInt64',
  input_tokens: 'UInt64',
  output_tokens: 'UInt64',
  cache_read_tokens: 'UInt64',
  cache_write_tokens: 'UInt64',
  reasoning_tokens: 'UInt64',
  priced_calls: 'UInt64',
  unpriced_calls: 'UInt64',
  cost_usd: 'Nullable(Decimal(18, 12))',
} as const satisfies Columns;

export const traceColumns = {
  project_id: 'LowCardinality(String)',
  trace_id: 'FixedString(16)',
  start_time: "DateTime64(9, 'UTC')",
  end_time: "DateTime64(9, 'UTC')",
  first_span_start: "DateTime64(9, 'UTC')",
  last_span_start: "DateTime64(9, 'UTC')",
  name: 'String',
  root_span_id: 'FixedString(8)',
  status: 'LowCardinality(String)',
  span_count: 'UInt64',
  error_count: 'UInt64',
  kinds: 'Array(LowCardinality(String))',
  services: 'Array(LowCardinality(String))',
  environments: 'Array(LowCardinality(String))',
  providers: 'Array(LowCardinality(String))',
  agents: 'Array(LowCardinality(String))',
  models: 'Array(LowCardinality(String))',
  tools: 'Array(LowCardinality(String))',
  session_id: 'String',
  user_id: 'String',
  labels: 'Map(LowCardinality(String), String)',
  input_preview: 'String',
  output_preview: 'String',
  ...summedColumns,
  last_ingested_at: "DateTime64(3, 'UTC')",
  pass: 'UInt64',
  is_deleted: 'UInt8',
  digest: 'UInt64',
} as const satisfies Columns;

export const sessionTraceColumns = {
  project_id: 'LowCardinality(String)',
  session_id: 'String',
  trace_id: 'FixedString(16)',
  start_time: "DateTime64(9, 'UTC')",
  end_time: "DateTime64(9, 'UTC')",
  first_span_start: "DateTime64(9, 'UTC')",
  last_span_start: "DateTime64(9, 'UTC')",
  user_id: 'String',
  status: 'LowCardinality(String)',
  span_count: 'UInt64',
  error_count: 'UInt64',
  kinds: 'Array(LowCardinality(String))',
  services: 'Array(LowCardinality(String))',
  environments: 'Array(LowCardinality(String))',
  providers: 'Array(LowCardinality(String))',
  agents: 'Array(LowCardinality(String))',
  models: 'Array(LowCardinality(String))',
  tools: 'Array(LowCardinality(String))',
  labels: 'Map(LowCardinality(String), String)',
  first_input: 'String',
  last_output: 'String',
  turns: 'String',
  ...summedColumns,
  pass: 'UInt64',
  is_deleted: 'UInt8',
  digest: 'UInt64',
} as const satisfies Columns;

export const sessionColumns = {
  project_id: 'LowCardinality(String)',
  session_id: 'String',
  start_time: "DateTime64(9, 'UTC')",
  end_time: "DateTime64(9, 'UTC')",
  user_id: 'String',
  status: 'LowCardinality(String)',
  turn_count: 'UInt64',
  trace_count: 'UInt64',
  span_count: 'UInt64',
  error_count: 'UInt64',
  kinds: 'Array(LowCardinality(String))',
  services: 'Array(LowCardinality(String))',
  environments: 'Array(LowCardinality(String))',
  providers: 'Array(LowCardinality(String))',
  agents: 'Array(LowCardinality(String))',
  models: 'Array(LowCardinality(String))',
  tools: 'Array(LowCardinality(String))',
  labels: 'Map(LowCardinality(String), String)',
  first_input: 'String',
  last_output: 'String',
  ...summedColumns,
  pass: 'UInt64',
  is_deleted: 'UInt8',
  digest: 'UInt64',
} as const satisfies Columns;

export const tracePlaceColumns = {
  trace_id: 'FixedString(16)',
  project_id: 'LowCardinality(String)',
  first_ingested_at: "DateTime64(3, 'UTC')",
  last_ingested_at: "DateTime64(3, 'UTC')",
  days: 'Array(Date)',
  sessions: 'Array(String)',
} as const satisfies Columns;

export const settlementCursorColumns = {
  shard: 'UInt16',
  verified_to: "DateTime64(3, 'UTC')",
  pass: 'UInt64',
  owner: 'String',
} as const satisfies Columns;

export const keyUsageColumns = {
  key_id: 'String',
  day: 'Date',
  spans: 'UInt64',
  last_used: "DateTime64(3, 'UTC')",
} as const satisfies Columns;

export const deliveryColumns = {
  project_id: 'LowCardinality(String)',
  delivery_id: 'String',
  event_id: 'String',
  event_at: "DateTime64(3, 'UTC')",
  channel_id: 'String',
  series: 'String',
  step: 'UInt32',
  state: 'LowCardinality(String)',
  is_posted: 'Bool',
  tries: 'UInt32',
  next_at: "DateTime64(3, 'UTC')",
  owner: 'String',
  attempts: 'String',
  event: 'String',
  is_test: 'Bool',
} as const satisfies Columns;

export const ingestCountColumns = {
  project_id: 'LowCardinality(String)',
  minute: "DateTime64(3, 'UTC')",
  service: 'LowCardinality(String)',
  client: 'LowCardinality(String)',
  signal: 'LowCardinality(String)',
  protocol: 'LowCardinality(String)',
  what: 'LowCardinality(String)',
  detail: 'LowCardinality(String)',
  count: 'UInt64',
  first_at: "DateTime64(3, 'UTC')",
  last_at: "DateTime64(3, 'UTC')",
} as const satisfies Columns;

export const ingestRejectColumns = {
  project_id: 'LowCardinality(String)',
  time: "DateTime64(3, 'UTC')",
  service: 'LowCardinality(String)',
  client: 'LowCardinality(String)',
  signal: 'LowCardinality(String)',
  protocol: 'LowCardinality(String)',
  code: 'LowCardinality(String)',
  message: 'String',
  place: 'String',
  trace_id: 'String',
  span_id: 'String',
  name: 'String',
} as const satisfies Columns;

export const ingestCollectorColumns = {
  collector: 'String',
  version: 'LowCardinality(String)',
  started_at: "DateTime64(3, 'UTC')",
  seen_at: "DateTime64(3, 'UTC')",
  has_ended: 'Bool',
  circuit: 'LowCardinality(String)',
  queued_bytes: 'UInt64',
  queue_limit_bytes: 'UInt64',
  spool_requests: 'UInt64',
  spool_bytes: 'UInt64',
  spool_limit_bytes: 'UInt64',
  spool_oldest_at: "DateTime64(3, 'UTC')",
  dead_letter_bytes: 'UInt64',
} as const satisfies Columns;

/** The value a column takes in code: 64-bit integers, nanoseconds and scaled decimals are `bigint`, fixed strings raw bytes. */
type ColumnValue<Type extends string> = Type extends `LowCardinality(${infer Inner})`
  ? ColumnValue<Inner>
  : Type extends `Nullable(${infer Inner})`
    ? ColumnValue<Inner> | null
    : Type extends `Array(${infer Inner})`
      ? readonly ColumnValue<Inner>[]
      : Type extends `Map(${string}, String)`
        ? ReadonlyMap<string, string>
        : Type extends 'String'
          ? string
          : Type extends `FixedString(${string})`
            ? Uint8Array
            : Type extends 'Bool'
              ? boolean
              : Type extends 'Int8' | 'UInt8' | 'UInt16' | 'UInt32' | 'Date'
                ? number
                : bigint;

export type Row<Table extends Columns> = { [Name in keyof Table]: ColumnValue<Table[Name]> };
export type SpanRow = Row<typeof spanColumns>;
export type MessageRow = Row<typeof messageColumns>;
export type SpanEventRow = Row<typeof spanEventColumns>;
export type LedgerRow = Row<typeof ledgerColumns>;
export type TraceRow = Row<typeof traceColumns>;
export type SessionTraceRow = Row<typeof sessionTraceColumns>;
export type TracePlaceRow = Row<typeof tracePlaceColumns>;
export type SessionRow = Row<typeof sessionColumns>;
