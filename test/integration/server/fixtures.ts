import { hash, randomUUID } from 'node:crypto';
import { messageColumns, spanColumns, spanEventColumns, tables } from '../../../migrations/schema.ts';
import type { MessageRow, SpanEventRow, SpanRow } from '../../../migrations/schema.ts';
import { connect } from '../../../collector/write/clickhouse.ts';
import { rowEncoder } from '../../../migrations/row-binary.ts';
import type { TestDatabase } from '../../support/database.ts';

/** A Friday noon; the tests' rows lie around it. */
export const noon = '2026-11-20T12:00:00Z';
export const noonNs = BigInt(Date.parse(noon)) * 1_000_000n;
const second = 1_000_000_000n;

export interface SpanFixture {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  /** Seconds after noon. */
  at?: number;
  durationMs?: number;
  /** Columns as the collector would send them. */
  columns?: Partial<SpanRow>;
  /** Bodies of messages, in order. */
  input?: readonly object[];
  output?: readonly object[];
  system?: readonly object[];
  toolDefinitions?: readonly object[];
}

export interface RecordFixture {
  traceId: string;
  spanId: string;
  at?: number;
  sequence?: number;
  columns?: Partial<SpanEventRow>;
  input?: readonly object[];
  output?: readonly object[];
}

/** Rows of one project, written the way the collector writes them. */
export function fixtureWriter(database: TestDatabase, projectId: string) {
  const inserter = connect(database);
  const write = async (table: string, columns: Parameters<typeof inserter.insert>[0]['columns'], rows: Buffer) => {
    const outcome = await inserter.insert({ table, columns, format: 'RowBinary', data: [rows], token: randomUUID() });
    if (outcome.status !== 'stored') throw outcome.error;
  };
  const writeMessages = async (rows: MessageRow[]) => {
    if (rows.length > 0) await write(tables.messages, messageColumns, rowEncoder(messageColumns)(rows));
  };
  return {
    async spans(...fixtures: readonly SpanFixture[]): Promise<void> {
      const messages: MessageRow[] = [];
      const rows = fixtures.map((fixture) => spanRow(projectId, fixture, messages));
      await writeMessages(messages);
      await write(tables.spans, spanColumns, rowEncoder(spanColumns)(rows));
    },
    async records(...fixtures: readonly RecordFixture[]): Promise<void> {
      const messages: MessageRow[] = [];
      const rows = fixtures.map((fixture) => recordRow(projectId, fixture, messages));
      await writeMessages(messages);
      await write(tables.spanEvents, spanEventColumns, rowEncoder(spanEventColumns)(rows));
    },
    close: () => inserter.close(),
  };
}

/** A trace id of its own that begins with the given digits. */
export function traceIdOf(digits: string): string {
  return digits.padEnd(32, '0');
}

export function spanIdOf(number: number): string {
  return number.toString(16).padStart(16, '0');
}

export function textMessage(role: string, content: string): object {
  return { role, parts: [{ type: 'text', content }] };
}

function spanRow(projectId: string, fixture: SpanFixture, messages: MessageRow[]): SpanRow {
  const startNs = startOf(fixture.at);
  const sessionId = fixture.columns?.session_id ?? '';
  const bucket = { projectId, startNs, conversation: sessionId === '' ? fixture.traceId : sessionId };
  return {
    ...emptySpan,
    project_id: projectId,
    trace_id: Buffer.from(fixture.traceId, 'hex'),
    span_id: Buffer.from(fixture.spanId, 'hex'),
    parent_span_id: Buffer.from(fixture.parentSpanId ?? '0'.repeat(16), 'hex'),
    start_time: startNs,
    duration_ns: BigInt(fixture.durationMs ?? 100) * 1_000_000n,
    system_instructions: store(fixture.system, bucket, messages),
    input_messages: store(fixture.input, bucket, messages),
    output_messages: store(fixture.output, bucket, messages),
    tool_definitions: store(fixture.toolDefinitions, bucket, messages, 'tool_definition'),
    ...userMessages(fixture.input),
    ...fixture.columns,
  };
}

function recordRow(projectId: string, fixture: RecordFixture, messages: MessageRow[]): SpanEventRow {
  const startNs = startOf(fixture.at);
  const sessionId = fixture.columns?.session_id ?? '';
  const bucket = { projectId, startNs, conversation: sessionId === '' ? fixture.traceId : sessionId };
  return {
    project_id: projectId,
    trace_id: Buffer.from(fixture.traceId, 'hex'),
    span_id: Buffer.from(fixture.spanId, 'hex'),
    event_id: digest(JSON.stringify(fixture, bigintsAsText)),
    time: startNs,
    observed_time: startNs,
    sequence: fixture.sequence ?? 0,
    name: 'gen_ai.user.message',
    severity: 9,
    service_name: '',
    scope_name: '',
    session_id: '',
    system_instructions: [],
    tool_definitions: [],
    input_messages: store(fixture.input, bucket, messages),
    output_messages: store(fixture.output, bucket, messages),
    input_preview: '',
    output_preview: '',
    attributes: new Map(),
    attributes_json: new Map(),
    body: '',
    ...userMessages(fixture.input),
    ...fixture.columns,
  };
}

function userMessages(bodies: readonly object[] = []): Pick<SpanRow, 'user_message_count' | 'last_user_message'> {
  const users = bodies.filter((body) => (body as { role?: unknown }).role === 'user');
  const last = users.at(-1);
  return {
    user_message_count: users.length,
    last_user_message: last === undefined ? 0n : Buffer.from(digest(JSON.stringify(last))).readBigUInt64LE(),
  };
}

interface Bucket {
  projectId: string;
  startNs: bigint;
  conversation: string;
}

function store(bodies: readonly object[] = [], bucket: Bucket, rows: MessageRow[], role?: string): Uint8Array[] {
  return bodies.map((value) => {
    const body = JSON.stringify(value);
    const day = Number(bucket.startNs / (86_400n * second));
    rows.push({
      project_id: bucket.projectId,
      week: day - ((day + 3) % 7),
      conversation: bucket.conversation,
      hash: digest(body),
      seen: bucket.startNs,
      role: role ?? String((value as { role?: unknown }).role),
      body,
    });
    return digest(body);
  });
}

function startOf(at = 0): bigint {
  return noonNs + BigInt(Math.round(at * 1e6)) * 1_000n;
}

function digest(text: string): Uint8Array {
  return hash('sha256', text, 'buffer').subarray(0, 16);
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value instanceof Map ? [...(value as Map<string, string>)] : value;
}

const emptySpan: SpanRow = {
  project_id: '',
  trace_id: new Uint8Array(16),
  span_id: new Uint8Array(8),
  parent_span_id: new Uint8Array(8),
  trace_state: '',
  flags: 0,
  name: 'span',
  span_kind: 1,
  start_time: 0n,
  duration_ns: 0n,
  status: 'unset',
  status_code: 0,
  status_message: '',
  error_type: '',
  service_name: '',
  environment: '',
  scope_name: '',
  scope_version: '',
  convention: '',
  kind: 'other',
  operation: '',
  session_id: '',
  user_id: '',
  agent_name: '',
  agent_id: '',
  agent_version: '',
  labels: new Map(),
  provider: '',
  request_model: '',
  response_model: '',
  response_id: '',
  finish_reasons: [],
  stream: false,
  time_to_first_token_ns: null,
  service_tier: '',
  is_batch: false,
  usage_scope: '',
  has_usage: false,
  input_tokens: 0n,
  output_tokens: 0n,
  cache_read_tokens: 0n,
  cache_write_tokens: 0n,
  cache_write_5m_tokens: 0n,
  cache_write_1h_tokens: 0n,
  reasoning_tokens: 0n,
  input_audio_tokens: 0n,
  output_audio_tokens: 0n,
  reported_cost_usd: null,
  tool_name: '',
  tool_call_id: '',
  input_preview: '',
  output_preview: '',
  system_instructions: [],
  tool_definitions: [],
  input_messages: [],
  output_messages: [],
  attributes: new Map(),
  attributes_json: new Map(),
  resource: new Map(),
  resource_json: new Map(),
  scope_attributes: '',
  events: '',
  links: '',
  dropped_attributes_count: 0,
  dropped_events_count: 0,
  dropped_links_count: 0,
  content_attributes: new Map(),
  tool_arguments: '',
  tool_result: '',
  input_value: '',
  output_value: '',
  user_message_count: 0,
  last_user_message: 0n,
  origins: '',
};
