import { scaleBand, scaleLinear, stack, stackOrderNone } from 'd3';
import type { CostInterval } from '../../api/types.ts';
import { toNumber } from '../../state/cost-measure.ts';
import type { CostMetric } from '../../state/cost-query.ts';
import type { ChartColumn, ChartData } from './chart-data.ts';

export interface Box {
  /** Places of the part and the column in the data. */
  part: number;
  column: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface ChartLayout {
  boxes: readonly Box[];
  /** Left edge and width of each column's slot, gaps included. */
  slots: readonly { x: number; width: number }[];
  bandwidth: number;
  /** Heights of the axis marks, from the top. */
  marks: readonly { y: number; value: number }[];
  ticks: readonly { x: number; label: string }[];
  /** Top of each column, for what stands above it. */
  tops: readonly number[];
}

/** A cent beside a thousand dollars is still seen. */
const leastPx = 1;
const markRoomPx = 48;
const tickRoomPx = 64;

/** Stacked from the base line, which is zero; the largest part lies lowest. */
export function layChart(
  data: ChartData,
  options: { metric: CostMetric; interval: CostInterval; width: number; height: number },
): ChartLayout {
  const { metric, interval, width, height } = options;
  const { columns, parts } = data;
  const padding = columns.length > width / 6 ? 0.1 : 0.25;
  // Half of it on both sides: every column has the middle of an equal slot.
  const band = scaleBand(
    columns.map((_, place) => place),
    [0, width],
  )
    .paddingInner(padding)
    .paddingOuter(padding / 2);
  const peak = columns.reduce((most, { total }) => Math.max(most, toNumber(metric, total ?? 0n)), 0);
  const whole = metric !== 'cost';
  const scale = scaleLinear([0, peak === 0 ? 1 : peak], [height, 0]).nice(Math.max(2, Math.floor(height / markRoomPx)));
  const layers = stack<ChartColumn, number>()
    .keys(parts.map((_, place) => place))
    .value((column, place) => toNumber(metric, column.values[place] ?? 0n))
    .order(stackOrderNone)([...columns]);
  const boxes = layers.flatMap((layer) =>
    layer.flatMap(([low, high], column): Box[] => {
      if (high <= low) return [];
      const [bottom, top] = [scale(low), scale(high)];
      const size = Math.max(leastPx, bottom - top);
      return [
        { part: layer.key, column, x: band(column) ?? 0, y: bottom - size, width: band.bandwidth(), height: size },
      ];
    }),
  );
  const step = columns.length === 0 ? width : width / columns.length;
  return {
    boxes,
    slots: columns.map((_, place) => ({ x: place * step, width: step })),
    bandwidth: band.bandwidth(),
    marks: scale
      .ticks(Math.max(2, Math.floor(height / markRoomPx)))
      .filter((value) => !whole || Number.isInteger(value))
      .map((value) => ({ y: scale(value), value })),
    ticks: layTicks(columns, { interval, width, step }),
    tops: columns.map(({ total }) => scale(toNumber(metric, total ?? 0n))),
  };
}

/** The column under a distance from the left edge, kept within the chart. */
export function findColumn(count: number, x: number, width: number): number {
  if (count === 0 || width === 0) return 0;
  return Math.min(count - 1, Math.max(0, Math.floor((x / width) * count)));
}

/** `22 Nov 2026, 14:00 – 15:00`, `Sun 22 Nov 2026`, `November 2026`; UTC, as the intervals are. */
export function nameInterval(interval: CostInterval, { startMs, endMs }: { startMs: number; endMs: number }): string {
  if (interval === 'month') return format(startMs, { month: 'long', year: 'numeric' });
  if (interval === 'day') return format(startMs, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  const day = format(startMs, { day: 'numeric', month: 'short', year: 'numeric' });
  return `${day}, ${formatClock(startMs)} – ${formatClock(endMs)}`;
}

/** Labels below the columns, so many that they do not touch; hours and days at round ones. */
function layTicks(
  columns: readonly ChartColumn[],
  { interval, width, step }: { interval: CostInterval; width: number; step: number },
): { x: number; label: string }[] {
  if (width === 0) return [];
  const every = findStep(interval, Math.ceil(tickRoomPx / step));
  return columns.flatMap(({ startMs }, place) => {
    if (!isRound(interval, startMs, every, place)) return [];
    return [{ x: (place + 0.5) * step, label: nameTick(interval, startMs) }];
  });
}

function findStep(interval: CostInterval, least: number): number {
  const steps = interval === 'hour' ? [1, 2, 3, 6, 12, 24, 48, 72, 168] : [1, 2, 7, 14, 28, 56, 112];
  return interval === 'month' ? least : (steps.find((step) => step >= least) ?? least);
}

function isRound(interval: CostInterval, startMs: number, every: number, place: number): boolean {
  // 1970 began on a Thursday: weeks of the axis begin on Mondays.
  if (interval === 'hour') return (startMs / 3_600_000) % every === 0;
  if (interval === 'day') return (startMs / 86_400_000 + 3) % every === 0;
  return place % every === 0;
}

function nameTick(interval: CostInterval, startMs: number): string {
  const date = new Date(startMs);
  if (interval === 'month')
    return date.getUTCMonth() === 0 ? format(startMs, { year: 'numeric' }) : format(startMs, { month: 'short' });
  if (interval === 'hour' && date.getUTCHours() !== 0) return formatClock(startMs);
  return format(startMs, { day: 'numeric', month: 'short' });
}

function formatClock(ms: number): string {
  return format(ms, { hour: '2-digit', minute: '2-digit' });
}

function format(ms: number, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(ms);
}
