import { gunzipSync } from 'node:zlib';
import { mapSpan } from '../../../../collector/map/span.ts';
import { decodeTraces as decodeJson } from '../../../../collector/receive/json.ts';
import { decodeTraces as decodeProtobuf } from '../../../../collector/receive/protobuf.ts';
import type { SpanRow } from '../../../../migrations/schema.ts';
import type { Capture } from '../../../support/captures.ts';
import { readCaptureBody } from '../../../support/captures.ts';
import { linesOfMessages, type LooseMessages } from '../../../support/sent-messages.ts';

export interface CapturedRow {
  row: SpanRow;
  /** One line a part, as in `sent-messages.ts`. */
  system: string[];
  input: string[];
  output: string[];
}

/** The rows that the collector makes of a capture's spans, in the order in which they were sent. */
export function mapCapture({ requests }: Capture): CapturedRow[] {
  return requests
    .filter(({ signal }) => signal === 'traces')
    .flatMap((request) => {
      const sent = readCaptureBody(request);
      const body = request.content_encoding === 'gzip' ? gunzipSync(sent) : sent;
      const decode = request.content_type.includes('json') ? decodeJson : decodeProtobuf;
      return decode(body).items.map((span) => readRow(mapSpan(span, 'p')));
    });
}

function readRow({ row, messages }: ReturnType<typeof mapSpan>): CapturedRow {
  const bodies = new Map(messages.map(({ hash, body }) => [hex(hash), JSON.parse(body) as LooseMessages[number]]));
  const lines = (hashes: readonly Uint8Array[]) =>
    linesOfMessages(hashes.flatMap((hash) => bodies.get(hex(hash)) ?? []));
  return {
    row,
    system: lines(row.system_instructions),
    input: lines(row.input_messages),
    output: lines(row.output_messages),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const shownColumns = [
  ...(['kind', 'operation', 'status', 'session_id', 'user_id', 'agent_name', 'agent_id', 'provider'] as const),
  ...(['request_model', 'response_model', 'response_id', 'finish_reasons', 'stream', 'service_tier'] as const),
  ...(['usage_scope', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'] as const),
  ...(['cache_write_5m_tokens', 'cache_write_1h_tokens', 'reasoning_tokens', 'reported_cost_usd'] as const),
  ...(['tool_name', 'tool_call_id', 'tool_arguments', 'tool_result', 'input_value', 'output_value'] as const),
];

/** The rows as text to read and to compare: what they say, and which attributes are left. */
export function describeRows(rows: readonly CapturedRow[]): string {
  return rows.map(describeRow).join('\n');
}

function describeRow({ row, system, input, output }: CapturedRow): string {
  const columns = shownColumns.flatMap((column) => {
    const value = row[column];
    if (value === '' || value === false || value === null || value === 0n || String(value) === '') return [];
    return [`${column} ${shorten(String(value))}`];
  });
  const left = [...row.attributes.keys(), ...row.attributes_json.keys()].toSorted();
  const payloads = [...row.content_attributes.keys()].toSorted();
  const lines = [
    ...columns,
    ...system.map((line) => `instructions: ${line}`),
    ...input.map((line) => `input: ${line}`),
    ...output.map((line) => `output: ${line}`),
    ...(row.tool_definitions.length > 0 ? [`tool definitions ${row.tool_definitions.length}`] : []),
    ...(left.length > 0 ? [`attributes ${left.join(' ')}`] : []),
    ...(payloads.length > 0 ? [`payloads ${payloads.join(' ')}`] : []),
  ];
  return `${row.name}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function shorten(text: string): string {
  return text.length <= 160 ? text : `${text.slice(0, 160)}… ${text.length}`;
}
