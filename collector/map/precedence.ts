import { joinLabels } from './labels.ts';
import type { Origin } from './origins.ts';
import type { Convention, ContentField, Field, Reading, ReadSpan } from './reading.ts';
import { fillUsage } from './usage.ts';

type ReadingField = keyof Reading;

/**
 * Which convention is believed first, where a field has an order of its own. A convention that an order does not name comes
 * after those it names; among themselves, and in all other fields, they keep the order of the list in `conventions.ts`.
 */
export const orders: Readonly<Partial<Record<ReadingField, readonly string[]>>> = {
  // Logfire's says only that a span stands for another.
  kind: [
    'logfire',
    'langfuse',
    'openinference',
    'mastra',
    'vercel-ai',
    'langsmith',
    'google-adk',
    'spring-ai',
    'otel-gen-ai',
    'traceloop',
    'traceloop-legacy',
    'mcp',
    'vector-stores',
  ],
  // What Langfuse's own SDK counted is meant for it alone: the other counts of such a span are by a second instrumentation.
  usage: [
    'langfuse',
    'google-adk',
    'otel-gen-ai',
    'openinference',
    'vercel-ai',
    'langfuse-additions',
    'otel-gen-ai-aliases',
  ],
  requestModel: ['otel-gen-ai', 'vercel-ai', 'openinference', 'langfuse', 'langfuse-additions'],
  responseModel: ['otel-gen-ai', 'vercel-ai', 'openinference', 'langfuse', 'langfuse-additions'],
  inputMessages: [
    'otel-gen-ai',
    'openinference',
    'vercel-ai',
    'langfuse',
    'langfuse-additions',
    'traceloop-legacy',
    'otel-gen-ai-prompt',
    'mastra',
    'traceloop',
  ],
  outputMessages: [
    'otel-gen-ai',
    'openinference',
    'vercel-ai',
    'langfuse',
    'langfuse-additions',
    'traceloop-legacy',
    'otel-gen-ai-prompt',
    'mastra',
    'traceloop',
  ],
  sessionId: [
    '',
    'langfuse',
    'langfuse-additions',
    'traceloop',
    'vercel-ai',
    'langsmith',
    'mastra',
    'google-adk',
    'otel-gen-ai',
    'openinference',
  ],
  userId: [
    '',
    'langfuse',
    'langfuse-additions',
    'traceloop',
    'vercel-ai',
    'langsmith',
    'mastra',
    'openinference',
    'traceloop-legacy',
  ],
  reportedCostUsd: ['langfuse', 'langfuse-additions', 'openinference', 'otel-gen-ai'],
};

/** What one convention read of the span. */
export type NamedReading = ReadSpan & Pick<Convention, 'name'>;

export interface Combination {
  reading: Reading;
  /** The convention that each field was taken from. */
  from: Map<ReadingField, string>;
  /** Where each field was found. */
  origins: Origin[];
  /** Attributes that the reading carries whole, or that are kept nowhere. */
  carried: Set<string>;
  /** Attributes with content of which the reading may carry all, in other words. */
  restated: Set<string>;
  /** Attributes with content that is kept as an attribute. */
  payloads: Set<string>;
}

/**
 * One reading of several: each field is the first that is present and not empty in the field's order. Nothing is added up;
 * only gaps in token counts are filled from the next convention that has them.
 */
export function combine(readings: readonly NamedReading[]): Combination {
  const combined: Combination = {
    ...{ reading: {}, from: new Map(), origins: [] },
    ...{ carried: new Set(), restated: new Set(), payloads: new Set() },
  };
  for (const [field, givers] of groupByField(readings)) {
    const giver = givers.find(({ reading }) => !isEmpty(reading[field])) ?? givers[0];
    if (giver === undefined) continue;
    combined.from.set(field, giver.name);
    set(combined.reading, field, giver.reading[field]);
    if (field === 'usage') combined.reading.usage = fillUsage(givers.flatMap(({ reading }) => reading.usage ?? []));
    if (field === 'labels') combined.reading.labels = joinLabels(givers.flatMap(({ reading }) => reading.labels ?? []));
    combined.origins.push(...originsOf(field, giver, givers));
  }
  settleReading(combined);
  settleAttributes(combined, readings);
  return combined;
}

function set<F extends ReadingField>(reading: Reading, field: F, value: Reading[F]): void {
  reading[field] = value;
}

/** One origin a field; of token counts one each, and of labels one for every convention that has some. */
function originsOf(field: ReadingField, giver: NamedReading, givers: readonly NamedReading[]): Origin[] {
  if (field === 'labels') return givers.flatMap((labelled) => originOf('labels', labelled));
  if (field !== 'usage') return originOf(field, giver);
  const found = new Map<string, Origin>();
  for (const source of givers) {
    for (const count of Object.keys(source.sources)) {
      if (count.startsWith('usage.') && !found.has(count)) {
        for (const origin of originOf(count as Field, source)) found.set(count, origin);
      }
    }
  }
  return [...found.values()];
}

function originOf(field: Field, { name, sources }: NamedReading): Origin[] {
  const attribute = sources[field];
  return attribute === undefined ? [] : [{ field, convention: name, attribute }];
}

/** Who gives each field, in the field's order. */
export function groupByField(readings: readonly NamedReading[]): Map<ReadingField, NamedReading[]> {
  const groups = new Map<ReadingField, NamedReading[]>();
  for (const read of readings) {
    for (const field of Object.keys(read.reading) as ReadingField[]) {
      const group = groups.get(field);
      if (group === undefined) groups.set(field, [read]);
      else group.push(read);
    }
  }
  for (const [field, group] of groups) {
    const order = orders[field];
    if (group.length > 1 && order !== undefined) {
      const rank = ({ name }: NamedReading) => (order.includes(name) ? order.indexOf(name) : order.length);
      group.sort((first, second) => rank(first) - rank(second));
    }
  }
  return groups;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/** What one field says about another. */
function settleReading(combined: Combination): void {
  const { reading, from } = combined;
  const isKindNamed = reading.kind !== undefined;
  reading.kind ??= reading.likelyKind;
  // One of the two was followed.
  combined.origins = combined.origins.flatMap((origin) => {
    if (origin.field !== 'likelyKind') return [origin];
    return isKindNamed ? [] : [{ ...origin, field: 'kind' }];
  });
  // Two conventions may give the instructions in two places: they are not repeated.
  if (
    from.has('inputMessages') &&
    from.get('systemInstructions') !== from.get('inputMessages') &&
    reading.inputMessages?.some(({ role }) => role === 'system') === true
  ) {
    delete reading.systemInstructions;
    from.delete('systemInstructions');
    combined.origins = combined.origins.filter(({ field }) => field !== 'systemInstructions');
  }
  // Emitters that do not know the price of a failed call say 0.
  if (reading.reportedCostUsd === 0 && reading.usage === undefined) delete reading.reportedCostUsd;
}

function settleAttributes(combined: Combination, readings: readonly NamedReading[]): void {
  const { from, carried, restated, payloads } = combined;
  for (const { name, content, ...keys } of readings) {
    for (const [field, fieldKeys] of Object.entries(content) as [ContentField, readonly string[]][]) {
      addAll(from.get(field) === name ? carried : restated, fieldKeys);
    }
    addAll(restated, keys.restated);
    addAll(payloads, keys.payloads);
    addAll(carried, keys.dropped);
  }
}

function addAll(set: Set<string>, keys: readonly string[] = []): void {
  for (const key of keys) set.add(key);
}
