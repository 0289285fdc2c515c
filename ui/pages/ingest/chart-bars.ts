import { scaleLinear } from 'd3';
import type { IngestReply } from '../../api/ingest.ts';
import { toMs } from '../../components/time.ts';

/** What became of what was received, from the base line up. */
export const fates = ['stored', 'spooled', 'rejected'] as const;
export type Fate = (typeof fates)[number];

export interface Bar {
  startMs: number;
  endMs: number;
  counts: Readonly<Record<Fate, number>>;
  received: number;
  refusedRequests: number;
  x: number;
  width: number;
  /** Those that have anything, from the base line up. */
  boxes: readonly { fate: Fate; y: number; height: number }[];
}

export interface ChartSize {
  width: number;
  height: number;
}

/** More are never drawn: the server cuts a window into some hundred. */
const barsMax = 2_000;
const gapPx = 1;
/** One reject among a million is still seen. */
const leastPx = 2;

/** A bar for each bucket of the window, also for those in which nothing came. */
export function layBars(
  { buckets, bucketMs }: Pick<IngestReply, 'buckets' | 'bucketMs'>,
  window: { fromMs: number; toMs: number },
  { width, height }: ChartSize,
): Bar[] {
  const byStart = new Map(buckets.map((bucket) => [toMs(bucket.timeUnixNano), bucket]));
  const first = Math.floor(window.fromMs / bucketMs) * bucketMs;
  const count = Math.min(barsMax, Math.max(1, Math.ceil((window.toMs - first) / bucketMs)));
  const slot = width / count;
  const scale = scaleLinear([0, findPeak(buckets)], [0, height]);
  return Array.from({ length: count }, (_, index) => {
    const startMs = first + index * bucketMs;
    const { stored = 0, spooled = 0, rejected = 0, refusedRequests = 0 } = byStart.get(startMs) ?? {};
    const counts = { stored, spooled, rejected };
    let y = height;
    const boxes = fates.flatMap((fate) => {
      if (counts[fate] === 0) return [];
      const boxHeight = Math.max(leastPx, scale(counts[fate]));
      y -= boxHeight;
      return [{ fate, y, height: boxHeight }];
    });
    const place = { x: index * slot, width: Math.max(slot - gapPx, 0.5) };
    return {
      startMs,
      endMs: startMs + bucketMs,
      counts,
      received: stored + spooled + rejected,
      refusedRequests,
      ...place,
      boxes,
    };
  });
}

/** The highest bar, at least 1, so that an empty chart keeps its base line. */
export function findPeak(buckets: IngestReply['buckets']): number {
  return buckets.reduce((peak, { received }) => Math.max(peak, received), 1);
}
