import type { MessageRow, spanColumns, SpanRow } from '../../migrations/schema.ts';
import { MessageLists } from '../map/lists/message-lists.ts';
import { askedColumns, type PlacedJson, type Plan, type SpanColumn, usageColumns } from '../map/plan/plan.ts';
import { contentColumns, decimalUsd } from '../map/span.ts';
import { type Bucket, weekOf } from '../map/store-messages.ts';
import { fillUsage, normaliseUsage, type Usage } from '../map/usage.ts';
import type { RowSink } from '../write/column-batch.ts';
import type { MapColumn } from '../write/native/nested-columns.ts';
import type { NativeTable } from '../write/native/table.ts';
import { type Asked, askRows } from './ask-rows.ts';
import { type ConstantColumns, groupConstants, writeConstants } from './constant-columns.ts';
import type { KnownResource } from './known-resources.ts';
import type { OtlpScope } from './otlp.ts';
import type { SpanScan } from './scan-span.ts';

type SpanTable = NativeTable<typeof spanColumns>;

export interface SpanContext {
  projectId: string;
  resource: KnownResource;
  scope: OtlpScope;
}

/** What it remembers of texts is the same for all spans. */
const lists = new MessageLists();

/** A plan, made ready to be followed. */
export interface ReadyPlan extends Plan {
  constants: ConstantColumns;
}

export function readyPlan(plan: Plan): ReadyPlan {
  return { ...plan, constants: groupConstants(plan.constant) };
}

/**
 * Appends the row of the span that was scanned, as its plan has it, and the messages that it names. False, and
 * nothing is appended, where the plan does not hold for this span.
 */
export function followPlan(
  { spans: table, messages }: Pick<RowSink, 'spans' | 'messages'>,
  plan: ReadyPlan,
  scan: SpanScan,
  context: SpanContext,
): boolean {
  const bucket = plan.hasContent ? bucketOf(plan, scan, context) : undefined;
  const asked: Asked | undefined =
    plan.rows.length === 0
      ? plan.said
      : askRows(plan, scan, context.scope, (attribute, reader) => {
          const text = { bytes: scan.bytes, from: scan.ats[attribute] ?? 0, to: scan.ends[attribute] ?? 0 };
          return bucket === undefined ? undefined : lists.store(text, reader, bucket, messages);
        });
  if (asked === undefined) return false;
  writeCopied(table, plan, scan, context);
  writeConstants(table, plan.constants);
  writeTexts(table, plan, scan);
  if (plan.usage !== undefined) writeUsage(table, plan, readUsage(plan.usage, scan));
  writeAttributes(table, plan, scan);
  writeAsked(table, plan, asked);
  if (bucket !== undefined) writeContent(table, asked, bucket, messages);
  return true;
}

function writeCopied({ columns }: SpanTable, plan: Plan, scan: SpanScan, context: SpanContext): void {
  const { bytes, startAt, endAt } = scan;
  const { projectId, resource } = context;
  columns.project_id.append(projectId);
  columns.trace_id.appendRaw(bytes, scan.traceAt);
  columns.span_id.appendRaw(bytes, scan.spanAt);
  if (scan.parentAt < 0) columns.parent_span_id.appendEmpty();
  else columns.parent_span_id.appendRaw(bytes, scan.parentAt);
  columns.flags.append(scan.flags);
  columns.name.appendBytes(bytes, scan.nameAt, scan.nameEnd);
  columns.span_kind.append(scan.kind);
  columns.start_time.appendRaw(bytes, startAt);
  const low = bytes.readUInt32LE(endAt) - bytes.readUInt32LE(startAt);
  const high = bytes.readUInt32LE(endAt + 4) - bytes.readUInt32LE(startAt + 4) - (low < 0 ? 1 : 0);
  columns.duration_ns.appendHalves(low >>> 0, high >>> 0);
  columns.service_name.append(resource.serviceName);
  columns.environment.append(resource.environment ?? plan.environment);
  columns.dropped_attributes_count.append(scan.droppedAttributes);
  columns.resource.append(resource.strings);
  columns.resource_json.append(resource.others);
}

function writeTexts({ columns }: SpanTable, { texts }: Plan, { bytes, ats, ends }: SpanScan): void {
  for (const { column, attribute } of texts) {
    columns[column].appendBytes(bytes, ats[attribute] ?? 0, ends[attribute] ?? 0);
  }
}

function readUsage(planned: NonNullable<Plan['usage']>, { numbers }: SpanScan): Usage | undefined {
  const sources = planned.map(({ known, counted }) => {
    const source = { ...known };
    for (const { count, attribute } of counted) source[count] = BigInt(numbers[attribute] ?? 0);
    return source;
  });
  return normaliseUsage(fillUsage(sources));
}

const usageEntries = Object.entries(usageColumns) as [keyof Usage, (typeof usageColumns)[keyof Usage]][];

function writeUsage({ columns }: SpanTable, { isCall }: Plan, usage: Usage | undefined): void {
  for (const [count, column] of usageEntries) columns[column].append(usage?.[count] ?? 0n);
  columns.has_usage.append(usage !== undefined);
  columns.usage_scope.append(isCall ? 'call' : usage === undefined ? '' : 'aggregate');
}

function writeAttributes({ columns }: SpanTable, { strings, others, content }: Plan, scan: SpanScan): void {
  const { bytes, ats, ends, keys, keyAts, keyEnds, interner } = scan;
  const { attributes } = columns;
  for (const index of strings) {
    const key = attributes.keys.indexOfNumbered(
      interner,
      keys[index] ?? 0,
      bytes,
      keyAts[index] ?? 0,
      keyEnds[index] ?? 0,
    );
    attributes.appendEntry(key, bytes, ats[index] ?? 0, ends[index] ?? 0);
  }
  attributes.endRow();
  appendJson(columns.attributes_json, others, scan);
  appendJson(columns.content_attributes, content, scan);
}

function appendJson(map: MapColumn, placed: readonly PlacedJson[], scan: SpanScan): void {
  for (const { attribute, encoded } of placed) {
    map.keys.appendIndex(
      map.keys.indexOfNumbered(
        scan.interner,
        scan.keys[attribute] ?? 0,
        scan.bytes,
        scan.keyAts[attribute] ?? 0,
        scan.keyEnds[attribute] ?? 0,
      ),
    );
    map.values.append(encoded ?? scan.json(attribute));
  }
  map.endRow();
}

function writeAsked({ columns }: SpanTable, { given }: Plan, asked: Asked): void {
  for (const { field } of given) {
    if (field === 'responseId' || field === 'toolCallId') columns[askedColumns[field]].append(asked[field] ?? '');
    else if (field === 'timeToFirstTokenNs') appendWide(columns[askedColumns[field]], asked[field] ?? null);
    else if (field === 'reportedCostUsd') appendWide(columns[askedColumns[field]], decimalUsd(asked[field]));
  }
}

function appendWide(column: { append: (value: never) => void }, value: bigint | null): void {
  // The type of a nullable column does not say what is in it.
  column.append(value as never);
}

/** Where the messages of the span belong. */
function bucketOf({ session }: Plan, scan: SpanScan, { projectId }: SpanContext): Bucket {
  const { bytes, startAt, traceAt } = scan;
  const seenNs = bytes.readBigUInt64LE(startAt);
  const sessionId =
    typeof session === 'string' ? session : bytes.toString('utf8', scan.ats[session], scan.ends[session]);
  const conversation = sessionId === '' ? bytes.toString('hex', traceAt, traceAt + 16) : sessionId;
  return { projectId, week: weekOf(seenNs), conversation, seenNs };
}

function writeContent({ columns }: SpanTable, asked: Asked, bucket: Bucket, messages: RowSink['messages']): void {
  const { list } = asked;
  const rows: MessageRow[] = [];
  const content = contentColumns(asked, bucket, rows);
  messages.addRows(rows);
  for (const column of Object.keys(content) as (keyof typeof content)[]) {
    if (list === undefined || !isOfList(column)) columns[column].append((content as SpanRow)[column] as never);
  }
  if (list === undefined) return;
  columns.input_preview.append(list.inputPreview === '' ? content.input_preview : list.inputPreview);
  for (const { hash } of list.messages) columns.input_messages.items.appendRaw(hash, 0);
  columns.input_messages.endRow();
  columns.user_message_count.append(list.userMessageCount);
  if (list.lastUser === undefined) columns.last_user_message.appendEmpty();
  else columns.last_user_message.appendRaw(list.lastUser.hash, 0);
}

/** True of the columns that a stored list gives. */
function isOfList(column: SpanColumn): boolean {
  return (
    column === 'input_messages' ||
    column === 'input_preview' ||
    column === 'user_message_count' ||
    column === 'last_user_message'
  );
}
