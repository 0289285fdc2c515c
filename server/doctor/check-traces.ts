import { setTimeout as sleep } from 'node:timers/promises';
import { type LedgerEntry, type SignedEntry, spanKey } from '../domain/settlement/booking.ts';
import { formatAmount } from '../domain/prices/amount.ts';
import { countArrivals } from '../queries/doctor-facts.ts';
import {
  type ArrivalWindow,
  placeKey,
  readChangedTraces,
  readClock,
  readFirstArrival,
  readWindowEnd,
} from '../queries/settlement-changes.ts';
import { locateTraces, measureTraces, type SizedTrace, type TraceToSettle } from '../settle/locate.ts';
import { type Comparison, compareTraces } from './compare-traces.ts';
import type { Doctor } from './context.ts';
import { type CheckResult, countOf, Findings, formatCount } from './report.ts';
import { settleAgain } from './settle-again.ts';

/** Arrivals of one window, and rows of the traces that are compared at once. */
const windowRows = 50_000;
const batchRows = 40_000;
/** Traces that are remembered as compared; one that goes on arriving after so many others is compared again. */
const rememberedMax = 500_000;
const lostMax = 5;

interface Totals {
  traceCount: number;
  decisionCount: number;
  otherPriceCount: number;
  inFlight: number;
  ledger: Findings;
  prices: Findings;
  summaries: Findings;
}

/**
 * Ledger and summaries are what settlement would write, for every trace of which something arrived in the window and is due:
 * window by window as the verified lane goes, by settlement's own code. What differs is looked at once more with all that has
 * arrived since; a trace of which something is not due yet is left to settlement.
 */
export async function checkTraces(doctor: Doctor, firstMs: ReadonlyMap<string, number>): Promise<CheckResult[]> {
  const { db, scope } = doctor;
  const untilMs = Math.min(scope.toMs, scope.dueMs);
  const arrived = await readFirstArrival(db);
  const startMs = Math.max(scope.fromMs, (arrived ?? untilMs) - 1);
  const expected = await countArrivals(db, { fromMs: startMs, toMs: untilMs, projectId: '' });
  const totals: Totals = {
    ...{ traceCount: 0, decisionCount: 0, otherPriceCount: 0, inFlight: 0 },
    ...{ ledger: new Findings(), prices: new Findings(), summaries: new Findings() },
  };
  const compared = new Set<string>();
  let done = 0;
  for (let window: ArrivalWindow = { fromMs: startMs, toMs: startMs }; window.toMs < untilMs;) {
    const rest = { fromMs: window.toMs, toMs: untilMs };
    window = { fromMs: window.toMs, toMs: await readWindowEnd(db, rest, windowRows) };
    const changed = (await readChangedTraces(db, window)).filter(
      ({ projectId }) => scope.projectId === '' || projectId === scope.projectId,
    );
    const fresh = changed.filter((trace) => !compared.delete(placeKey(trace)));
    for (const trace of changed) compared.add(placeKey(trace));
    for (const key of compared) {
      if (compared.size <= rememberedMax) break;
      compared.delete(key);
    }
    const located = fresh.map((trace) => ({
      projectId: trace.projectId,
      traceId: trace.traceId,
      sinceMs: Math.min(trace.firstMs, firstMs.get(placeKey(trace)) ?? trace.firstMs),
    }));
    await compareWindow(doctor, { traces: located, untilMs: window.toMs, totals });
    done = Math.min(expected, done + windowRows);
    doctor.progress(`ledger: compared ${formatCount(done)} of ${formatCount(expected)} arrivals`);
  }
  return describe(totals);
}

async function compareWindow(
  doctor: Doctor,
  { traces, untilMs, totals }: { traces: readonly TraceToSettle[]; untilMs: number; totals: Totals },
): Promise<void> {
  const horizon = { untilMs };
  const suspects: TraceToSettle[] = [];
  for (const batch of await planBatches(doctor, traces, untilMs)) {
    const comparison = await compareTraces(doctor, batch, horizon);
    totals.traceCount += batch.length;
    totals.decisionCount += comparison.decisionCount;
    totals.otherPriceCount += comparison.otherPriceCount;
    suspects.push(...batch.filter((trace) => comparison.differing.has(placeKey(trace))));
  }
  if (suspects.length === 0) return;
  if (doctor.scope.isSettling) await sleep(doctor.confirmMs);
  await examine(doctor, { suspects, totals });
}

/** In groups that fit into memory, without what may have begun to expire. */
async function planBatches(
  { db, scope }: Doctor,
  traces: readonly TraceToSettle[],
  untilMs: number,
): Promise<SizedTrace[][]> {
  const horizon = { untilMs };
  const kept = (await locateTraces(db, traces, horizon)).filter(
    ({ place, sinceMs }) => Math.min(...(place?.days ?? []), Math.floor(sinceMs / 86_400_000)) > scope.keptDay,
  );
  const batches: SizedTrace[][] = [];
  let rows = 0;
  for (const trace of await measureTraces(db, kept, horizon)) {
    const open = batches.at(-1);
    if (open === undefined || rows + trace.rowCount > batchRows) {
      batches.push([trace]);
      rows = trace.rowCount;
    } else {
      open.push(trace);
      rows += trace.rowCount;
    }
  }
  return batches;
}

/** Compares with all that has arrived until now. Where some of it is not due, the halves are looked at by themselves. */
async function examine(
  doctor: Doctor,
  { suspects, totals, lostCount = 0 }: { suspects: readonly TraceToSettle[]; totals: Totals; lostCount?: number },
): Promise<void> {
  const { db, scope } = doctor;
  const untilMs = await readClock(db);
  const batches = await planBatches(doctor, suspects, untilMs);
  if (batches.length > 1) {
    for (const batch of batches) await examine(doctor, { suspects: batch, totals });
    return;
  }
  const comparison = await compareTraces(doctor, batches[0] ?? [], { untilMs });
  const differing = suspects.filter((trace) => comparison.differing.has(placeKey(trace)));
  if (differing.length === 0) return;
  if (!comparison.isLost && comparison.lastArrivedMs <= scope.dueMs) {
    report(comparison, totals);
    if (doctor.options.repair) await settleAgain(doctor, differing);
  } else if (differing.length > 1) {
    const middle = Math.ceil(differing.length / 2);
    await examine(doctor, { suspects: differing.slice(0, middle), totals });
    await examine(doctor, { suspects: differing.slice(middle), totals });
  } else if (comparison.isLost && lostCount < lostMax) {
    await sleep(doctor.confirmMs);
    await examine(doctor, { suspects: differing, totals, lostCount: lostCount + 1 });
  } else {
    totals.inFlight += 1;
  }
}

function report({ ledger, summaries, faults }: Comparison, totals: Totals): void {
  for (const ofSpan of Map.groupBy(ledger, ({ entry }) => spanKey(entry)).values()) {
    const [first] = ofSpan;
    if (first === undefined) continue;
    const { projectId, traceId, spanId } = first.entry;
    totals.ledger.add({ projectId, traceId, spanId, ...describeEntries(ofSpan) });
  }
  for (const { entry, fault } of faults) {
    const { projectId, traceId, spanId } = entry;
    const expected = 'an amount, status and counts that agree';
    totals.prices.add({ projectId, traceId, spanId, stored: `a decision where ${fault}`, expected });
  }
  for (const summary of summaries) totals.summaries.add(summary);
}

function describeEntries(ofSpan: readonly SignedEntry[]): { stored: string; expected: string } {
  const stored = ofSpan.filter(({ sign }) => sign < 0).map(({ entry }) => entry);
  const expected = ofSpan.filter(({ sign }) => sign > 0).map(({ entry }) => entry);
  const [one, other] = [stored[0], expected[0]];
  if (one === undefined) return { stored: 'no decision', expected: expected.map(inShort).join(' and ') };
  if (other === undefined) return { stored: stored.map(inShort).join(' and '), expected: 'not booked' };
  const names = (Object.keys(other) as (keyof LedgerEntry)[]).filter(
    (name) => textOf(one[name]) !== textOf(other[name]),
  );
  const show = (entry: LedgerEntry) => names.map((name) => `${name} ${valueOf(entry, name)}`).join(', ');
  const twice = stored.length > 1 ? `${stored.length} decisions, one of them with ` : '';
  return { stored: `${twice}${show(one)}`, expected: show(other) };
}

function inShort(entry: LedgerEntry): string {
  const why = entry.counted ? entry.status : `not counted (${entry.notCountedBecause})`;
  return `${why}, ${valueOf(entry, 'cost')} dollars`;
}

function valueOf(entry: LedgerEntry, name: keyof LedgerEntry): string {
  const value = entry[name];
  return name === 'cost' || name === 'reportedCost' ? formatAmount(entry[name]) : textOf(value);
}

function textOf(value: LedgerEntry[keyof LedgerEntry]): string {
  return typeof value === 'object' ? JSON.stringify(value) : JSON.stringify(String(value));
}

function describe({
  traceCount,
  decisionCount,
  otherPriceCount,
  inFlight,
  ledger,
  prices,
  summaries,
}: Totals): CheckResult[] {
  const later =
    inFlight === 0 ? '' : ` (${countOf(inFlight, 'trace')} still arriving ${inFlight === 1 ? 'is' : 'are'} not due)`;
  const results = [
    ledger.result('ledger', {
      ok: `${countOf(decisionCount, 'decision')} of ${countOf(traceCount, 'trace')} are what the rules say${later}`,
      failed: `${countOf(ledger.count, 'decision')} of ${formatCount(decisionCount)} are not what the rules say${later}`,
    }),
    prices.result('prices', {
      ok: `the amounts of ${countOf(decisionCount, 'decision')} are what their prices say`,
      failed: `${countOf(prices.count, 'decision')} of ${formatCount(decisionCount)} contradict themselves`,
    }),
    summaries.result('summaries', {
      ok: `the summaries of ${countOf(traceCount, 'trace')} and of their sessions are what the rules say`,
      failed: `${countOf(summaries.count, 'summary', 'summaries')} of traces and sessions are not what the rules say`,
    }),
  ];
  if (otherPriceCount === 0) return results;
  const isOne = otherPriceCount === 1;
  const summary = `${countOf(otherPriceCount, 'decision')} ${isOne ? 'was' : 'were'} priced by another price table than the one installed, and ${isOne ? 'stays' : 'stay'} so`;
  return [...results, { check: 'prices', status: 'note', summary, count: 0, cases: [] }];
}
