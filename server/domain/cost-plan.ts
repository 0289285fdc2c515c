import type { CostDimension, CostGroupName, CostInterval } from '../contract/costs.ts';
import type { TimeWindow } from './filters.ts';
import { msPerDay, msPerHour, nsPerMs, type UnixNano, unixNano } from './time.ts';

/** Where a part of a window is read: a rollup of whole days or hours, or the ledger row by row. */
export type CostSource = 'day' | 'hour' | 'rows';

/** The windows that one source answers; together those of a plan are the window that was asked for, each moment once. */
export interface CostPiece {
  source: CostSource;
  windows: readonly TimeWindow[];
}

interface Rollup {
  unit: 'day' | 'hour';
  dimensions: readonly CostDimension[];
}

/** What the ledger's projections can answer, coarsest first. */
const rollups: readonly Rollup[] = [
  { unit: 'day', dimensions: ['agent', 'model'] },
  { unit: 'day', dimensions: ['user', 'model'] },
  { unit: 'hour', dimensions: ['agent', 'model'] },
];

/** A ClickHouse `Date` ends with day 65 535, a `DateTime` with second 2^32 - 1: later rows are read one by one. */
const unitNs = { day: BigInt(msPerDay) * nsPerMs, hour: BigInt(msPerHour) * nsPerMs };
const lastUnit = { day: 65_535n, hour: BigInt(Math.floor((2 ** 32 - 1) / 3_600)) };

/**
 * Reads as much as it can from rollups: whole days, then whole hours of what is left, then single rows at the ends.
 * `dimensions` are those of the grouping and of the filters: a rollup must have them all.
 */
export function planCosts(request: {
  window: TimeWindow;
  interval: CostInterval | undefined;
  dimensions: readonly CostGroupName[];
}): CostPiece[] {
  const pieces: CostPiece[] = [];
  let rest = isEmpty(request.window) ? [] : [request.window];
  for (const unit of ['day', 'hour'] as const) {
    if (!isRolledUp({ ...request, unit })) continue;
    const cuts = rest.map((window) => cutAtUnits(window, unit));
    const windows = cuts.map((cut) => cut.whole).filter((window) => !isEmpty(window));
    if (windows.length === 0) continue;
    pieces.push({ source: unit, windows });
    rest = cuts.flatMap((cut) => cut.ends).filter((window) => !isEmpty(window));
  }
  return rest.length === 0 ? pieces : [...pieces, { source: 'rows', windows: rest }];
}

function isRolledUp({
  unit,
  interval,
  dimensions,
}: {
  unit: 'day' | 'hour';
  interval: CostInterval | undefined;
  dimensions: readonly CostGroupName[];
}): boolean {
  if (unit === 'day' && interval === 'hour') return false;
  return rollups.some(
    (rollup) =>
      rollup.unit === unit && dimensions.every((name) => (rollup.dimensions as readonly string[]).includes(name)),
  );
}

/** The whole units in a window, and what is left before and after them; all of it is left when there are none. */
function cutAtUnits({ from, to }: TimeWindow, unit: 'day' | 'hour'): { whole: TimeWindow; ends: TimeWindow[] } {
  const first = (from + unitNs[unit] - 1n) / unitNs[unit];
  const end = smallest(to / unitNs[unit], lastUnit[unit]);
  if (first >= end) return { whole: { from, to: from }, ends: [{ from, to }] };
  const whole = { from: unixNano(first * unitNs[unit]), to: unixNano(end * unitNs[unit]) };
  return {
    whole,
    ends: [
      { from, to: whole.from },
      { from: whole.to, to },
    ],
  };
}

function smallest(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function isEmpty({ from, to }: { from: UnixNano; to: UnixNano }): boolean {
  return from >= to;
}
