import { extent, line, scaleLinear, scaleTime } from 'd3';
import type { BackTestReply } from '../../api/alerts.ts';
import { formatDate, formatMoment } from '../../components/time.ts';

export interface BacktestLayout {
  lines: readonly { group: string | null; path: string; colour: string }[];
  limits: readonly { name: 'warning' | 'critical' | 'recovery'; value: number; y: number }[];
  /** Where it would have fired. */
  bands: readonly { place: number; x: number; width: number; isCritical: boolean }[];
  /** Heights of the axis marks, from the top. */
  marks: readonly { y: number; value: number }[];
  ticks: readonly { x: number; atMs: number; label: string }[];
  /** The parts of the time that have a point: the left edge, when a part begins, and when the next one does. */
  moments: readonly { x: number; atMs: number; untilMs: number }[];
}

type Firing = Pick<BackTestReply['fired'][number], 'fromMs' | 'toMs'>;

const markRoomPx = 44;
const tickRoomPx = 72;
/** A firing of a minute in two weeks is still seen. */
const leastBandPx = 3;
const colours = 8;

/** Lines of the series between the limits; gaps stay gaps. The scale holds zero, every value and every limit. */
export function layBacktest(
  reply: Pick<BackTestReply, 'fromMs' | 'toMs' | 'series' | 'fired'>,
  limits: Readonly<Record<'warning' | 'critical' | 'recovery', number | null>>,
  { width, height }: { width: number; height: number },
): BacktestLayout {
  const { fromMs, toMs, series, fired } = reply;
  const values = series.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
  const set = (['warning', 'critical', 'recovery'] as const).flatMap((name) => {
    const value = limits[name];
    return value === null ? [] : [{ name, value }];
  });
  const [least = 0, most = 0] = extent([0, ...values, ...set.map(({ value }) => value)]);
  const x = scaleTime([fromMs, toMs], [0, width]);
  const markCount = Math.max(2, Math.floor(height / markRoomPx));
  const y = scaleLinear([least, most === least ? least + 1 : most], [height, 0]).nice(markCount);
  const draw = line<{ atMs: number; value: number | null }>()
    .defined(({ value }) => value !== null)
    .x(({ atMs }) => x(atMs))
    .y(({ value }) => y(value ?? 0));
  return {
    lines: series.map(({ group, points }, place) => ({
      group,
      path: draw([...points]) ?? '',
      colour: `var(--series-${(place % colours) + 1})`,
    })),
    limits: set.map(({ name, value }) => ({ name, value, y: y(value) })),
    bands: fired.map(({ fromMs: startMs, toMs: endMs, severity }, place) => {
      const left = x(Math.max(startMs, fromMs));
      const size = Math.max(leastBandPx, x(Math.min(endMs ?? toMs, toMs)) - left);
      return { place, x: Math.min(left, width - size), width: size, isCritical: severity === 'critical' };
    }),
    marks: y.ticks(markCount).map((value) => ({ y: y(value), value })),
    ticks: x.ticks(Math.max(2, Math.floor(width / tickRoomPx))).map((date) => ({
      x: x(date),
      atMs: date.getTime(),
      label: nameTick(date, toMs),
    })),
    moments: listMoments(series).map((atMs, place, all) => ({ x: x(atMs), atMs, untilMs: all[place + 1] ?? Infinity })),
  };
}

/** The moment nearest to a distance from the left edge; null where there is none. */
export function findMoment(moments: BacktestLayout['moments'], x: number): number | null {
  let nearest: number | null = null;
  let least = Infinity;
  for (const [place, moment] of moments.entries()) {
    const distance = Math.abs(moment.x - x);
    if (distance >= least) break;
    [nearest, least] = [place, distance];
  }
  return nearest;
}

/** What would have fired in a part of the time, be it for less than all of it. */
export function firingAt<One extends Firing>(
  fired: readonly One[],
  { atMs, untilMs }: { atMs: number; untilMs: number },
): One[] {
  return fired.filter(({ fromMs, toMs }) => fromMs < untilMs && (toMs ?? Infinity) > atMs);
}

/** The place of the next part, or the one before, in which something begins to fire; null where there is none. */
export function findFiring(
  moments: BacktestLayout['moments'],
  fired: readonly Firing[],
  { here, step }: { here: number | null; step: 1 | -1 },
): number | null {
  const places = moments.flatMap(({ atMs, untilMs }, place) =>
    fired.some(({ fromMs }) => fromMs >= atMs && fromMs < untilMs) ? [place] : [],
  );
  const found =
    step === 1
      ? places.find((place) => here === null || place > here)
      : places.findLast((place) => here === null || place < here);
  return found ?? null;
}

/** What every series says at a moment. */
export function valuesAt(
  series: BackTestReply['series'],
  atMs: number,
): { group: string | null; value: number | null; place: number }[] {
  return series.map(({ group, points }, place) => ({
    ...{ group, place },
    value: points.find((point) => point.atMs === atMs)?.value ?? null,
  }));
}

/** All moments of all series, in order, each once. */
export function listMoments(series: BackTestReply['series']): number[] {
  return [...new Set(series.flatMap(({ points }) => points.map(({ atMs }) => atMs)))].toSorted((a, b) => a - b);
}

function nameTick(date: Date, nowMs: number): string {
  const ms = date.getTime();
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  return isMidnight ? formatDate(ms, nowMs) : formatMoment(ms, ms);
}
