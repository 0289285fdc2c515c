import { makePlan } from '../map/plan/make-plan.ts';
import type { Plan } from '../map/plan/plan.ts';
import { Unplannable } from '../map/plan/recorder.ts';
import { valueClass } from '../map/plan/value-class.ts';
import { ByteInterner } from './byte-interner.ts';
import { type ReadyPlan, readyPlan } from './follow-plan.ts';
import type { OtlpSpan } from './otlp.ts';
import type { SpanScan } from './scan-span.ts';

/** What is remembered; beyond, all of it is forgotten and learnt again. */
export const planLimits = {
  keys: 8_192,
  /** Different guarded values. */
  values: 32_768,
  shapes: 1_024,
  plans: 8_192,
  /** A shape with more depends on values that are no names: its spans are not planned. */
  plansPerShape: 128,
  /** Spans of a shape that could not be planned, until none is tried any more. */
  failuresPerShape: 4,
  /** A longer text or list is no name. */
  guardedBytes: 256,
  /** Making a plan costs as much as mapping some ten spans: at most one in so many spans is planned, after a start. */
  spansPerPlan: 16,
  plansAtOnce: 512,
} as const;

interface ShapeEntry {
  scope: number;
  status: number;
  keys: Int32Array;
  classes: Uint8Array;
  /** Indexes of the attributes that some plan guards: all plans of the shape are found by all of them. */
  guards: number[];
  isNameGuarded: boolean;
  plans: Map<number, { numbers: Float64Array; plan: ReadyPlan }[]>;
  planCount: number;
  failures: number;
}

/**
 * Plans by the shape of spans and by their guarded values. A value is guarded by its number in a table of byte texts, a
 * count by itself: equal numbers are equal values. Guarding more than a plan depends on is always right, so all plans of a
 * shape are found by the union of what they guard.
 */
export class PlanBook {
  #keys = new ByteInterner(planLimits.keys);
  #values = new ByteInterner(planLimits.values);
  #shapes = new Map<number, ShapeEntry[]>();
  #shapeCount = 0;
  #planCount = 0;
  #credit: number = planLimits.plansAtOnce;
  readonly #numbers = new Float64Array(256);

  /** For scanners; another one after everything was forgotten. */
  get keys(): ByteInterner {
    return this.#keys;
  }

  /** The plan for the span that was scanned. */
  find(scan: SpanScan, scope: number): ReadyPlan | undefined {
    if (this.#credit < planLimits.plansAtOnce) this.#credit += 1 / planLimits.spansPerPlan;
    const entry = scan.knowsKeys ? this.#findShape(scan, scope) : undefined;
    if (entry === undefined || entry.planCount === 0 || !this.#readNumbers(scan, entry, this.#values)) return undefined;
    return this.#findPlan(entry)?.plan;
  }

  /** Makes a plan of a span that had none, if it can and may. `decode` gives the span as `mapSpan` takes it. */
  learn(scan: SpanScan, scope: number, span: OtlpSpan): void {
    if (this.#credit < 1) return;
    const known = scan.knowsKeys ? this.#findShape(scan, scope) : undefined;
    if (known !== undefined && isGivenUp(known)) return;
    this.#credit -= 1;
    if (!this.#addKeys(scan)) return;
    const entry = known ?? this.#addShape(scan, scope);
    try {
      this.#addPlan(entry, scan, makePlan(span, { names: namesOf(scan), classes: [...entry.classes] }));
    } catch {
      // Also where a rule fails on a span that is observed: its row was made without a plan.
      entry.failures += 1;
    }
    if (this.#shapeCount > planLimits.shapes || this.#planCount > planLimits.plans) this.#forget();
  }

  #addKeys(scan: SpanScan): boolean {
    for (let index = 0; index < scan.count; index += 1) {
      const key = this.#keys.add(scan.bytes, scan.keyAts[index] ?? 0, scan.keyEnds[index] ?? 0);
      if (key === -1) {
        this.#forget();
        return false;
      }
      scan.keys[index] = key;
    }
    return true;
  }

  #addShape(scan: SpanScan, scope: number): ShapeEntry {
    const entry: ShapeEntry = {
      ...{ scope, status: scan.statusCode },
      keys: scan.keys.slice(0, scan.count),
      classes: scan.classes.slice(0, scan.count),
      ...{ guards: [], isNameGuarded: false, plans: new Map(), planCount: 0, failures: 0 },
    };
    const hash = hashShape(scan, scope);
    const bucket = this.#shapes.get(hash);
    if (bucket === undefined) this.#shapes.set(hash, [entry]);
    else bucket.push(entry);
    this.#shapeCount += 1;
    return entry;
  }

  #findShape(scan: SpanScan, scope: number): ShapeEntry | undefined {
    for (const entry of this.#shapes.get(hashShape(scan, scope)) ?? []) {
      if (isOfShape(scan, scope, entry)) return entry;
    }
    return undefined;
  }

  #addPlan(entry: ShapeEntry, scan: SpanScan, plan: Plan): void {
    const names = namesOf(scan);
    const guards = names.flatMap((name, index) =>
      plan.guarded.has(name) || entry.guards.includes(index) ? [index] : [],
    );
    if (guards.length > entry.guards.length || (plan.isNameGuarded && !entry.isNameGuarded)) {
      // The plans there are were found by fewer values.
      this.#planCount -= entry.planCount;
      entry.plans.clear();
      entry.planCount = 0;
      entry.guards = guards;
      entry.isNameGuarded ||= plan.isNameGuarded;
    }
    if (guards.some((index) => !isGuardable(scan, index))) throw new Unplannable('a value is too long to be guarded');
    if (!this.#readNumbers(scan, entry, { find: (bytes, at, end) => this.#values.add(bytes, at, end) })) {
      this.#forget();
      return;
    }
    if (this.#findPlan(entry) !== undefined) return;
    const hash = hashNumbers(this.#numbers, guardCount(entry));
    const bucket = entry.plans.get(hash) ?? [];
    entry.plans.set(hash, bucket);
    bucket.push({ numbers: this.#numbers.slice(0, guardCount(entry)), plan: readyPlan(plan) });
    entry.planCount += 1;
    this.#planCount += 1;
  }

  #findPlan(entry: ShapeEntry) {
    const length = guardCount(entry);
    next: for (const candidate of entry.plans.get(hashNumbers(this.#numbers, length)) ?? []) {
      for (let at = 0; at < length; at += 1) if (candidate.numbers[at] !== this.#numbers[at]) continue next;
      return candidate;
    }
    return undefined;
  }

  /** What the guarded values are, as numbers; false where one is not known. */
  #readNumbers(scan: SpanScan, entry: ShapeEntry, values: Pick<ByteInterner, 'find'>): boolean {
    let length = 0;
    for (const index of entry.guards) {
      const number =
        scan.classes[index] === valueClass.count
          ? (scan.numbers[index] ?? -1)
          : isGuardable(scan, index)
            ? values.find(scan.bytes, scan.ats[index] ?? 0, scan.ends[index] ?? 0)
            : -1;
      if (number === -1) return false;
      this.#numbers[length++] = number;
    }
    if (entry.isNameGuarded) {
      const number = values.find(scan.bytes, scan.nameAt, scan.nameEnd);
      if (number === -1) return false;
      this.#numbers[length] = number;
    }
    return true;
  }

  #forget(): void {
    this.#keys = new ByteInterner(planLimits.keys);
    this.#values = new ByteInterner(planLimits.values);
    this.#shapes = new Map();
    this.#shapeCount = 0;
    this.#planCount = 0;
  }
}

function isGivenUp({ failures, planCount }: ShapeEntry): boolean {
  return failures >= planLimits.failuresPerShape || planCount >= planLimits.plansPerShape;
}

function guardCount({ guards, isNameGuarded }: ShapeEntry): number {
  return guards.length + (isNameGuarded ? 1 : 0);
}

function isGuardable(scan: SpanScan, index: number): boolean {
  return (scan.ends[index] ?? 0) - (scan.ats[index] ?? 0) <= planLimits.guardedBytes;
}

function namesOf(scan: SpanScan): string[] {
  return Array.from({ length: scan.count }, (_, index) =>
    scan.bytes.toString('utf8', scan.keyAts[index], scan.keyEnds[index]),
  );
}

function hashShape(scan: SpanScan, scope: number): number {
  let hash = scope * 8 + scan.statusCode;
  for (let index = 0; index < scan.count; index += 1) {
    hash = (Math.imul(hash, 31) + ((scan.keys[index] ?? 0) << 4) + (scan.classes[index] ?? 0)) | 0;
  }
  return hash;
}

function isOfShape(scan: SpanScan, scope: number, entry: ShapeEntry): boolean {
  const { keys, classes } = entry;
  if (entry.scope !== scope || entry.status !== scan.statusCode || keys.length !== scan.count) return false;
  for (let index = 0; index < keys.length; index += 1) {
    if (keys[index] !== scan.keys[index] || classes[index] !== scan.classes[index]) return false;
  }
  return true;
}

function hashNumbers(numbers: Float64Array, length: number): number {
  let hash = length;
  for (let at = 0; at < length; at += 1) hash = (Math.imul(hash, 31) + (numbers[at] ?? 0)) | 0;
  return hash;
}
