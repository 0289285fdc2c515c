import type { Convention, ContentField, Reading, ReadSpan } from './reading.ts';
import { fillUsage } from './usage.ts';

type Field = keyof Reading;

/**
 * Which convention is believed first, where a field has an order of its own. A convention that an order does not name comes
 * after those it names; among themselves, and in all other fields, they keep the order of the list in `conventions.ts`.
 */
export const orders: Readonly<Partial<Record<Field, readonly string[]>>> = {
  kind: ['openinference', 'otel-gen-ai'],
  usage: ['otel-gen-ai', 'openinference', 'otel-gen-ai-aliases'],
  requestModel: ['otel-gen-ai', 'openinference'],
  responseModel: ['otel-gen-ai', 'openinference'],
  inputMessages: ['otel-gen-ai', 'openinference'],
  outputMessages: ['otel-gen-ai', 'openinference'],
  sessionId: ['', 'otel-gen-ai', 'openinference'],
  userId: ['', 'openinference'],
  reportedCostUsd: ['openinference', 'otel-gen-ai'],
};

/** What one convention read of the span. */
export type NamedReading = ReadSpan & Pick<Convention, 'name'>;

export interface Combination {
  reading: Reading;
  /** The convention that each field was taken from. */
  from: Map<Field, string>;
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
    ...{ reading: {}, from: new Map() },
    ...{ carried: new Set(), restated: new Set(), payloads: new Set() },
  };
  for (const [field, givers] of groupByField(readings)) {
    const giver = givers.find(({ reading }) => !isEmpty(reading[field])) ?? givers[0];
    if (giver === undefined) continue;
    combined.from.set(field, giver.name);
    Object.assign(combined.reading, { [field]: giver.reading[field] });
    if (field === 'usage') combined.reading.usage = fillUsage(givers.flatMap(({ reading }) => reading.usage ?? []));
  }
  settleReading(combined);
  settleAttributes(combined, readings);
  return combined;
}

function groupByField(readings: readonly NamedReading[]): Map<Field, NamedReading[]> {
  const groups = new Map<Field, NamedReading[]>();
  for (const read of readings) {
    for (const field of Object.keys(read.reading) as Field[]) {
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
function settleReading({ reading, from }: Combination): void {
  reading.kind ??= reading.likelyKind;
  // Two conventions may give the instructions in two places: they are not repeated.
  if (
    from.has('inputMessages') &&
    from.get('systemInstructions') !== from.get('inputMessages') &&
    reading.inputMessages?.some(({ role }) => role === 'system') === true
  ) {
    delete reading.systemInstructions;
    from.delete('systemInstructions');
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
