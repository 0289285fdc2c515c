import type { SpanRow } from '../../../migrations/schema.ts';
import type { OtlpSpan } from '../../receive/otlp.ts';
import { conventions } from '../conventions.ts';
import { readOutcome } from '../conventions/general.ts';
import { combine, type Combination, groupByField } from '../precedence.ts';
import type { Reading } from '../reading.ts';
import { contentColumns, mapSpan } from '../span.ts';
import type { TableConvention } from '../table.ts';
import {
  askedColumns,
  type AskedField,
  askedFields,
  contentFields,
  copiedColumns,
  type CountName,
  type PlacedJson,
  type Plan,
  type PlannedUsage,
  type Shape,
  type SpanColumn,
  textColumns,
  usageColumns,
} from './plan.ts';
import { type Comes, type TracedReading, traceTable, type Tracing } from './read-table.ts';
import { noReads, recordingSource, Unplannable } from './recorder.ts';
import { valueClass } from './value-class.ts';

/**
 * A plan made by mapping one span while noting what decides. Every span of the shape (attributes in order with their classes,
 * scope, status; no events, links, trace state or status message) whose guarded values are those of this span gets by the
 * plan the row that `mapSpan` gives it, because `mapSpan` is a function of the span and each of its steps depends on:
 *
 * - **readings** (`conventions.ts`, tables): see `traceTable`;
 * - **precedence**: which conventions speak, which fields they give, and whether one is empty: all constant by the above.
 *   Beyond that it compares counts (done again for each span), drops instructions that are repeated in messages of another
 *   convention, and a cost of 0 (both are refused here);
 * - **restated content** compares values with each other: refused where there is anything to compare;
 * - **the outcome** (status, error type and message): run on a span that notes what it reads, which is guarded;
 * - **where attributes are kept**: the names that are carried or are payloads, constant by the above, and the class;
 * - **content columns**: computed for each span by the function that `mapSpan` uses;
 * - **ids, times, name, kind, flags, scope, resource**: copied for each span. Of these rules may read only the name, guarded
 *   then, and the scope; reading another is refused.
 *
 * @throws Unplannable
 */
export function makePlan(span: OtlpSpan, shape: Shape): Plan {
  const classOf = new Map(shape.names.map((name, index) => [name, shape.classes[index] ?? 0]));
  if (classOf.size !== shape.names.length) throw new Unplannable('two attributes have one name');
  const tracing: Tracing = { span, classOf, guards: noReads(), open: new Set(), asked: [] };
  const readings = conventions.flatMap((convention) => {
    if (!('table' in convention)) throw new Unplannable('a convention is no table');
    return traceTable((convention as TableConvention).table, tracing) ?? [];
  });
  const givers = groupByField(readings);
  const combined = combine(readings);
  refuseComparisons(span, combined, givers);
  readOutcome(recordingSource(span, tracing.guards).span, combined.reading);
  // A list or object that no rule reads is kept as JSON, which must be the same.
  for (const [name, given] of classOf) if (given === valueClass.opaque) tracing.guards.attributes.add(name);

  const indexOf = new Map(shape.names.map((name, index) => [name, index]));
  const comesOf = (field: keyof Reading): Comes | undefined =>
    field in combined.reading
      ? readings.find(({ name }) => name === combined.from.get(field))?.comes.get(field as never)
      : undefined;
  const { row } = mapSpan(span, '');
  const texts = (Object.keys(textColumns) as (keyof typeof textColumns)[]).flatMap((field) => {
    const comes = comesOf(field);
    if (comes?.from !== 'attribute' || tracing.guards.attributes.has(comes.name)) return [];
    return { column: textColumns[field], attribute: indexOf.get(comes.name) ?? -1 };
  });
  const given = ([...askedFields] as AskedField[]).flatMap((field) => {
    const comes = comesOf(field);
    return comes?.from === 'row' ? { field, row: comes.row } : [];
  });
  const said = saidOf(combined.reading, given);
  const plan = {
    texts,
    session: texts.find(({ column }) => column === 'session_id')?.attribute ?? row.session_id,
    environment: combined.reading.environment ?? '',
    usage: planUsage(givers, shape),
    isCall: row.kind === 'llm' || row.kind === 'embedding',
    rows: tracing.asked,
    given,
    hasContent: contentFields.some((field) => combined.reading[field] !== undefined),
    said,
    ...placeAttributes(shape, row),
    indexes: indexOf,
    open: tracing.open,
    guarded: tracing.guards.attributes,
    isNameGuarded: tracing.guards.isNameRead,
  };
  return { ...plan, constant: constantColumns(row, plan) };
}

function constantColumns(row: SpanRow, plan: Omit<Plan, 'constant'>): Plan['constant'] {
  const others = new Set<SpanColumn>([
    ...copiedColumns,
    ...plan.texts.map(({ column }) => column),
    ...plan.given.flatMap(({ field }) =>
      field in askedColumns ? askedColumns[field as keyof typeof askedColumns] : [],
    ),
    ...(plan.usage === undefined ? [] : [...Object.values(usageColumns), 'has_usage' as const, 'usage_scope' as const]),
    ...(plan.hasContent ? contentColumnNames : []),
  ]);
  const columns = (Object.keys(row) as SpanColumn[]).filter((column) => !others.has(column));
  return columns.map((column) => ({ column, value: row[column] }));
}

const contentColumnNames = Object.keys(
  contentColumns({}, { projectId: '', week: 0, conversation: '', seenNs: 0n }, []),
) as SpanColumn[];

/** Content that no attribute has: as the name of the span says it. */
function saidOf(reading: Reading, given: Plan['given']): Plan['said'] {
  const said: Record<string, unknown> = {};
  for (const field of contentFields) {
    if (reading[field] !== undefined && !given.some((asked) => asked.field === field)) said[field] = reading[field];
  }
  return said;
}

type Givers = ReturnType<typeof groupByField>;

/** In the order in which counts are believed. */
function planUsage(givers: Givers, { names }: Shape): PlannedUsage[] | undefined {
  return (givers.get('usage') as TracedReading[] | undefined)?.map(({ reading, comes }) => {
    const known = { ...reading.usage };
    const counted: { count: CountName; attribute: number }[] = [];
    for (const count of Object.keys(known) as (keyof typeof known)[]) {
      const from = count === 'isExclusive' ? undefined : comes.get(`usage.${count}`);
      if (count === 'isExclusive' || from?.from !== 'attribute') continue;
      counted.push({ count, attribute: names.indexOf(from.name) });
      known[count] = undefined;
    }
    return { known, counted };
  });
}

function refuseComparisons(span: OtlpSpan, { reading, from, carried, restated }: Combination, givers: Givers): void {
  for (const key of restated) {
    if (!carried.has(key) && span.attributes.has(key)) throw new Unplannable(`${key} may be said elsewhere, too`);
  }
  const giverOf = (field: keyof Reading) => givers.get(field)?.[0]?.name;
  const instructions = giverOf('systemInstructions');
  if (instructions !== undefined && instructions !== (giverOf('inputMessages') ?? instructions)) {
    throw new Unplannable('two conventions may give the instructions');
  }
  if (from.has('reportedCostUsd') && (reading.reportedCostUsd ?? 0) === 0) throw new Unplannable('a cost of 0');
}

/**
 * As `mapSpan` placed them: by name, class and, of lists and objects, by what is in them, which is guarded. No name of
 * a scanned span is so long that it would be cut.
 */
function placeAttributes({ names, classes }: Shape, row: SpanRow): Pick<Plan, 'strings' | 'others' | 'content'> {
  const place = (from: ReadonlyMap<string, string>) =>
    names.flatMap((name, attribute): PlacedJson[] => {
      const encoded = from.get(name);
      if (encoded === undefined) return [];
      const isConstant = constantClasses.has(classes[attribute] ?? 0);
      return [{ attribute, encoded: isConstant ? encoded : undefined }];
    });
  return {
    strings: place(row.attributes).map(({ attribute }) => attribute),
    others: place(row.attributes_json),
    content: place(row.content_attributes),
  };
}

const constantClasses: ReadonlySet<number> = new Set([valueClass.true, valueClass.false, valueClass.opaque]);
