import type { SpanTable } from './span-table.ts';

const nsPerMs = 1_000_000;

/** Times in milliseconds since the trace's first start, by span index; whole nanoseconds up to 104 days. */
export type SpanTimes = {
  originNs: bigint;
  startMs: Float64Array;
  /** Never before the start; a span without an end ends where it starts. */
  endMs: Float64Array;
  /** The latest end: the trace reaches from 0 to here. */
  lengthMs: number;
};

/**
 * The one place where nanoseconds become milliseconds. A span without a start is put at the trace's start.
 * Clocks are not corrected: what a span says is what is drawn.
 */
export function toSpanTimes(table: SpanTable): SpanTimes {
  const { startNs, endNs } = table;
  const originNs = earliest(startNs);
  const startMs = new Float64Array(table.length);
  const endMs = new Float64Array(table.length);
  let lengthMs = 0;
  for (let index = 0; index < table.length; index++) {
    const start = startNs[index] === 0n ? originNs : (startNs[index] ?? originNs);
    const end = endNs[index] === 0n ? start : (endNs[index] ?? start);
    const from = sinceMs(start, originNs);
    const to = Math.max(from, sinceMs(end, originNs));
    startMs[index] = from;
    endMs[index] = to;
    if (to > lengthMs) lengthMs = to;
  }
  return { originNs, startMs, endMs, lengthMs };
}

/** Milliseconds from `originNs` to `timeNs`; negative before it. */
export function sinceMs(timeNs: bigint, originNs: bigint): number {
  return Number(timeNs - originNs) / nsPerMs;
}

function earliest(startNs: BigUint64Array): bigint {
  let least = 0n;
  for (const start of startNs) if (start !== 0n && (least === 0n || start < least)) least = start;
  return least;
}
