import type { OtlpSpan } from '../../receive/otlp.ts';
import { readLabels } from '../labels.ts';
import type { NamedReading } from '../precedence.ts';
import { identity } from '../readers.ts';
import type { ContentField, Field } from '../reading.ts';
import { asksPresenceOnly, type ConventionTable, findValueReader, type Row } from '../table.ts';
import { count, text } from '../value.ts';
import { askedFields, type AskedRow, textColumns } from './plan.ts';
import { noReads, type Reads, recordingSource } from './recorder.ts';
import { valueClass } from './value-class.ts';

/** Where a field's value comes from in every span of the plan: an attribute as it is, or a rule that is asked again. */
export type Comes = { from: 'attribute'; name: string } | { from: 'row'; row: number };

/** What a table makes of the span that is planned by, and where its fields come from; a field that is not here is constant. */
export interface TracedReading extends NamedReading {
  comes: Map<Field, Comes>;
}

export interface Tracing {
  span: OtlpSpan;
  classOf: ReadonlyMap<string, number>;
  /** What constants depend on. */
  guards: Reads;
  /** What asked rows look at. */
  open: Set<string>;
  asked: AskedRow[];
}

/**
 * As the table's own `read`, row by row in the same order, and tells of each row what it depends on:
 *
 * - a row of an absent attribute, or of one whose presence alone counts, depends on the shape;
 * - a text or count taken as it is depends on the class of the value for whether it is given, which is all that anything
 *   between the row and the column looks at (`precedence.ts` asks only whether a field is empty; `usage.ts` compares counts,
 *   therefore counts go through it again for each span);
 * - a row for content is asked again for each span, and the plan left where it speaks up or falls silent;
 * - every other row was run on a source that noted what it read: a function of these values alone gives the same again.
 */
export function traceTable(table: ConventionTable, tracing: Tracing): TracedReading | undefined {
  const { span, guards } = tracing;
  if (!table.speaks(recordingSource(span, guards))) return undefined;
  const reading: Record<string, unknown> = {};
  const usage: Record<string, unknown> = {};
  const sources: Partial<Record<Field, string>> = {};
  const content: Partial<Record<ContentField, readonly string[]>> = {};
  const restated: string[] = [];
  const comes = new Map<Field, Comes>();
  for (const row of table.rows) {
    const { field, from, keys, isWhole } = row;
    const value = field in sources ? undefined : traceRow(row, tracing, comes);
    const isGiven = isGivenValue(value);
    if (isGiven) {
      sources[field] = from;
      if (field.startsWith('usage.')) usage[field.slice('usage.'.length)] = value;
      else reading[field] = value;
    }
    if (keys === undefined) continue;
    const held = keys(recordingSource(span, guards), from);
    if (isGiven && isWhole === true) content[field as ContentField] = held;
    else restated.push(...held);
  }
  if (Object.keys(usage).length > 0) {
    if (table.isExclusive?.(recordingSource(span, guards)) === true) usage['isExclusive'] = true;
    reading['usage'] = usage;
  }
  const labelled = table.labels && readLabels(table.labels, recordingSource(span, guards));
  if (labelled !== undefined) {
    reading['labels'] = labelled.labels;
    sources.labels = labelled.from.join(', ');
  }
  const dropped = table.dropped?.(recordingSource(span, guards)) ?? [];
  return { name: table.name, reading, content, restated, sources, payloads: table.payloads ?? [], dropped, comes };
}

/** As `readTable` tells a value from none. */
export function isGivenValue(value: unknown): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

function traceRow(row: Row, tracing: Tracing, comes: Map<Field, Comes>): unknown {
  const { field, from } = row;
  const taken = takenAsIs(row, tracing.classOf.get(from));
  if (taken) {
    comes.set(field, { from: 'attribute', name: from });
    const value = tracing.span.attributes.get(from);
    return field.startsWith('usage.') ? count(value) : text(value);
  }
  const reads = noReads();
  const value = row.read(recordingSource(tracing.span, reads), from);
  const reader = findValueReader(row);
  if (reader !== undefined && asksPresenceOnly(reader)) return value;
  if (askedFields.has(field) && reads.attributes.size > 0) {
    for (const name of reads.attributes) tracing.open.add(name);
    if (reads.isNameRead) tracing.guards.isNameRead = true;
    if (isGivenValue(value)) comes.set(field, { from: 'row', row: tracing.asked.length });
    tracing.asked.push({ row, isGiven: isGivenValue(value) });
    return value;
  }
  for (const name of reads.attributes) tracing.guards.attributes.add(name);
  tracing.guards.isNameRead ||= reads.isNameRead;
  return value;
}

/** True where the row gives the attribute's value unchanged, whatever it is within its class. */
function takenAsIs(row: Row, given: number | undefined): boolean {
  const { field } = row;
  const readValue = findValueReader(row);
  if (field.startsWith('usage.')) return readValue === count && given === valueClass.count;
  if (!(field in textColumns)) return false;
  // `identity` leaves out what begins with a bracket and a few words.
  return (
    (readValue === text && (given === valueClass.shortText || given === valueClass.bracketText)) ||
    (readValue === identity && given === valueClass.shortText)
  );
}
