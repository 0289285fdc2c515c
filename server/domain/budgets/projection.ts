import type { BudgetProjection } from '../../contract/budgets.ts';
import { msPerDay } from '../time.ts';
import type { SpendSeries } from './series.ts';

/** Of a normal distribution: 80 % lie between minus and plus this many deviations. */
const z80 = 1.2816;
/** With few parts the deviation itself is a guess: about Student's t, within 2 % from four parts on. */
const studentFactor = 0.76;
/** Fewer parts tell nothing of how much they differ. */
const partsMin = 4;
/** A part should be long, so that it has seen day and night; but there should be so many of them. */
const partsWanted = 6;
/** Windows without an end are looked ahead this far. */
const horizonMs = 365 * msPerDay;
/** Moments at which a path is looked at. */
const gridPoints = 400;
const picodollarsPerDollar = 1e12;
const shownDigits = 6;

/** What a forecast needs: equal parts of the window that are over, and where it stands. */
interface Course {
  spent: number;
  amount: number;
  mean: number;
  /** How far the sum of the next `k` parts may lie from `k` means. */
  spread: (k: number) => number;
  partMs: number;
  /** Parts ahead that are looked at. */
  ahead: number;
  /** Of a rolling window: what has left it after `k` parts. */
  left: (k: number) => number;
}

/**
 * What becomes of an account if it goes on as so far in this window, since it first spent something: what the sum of the coming
 * parts is by mean and deviation of those that are over. Null: too little was spent, or too short a time has passed. Estimates, not money: they are rounded.
 */
export function projectSpend(
  series: SpendSeries,
  { amount, toMs, isRolling }: { amount: bigint; toMs: number | null; isRolling: boolean },
): BudgetProjection | null {
  const { fromMs, stepMs, nowMs, amounts } = series;
  const passed = crossingMs(series, amount);
  const course = readCourse(series, { amount: toDollars(amount), toMs, isRolling });
  if (course === undefined) return passed === undefined ? null : { ...noEnd, ...exhaustedAt(passed, passed, passed) };
  const atEnd = toMs === null ? noEnd : projectEnd(course, (toMs - nowMs) / course.partMs);
  if (passed !== undefined) return { ...atEnd, ...exhaustedAt(passed, passed, passed) };
  const endMs = toMs ?? (isRolling ? nowMs + stepMs * amounts.length : fromMs + horizonMs + (nowMs - fromMs));
  const moment = (sign: number) => {
    const k = firstReach(course, sign);
    const ms = k === undefined ? undefined : nowMs + k * course.partMs;
    return ms === undefined || ms >= endMs ? null : ms;
  };
  return { ...atEnd, ...exhaustedAt(moment(0), moment(1), moment(-1)) };
}

const noEnd = { usdAtEnd: null, lowUsdAtEnd: null, highUsdAtEnd: null };

function projectEnd({ spent, mean, spread }: Course, parts: number) {
  const middle = spent + parts * mean;
  return {
    usdAtEnd: round(middle),
    lowUsdAtEnd: round(Math.max(spent, middle - spread(parts))),
    highUsdAtEnd: round(middle + spread(parts)),
  };
}

function exhaustedAt(at: number | null, earliest: number | null, latest: number | null) {
  return { exhaustedAt: toTime(at), earliestAt: toTime(earliest), latestAt: toTime(latest) };
}

/** When the amount was reached: the end of the step in which it was; undefined: it is not. */
function crossingMs({ fromMs, stepMs, nowMs, amounts }: SpendSeries, amount: bigint): number | undefined {
  let sum = 0n;
  const total = amounts.reduce((all, one) => all + one, 0n);
  if (total < amount) return undefined;
  const at = amounts.findIndex((one) => (sum += one) >= amount);
  return Math.min(nowMs, fromMs + (at + 1) * stepMs);
}

function readCourse(
  { fromMs, stepMs, nowMs, amounts }: SpendSeries,
  { amount, toMs, isRolling }: { amount: number; toMs: number | null; isRolling: boolean },
): Course | undefined {
  const steps = amounts.map(toDollars);
  const spent = steps.reduce((sum, one) => sum + one, 0);
  const over = Math.floor((nowMs - fromMs) / stepMs);
  // Who begins to spend on the 20th says nothing by the days before.
  const first = steps.findIndex((one) => one !== 0);
  const seen = steps.slice(Math.max(0, first), over);
  const perPart = Math.max(1, Math.floor(Math.min(msPerDay, (seen.length * stepMs) / partsWanted) / stepMs));
  const parts = sumParts(seen, perPart);
  if (spent <= 0 || parts.length < partsMin) return undefined;
  const mean = parts.reduce((sum, one) => sum + one, 0) / parts.length;
  const variance = parts.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (parts.length - 1);
  const student = z80 * (1 + studentFactor / (parts.length - 1));
  const partMs = perPart * stepMs;
  const aheadMs = toMs === null ? (isRolling ? steps.length * stepMs : horizonMs) : toMs - nowMs;
  return {
    ...{ spent, amount, mean, partMs },
    ahead: aheadMs / partMs,
    // The mean is itself a guess: its error grows with every part.
    spread: (k) => student * Math.sqrt(variance * (k + k ** 2 / parts.length)),
    left: isRolling ? leavingOf(steps, perPart) : () => 0,
  };
}

/** The latest whole parts; what is left over at the begin is not looked at. */
function sumParts(steps: readonly number[], perPart: number): number[] {
  const count = Math.floor(steps.length / perPart);
  const start = steps.length - count * perPart;
  return Array.from({ length: count }, (_, i) => {
    const part = steps.slice(start + i * perPart, start + (i + 1) * perPart);
    return part.reduce((sum, one) => sum + one, 0);
  });
}

function leavingOf(steps: readonly number[], perPart: number): (k: number) => number {
  const sums = [0];
  for (const step of steps) sums.push((sums.at(-1) ?? 0) + step);
  return (k) => sums[Math.min(sums.length - 1, Math.floor(k * perPart))] ?? 0;
}

/** Parts from now until the path reaches the amount; `sign` 1 is the costliest path, -1 the cheapest. */
function firstReach({ spent, amount, mean, spread, ahead, left }: Course, sign: number): number | undefined {
  const path = (k: number) => spent - left(k) + k * mean + sign * spread(k);
  let before = { k: 0, usd: spent };
  for (let i = 1; i <= gridPoints; i += 1) {
    const k = (ahead * i) / gridPoints;
    const usd = path(k);
    if (usd >= amount) return before.k + ((amount - before.usd) / (usd - before.usd)) * (k - before.k);
    before = { k, usd };
  }
  return undefined;
}

function toDollars(amount: bigint): number {
  return Number(amount) / picodollarsPerDollar;
}

function round(usd: number): string {
  return usd.toFixed(shownDigits).replace(/\.?0+$/, '');
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
