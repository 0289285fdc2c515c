import { scaleLinear, scaleTime } from 'd3';
import type { HistogramReply } from '../../api/types.ts';
import { toMs } from '../time.ts';

export type Bucket = HistogramReply['buckets'][number];

export interface Bar {
  index: number;
  startMs: number;
  endMs: number;
  traces: number;
  errors: number;
  x: number;
  width: number;
  /** Heights from the base line: all traces, and those with errors in front of them. */
  height: number;
  errorHeight: number;
}

interface Size {
  width: number;
  height: number;
}

const gapPx = 1;
/** One trace among thousands, and one error among a thousand traces, are still seen. */
const leastPx = 2;

/** Bars from the base line; the highest bucket has the full height. Bars never overlap, however many there are. */
export function layBars(histogram: HistogramReply, { width, height }: Size): Bar[] {
  const { buckets, intervalMs } = histogram;
  const slot = buckets.length === 0 ? 0 : width / buckets.length;
  const scale = scaleLinear([0, findPeak(buckets)], [0, height]);
  const toHeight = (count: number) => (count === 0 ? 0 : Math.max(leastPx, scale(count)));
  return buckets.map((bucket, index) => {
    const startMs = toMs(bucket.startTimeUnixNano);
    return {
      index,
      startMs,
      endMs: startMs + intervalMs,
      traces: bucket.traceCount,
      errors: bucket.errorCount,
      x: index * slot,
      width: Math.max(slot - gapPx, 0.5),
      height: toHeight(bucket.traceCount),
      errorHeight: toHeight(bucket.errorCount),
    };
  });
}

/** The highest bucket, at least 1, so that an empty chart keeps its base line. */
export function findPeak(buckets: readonly Bucket[]): number {
  return buckets.reduce((peak, bucket) => Math.max(peak, bucket.traceCount), 1);
}

/** Round moments of the local zone with their labels, so many that they do not touch. */
export function layTicks(
  bars: readonly Pick<Bar, 'startMs' | 'endMs'>[],
  width: number,
): { x: number; label: string }[] {
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined || width === 0) return [];
  const scale = scaleTime([first.startMs, last.endMs], [0, width]);
  const format = scale.tickFormat();
  const tickRoomPx = 96;
  const leftPx = 24;
  /** The zone's name stands at the right end. */
  const rightPx = 64;
  return scale
    .ticks(Math.max(2, Math.floor(width / tickRoomPx)))
    .map((date) => ({ x: scale(date), label: writeTick(date, format(date)) }))
    .filter(({ x }) => x > leftPx && x < width - rightPx);
}

/** The bucket under a distance from the left edge, kept within the chart. */
export function findBar(bars: readonly Bar[], x: number, width: number): number {
  if (bars.length === 0 || width === 0) return 0;
  return Math.min(bars.length - 1, Math.max(0, Math.floor((x / width) * bars.length)));
}

/** 24-hour clock; a new day says its date. */
function writeTick(date: Date, fallback: string): string {
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (isMidnight) return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(date);
  if (date.getMilliseconds() !== 0) return fallback;
  const seconds = date.getSeconds() === 0 ? {} : ({ second: '2-digit' } as const);
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...seconds }).format(date);
}
