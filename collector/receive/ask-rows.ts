import { findListReader, type ListReader } from '../map/lists/list-reader.ts';
import type { StoredList } from '../map/lists/message-lists.ts';
import type { AskedField, Plan } from '../map/plan/plan.ts';
import { isGivenValue } from '../map/plan/read-table.ts';
import { PlannedSpan, Unplannable } from '../map/plan/recorder.ts';
import { valueClass } from '../map/plan/value-class.ts';
import type { Reading } from '../map/reading.ts';
import { Source } from '../map/source.ts';
import { findValueReader } from '../map/table.ts';
import type { AnyValue, OtlpScope } from './otlp.ts';
import type { SpanScan } from './scan-span.ts';

export interface Asked extends Pick<Reading, AskedField> {
  /** The input messages, where they were stored instead of read. */
  list?: StoredList | undefined;
}

/** Stores the messages of an attribute without reading them one by one; undefined where that cannot be. */
export type StoreList = (attribute: number, reader: ListReader) => StoredList | undefined;

/**
 * What the rules that a plan asks again say of this span. Undefined where one speaks up or falls silent against the plan, or
 * looks at what the plan neither guards nor opened: then the plan does not hold.
 */
export function askRows(plan: Plan, scan: SpanScan, scope: OtlpScope, storeList: StoreList): Asked | undefined {
  const readName = () => {
    if (!plan.isNameGuarded) throw new Unplannable('the name is not guarded');
    return scan.name();
  };
  const span = new PlannedSpan(new ScannedAttributes(plan, scan), { scope, statusCode: scan.statusCode }, readName);
  const source = new Source(span);
  try {
    const values: unknown[] = [];
    const list = findList(plan, scan);
    for (const { row, isGiven } of plan.rows) {
      if (row === list?.row) {
        values.push(undefined); // last of all: what is stored must be wanted
        continue;
      }
      const value = row.read(source, row.from);
      if (isGivenValue(value) !== isGiven) return undefined;
      values.push(value);
    }
    const asked: Record<string, unknown> = { ...plan.said };
    for (const { field, row } of plan.given) asked[field] = values[row];
    // A cost of 0 counts only beside tokens.
    if (asked['reportedCostUsd'] === 0) return undefined;
    if (list === undefined) return asked;
    const stored = storeList(list.attribute, list.reader);
    if (stored !== undefined) return { ...asked, list: stored };
    asked['inputMessages'] = list.row.read(source, list.row.from);
    return isGivenValue(asked['inputMessages']) ? asked : undefined;
  } catch {
    // Unplannable, or what the rule throws without a plan, too.
    return undefined;
  }
}

/** The row that gives the input messages, where it reads a list in JSON element by element. */
function findList({ rows, given, indexes }: Plan, { bytes, ats, classes }: SpanScan) {
  const number = given.find(({ field }) => field === 'inputMessages')?.row;
  const asked = number === undefined ? undefined : rows[number];
  const read = asked?.isGiven === true ? findValueReader(asked.row) : undefined;
  const reader = read === undefined ? undefined : findListReader(read);
  const attribute = asked === undefined ? undefined : indexes.get(asked.row.from);
  if (asked === undefined || reader === undefined || attribute === undefined) return undefined;
  const isText = classes[attribute] === valueClass.bracketText || classes[attribute] === valueClass.longText;
  return isText && bytes[ats[attribute] ?? 0] === 0x5b ? { row: asked.row, reader, attribute } : undefined;
}

/** The scanned attributes as a decoder would give them, each decoded when it is asked for. */
class ScannedAttributes extends Map<string, AnyValue> {
  readonly #plan: Plan;
  readonly #scan: SpanScan;

  constructor(plan: Plan, scan: SpanScan) {
    super();
    this.#plan = plan;
    this.#scan = scan;
  }

  override get size(): number {
    return this.#plan.indexes.size;
  }

  override has(name: string): boolean {
    return this.#plan.indexes.has(name);
  }

  override get(name: string): AnyValue | undefined {
    const { indexes, open, guarded } = this.#plan;
    const index = indexes.get(name);
    if (index === undefined) return undefined;
    if (!open.has(name) && !guarded.has(name)) throw new Unplannable(`${name} is not guarded`);
    return this.#scan.value(index);
  }

  override keys(): MapIterator<string> {
    return this.#plan.indexes.keys();
  }

  override *[Symbol.iterator](): MapIterator<[string, AnyValue]> {
    for (const name of this.keys()) {
      const entry: [string, AnyValue] = [name, null];
      Object.defineProperty(entry, 1, { get: () => this.get(name) });
      yield entry;
    }
  }

  override entries(): MapIterator<[string, AnyValue]> {
    return this[Symbol.iterator]();
  }

  override *values(): MapIterator<AnyValue> {
    for (const [, value] of this) yield value;
  }

  override forEach(each: (value: AnyValue, name: string, all: Map<string, AnyValue>) => void): void {
    for (const [name, value] of this) each(value, name, this);
  }
}
