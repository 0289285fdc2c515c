import { curveStepAfter, line as drawLine, scaleLinear, scaleTime } from 'd3';
import type { BudgetProjection, BudgetReply } from '../../api/types.ts';
import { toPico } from '../../components/exact-usd.ts';
import { partOf, measureAccount } from './budget-figures.ts';
import { formatPercent, joinWords } from './budget-words.ts';

/** How one account goes. */
export type BudgetFocus = NonNullable<BudgetReply['focus']>;

/** What is left at a moment, in dollars as drawn. */
interface Point {
  ms: number;
  leftUsd: number;
}

export interface BurnData {
  fromMs: number;
  /** Null: the window has no end, or moves on. */
  endMs: number | null;
  nowMs: number;
  amountUsd: number;
  /** What the ledger has, oldest first. */
  points: readonly Point[];
  /** What is left of that once calls that are not booked, and those that run, are taken off. */
  leftNowUsd: number;
  /** Not booked yet or reserved: the difference of the two. */
  heldUsd: number;
  thresholds: readonly { percent: number; leftUsd: number }[];
  projection: {
    exhaustedMs: number | null;
    earliestMs: number | null;
    latestMs: number | null;
    /** Left at the end of the window; null where it has none. */
    atEnd: { leftUsd: number; highUsd: number; lowUsd: number } | null;
  } | null;
}

export interface BurnLayout {
  /** Left in the ledger, as steps. */
  line: string;
  area: string;
  /** An even pace to the end of the window. */
  ideal: string | null;
  projected: string | null;
  /** Between the slow and the fast end of the projection. */
  cone: string | null;
  x: (ms: number) => number;
  y: (usd: number) => number;
  marks: readonly { y: number; value: number }[];
  ticks: readonly { x: number; label: string }[];
}

const markRoomPx = 44;
const tickRoomPx = 88;
/** Where nothing says when it ends, so much more than has passed is drawn. */
const openShare = 0.35;

export function readBurn({ account, series, projection }: BudgetFocus, nowMs: number): BurnData {
  const amount = toPico(account.amountUsd);
  const left = (spentUsd: string) => toDollars(amount - toPico(spentUsd));
  const endMs = account.window.key === 'rolling' || account.window.to === null ? null : Date.parse(account.window.to);
  const fromMs = Date.parse(account.window.from);
  return {
    ...{ fromMs, endMs, nowMs, amountUsd: toDollars(amount) },
    points: [
      { ms: fromMs, leftUsd: toDollars(amount) },
      ...series.map(({ time, spentUsd }) => ({ ms: Date.parse(time), leftUsd: left(spentUsd) })),
      { ms: nowMs, leftUsd: left(account.spentUsd) },
    ].filter(({ ms }, place, all) => ms <= nowMs && ms >= (all[place - 1]?.ms ?? -Infinity)),
    leftNowUsd: Number(measureAccount(account).leftUsd),
    heldUsd: toDollars(toPico(account.pendingUsd) + toPico(account.reservedUsd)),
    // At 100 % nothing is left: that line is there already.
    thresholds: account.thresholds
      .filter((percent) => percent !== 100)
      .map((percent) => ({ percent, leftUsd: left(partOf(account.amountUsd, percent)) })),
    projection:
      projection === null
        ? null
        : {
            exhaustedMs: parseMoment(projection.exhaustedAt),
            earliestMs: parseMoment(projection.earliestAt),
            latestMs: parseMoment(projection.latestAt),
            atEnd: endMs === null ? null : readEnd(projection, left),
          },
  };
}

/** What will be left when the window ends; the more is spent, the less that is. */
function readEnd(
  { usdAtEnd, lowUsdAtEnd, highUsdAtEnd }: BudgetProjection,
  left: (spentUsd: string) => number,
): NonNullable<BurnData['projection']>['atEnd'] {
  if (usdAtEnd === null) return null;
  return { leftUsd: left(usdAtEnd), highUsd: left(lowUsdAtEnd ?? usdAtEnd), lowUsd: left(highUsdAtEnd ?? usdAtEnd) };
}

/** From all of it at the top to nothing at the bottom, and below that where more was spent. */
export function layBurn(data: BurnData, { width, height }: { width: number; height: number }): BurnLayout {
  const { fromMs, nowMs, amountUsd, points, projection } = data;
  const endMs = data.endMs ?? openEnd(data);
  const lowest = Math.min(0, data.leftNowUsd, ...points.map(({ leftUsd }) => leftUsd));
  const markCount = Math.max(2, Math.floor(height / markRoomPx));
  const time = scaleTime([fromMs, endMs], [0, width]);
  const money = scaleLinear([lowest, amountUsd === 0 ? 1 : amountUsd], [height, 0]);
  if (lowest < 0) money.nice(markCount);
  const x = (ms: number) => time(ms);
  const y = (usd: number) => money(usd);
  const steps = drawLine<Point>()
    .x(({ ms }) => x(ms))
    .y(({ leftUsd }) => y(leftUsd))
    .curve(curveStepAfter);
  const path = steps([...points]) ?? '';
  const straight = (from: Point, to: Point) => `M${x(from.ms)},${y(from.leftUsd)}L${x(to.ms)},${y(to.leftUsd)}`;
  const here = { ms: nowMs, leftUsd: data.leftNowUsd };
  const ends = projection === null || data.leftNowUsd <= 0 ? null : projectEnds(data, endMs);
  const lastX = x(points.at(-1)?.ms ?? fromMs);
  return {
    line: path,
    area: path === '' ? '' : `${path}L${lastX},${y(0)}L${x(fromMs)},${y(0)}Z`,
    ideal: data.endMs === null ? null : straight({ ms: fromMs, leftUsd: amountUsd }, { ms: data.endMs, leftUsd: 0 }),
    projected: ends === null ? null : straight(here, ends.middle),
    cone:
      ends === null
        ? null
        : `M${x(here.ms)},${y(here.leftUsd)}L${x(ends.slow.ms)},${y(ends.slow.leftUsd)}L${x(ends.fast.ms)},${y(ends.fast.leftUsd)}Z`,
    x,
    y,
    marks: money.ticks(markCount).map((value) => ({ y: y(value), value })),
    ticks: layTicks([fromMs, endMs], width),
  };
}

/** Twelve-pixel words need so much from one line to the next. */
const labelRoomPx = 14;

/** The words at the thresholds: those whose lines lie too close for a line of words each share the upper one. */
export function labelThresholds({ thresholds }: Pick<BurnData, 'thresholds'>, y: (usd: number) => number) {
  const labels: { y: number; percents: number[] }[] = [];
  for (const { percent, leftUsd } of thresholds.toSorted((a, b) => a.percent - b.percent)) {
    const last = labels.at(-1);
    if (last !== undefined && y(leftUsd) - last.y < labelRoomPx) last.percents.push(percent);
    else labels.push({ y: y(leftUsd), percents: [percent] });
  }
  return labels.map(({ y: at, percents }) => ({ y: at, text: `${joinWords(percents.map(formatPercent))} used` }));
}

/** The point on the line under a distance from the left edge: the last one that is not behind it. */
export function findPoint(data: BurnData, layout: Pick<BurnLayout, 'x'>, px: number): number {
  const place = data.points.findLastIndex(({ ms }) => layout.x(ms) <= px + 0.5);
  return Math.max(0, place);
}

/** What an even pace would have left then; null where there is no end. */
export function idealAt({ fromMs, endMs, amountUsd }: BurnData, ms: number): number | null {
  if (endMs === null || endMs <= fromMs) return null;
  return amountUsd * (1 - Math.min(1, Math.max(0, (ms - fromMs) / (endMs - fromMs))));
}

/** Where the projection is when the drawing ends: at the end of the window, or at nothing where that has no end. */
function projectEnds(data: BurnData, endMs: number): { middle: Point; slow: Point; fast: Point } | null {
  const { projection } = data;
  if (projection === null) return null;
  const { atEnd, exhaustedMs, earliestMs, latestMs } = projection;
  if (atEnd !== null) {
    return {
      middle: { ms: endMs, leftUsd: atEnd.leftUsd },
      slow: { ms: endMs, leftUsd: atEnd.highUsd },
      fast: { ms: endMs, leftUsd: atEnd.lowUsd },
    };
  }
  if (exhaustedMs === null) return null;
  const empty = (ms: number) => ({ ms, leftUsd: 0 });
  return { middle: empty(exhaustedMs), slow: empty(latestMs ?? exhaustedMs), fast: empty(earliestMs ?? exhaustedMs) };
}

function openEnd({ fromMs, nowMs, projection }: BurnData): number {
  const passed = Math.max(1, nowMs - fromMs);
  const soonest = projection?.latestMs ?? projection?.exhaustedMs ?? 0;
  const most = nowMs + passed;
  return Math.max(nowMs + passed * openShare, Math.min(soonest, most));
}

function parseMoment(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}

/** As drawn; what is written comes from the exact amounts. */
function toDollars(pico: bigint): number {
  return Number(pico) / 1e12;
}

/** In the viewer's own zone, so many that they do not touch. */
function layTicks([fromMs, endMs]: [number, number], width: number): { x: number; label: string }[] {
  const count = Math.max(2, Math.floor(width / tickRoomPx));
  const spanMs = endMs - fromMs;
  const local = scaleTime([fromMs, endMs], [0, width]);
  return local.ticks(count).map((date) => ({ x: local(date), label: formatTick(date, spanMs) }));
}

const msPerDay = 86_400_000;

function formatTick(date: Date, spanMs: number): string {
  if (spanMs > 300 * msPerDay) return format(date, { month: 'short', year: '2-digit' });
  if (spanMs > 3 * msPerDay) return format(date, { day: 'numeric', month: 'short' });
  const clock = format(date, { hour: '2-digit', minute: '2-digit' });
  return clock === '00:00' ? format(date, { day: 'numeric', month: 'short' }) : clock;
}

function format(date: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-GB', options).format(date);
}
