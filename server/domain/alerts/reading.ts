/** What one group had in one part of the time; sums of parts are sums of the whole, exactly. */
export interface Reading {
  /** Beginning of the part. */
  atMs: number;
  /** 10^-12 dollars. */
  usd: bigint;
  /** Samples, and of them those that are counted: failures, unpriced calls. */
  whole: number;
  part: number;
  /** Samples by the logarithm of their duration. */
  bins: readonly (readonly [bin: number, count: number])[];
  /** How often each key was there: sessions, or one tool with equal arguments. */
  keys: readonly (readonly [key: string, count: number])[];
  /** Single samples, for what depends on their order. */
  items: readonly ReadingItem[];
  /** The last sample. */
  lastMs: number;
}

export interface ReadingItem {
  /** What belongs together: a session, a tool. */
  key: string;
  /** Within the key: a turn. */
  part: string;
  /** Microseconds since 1970. */
  atUs: number;
  amount: number;
}

export const emptyReading: Omit<Reading, 'atMs'> = {
  usd: 0n,
  whole: 0,
  part: 0,
  bins: [],
  keys: [],
  items: [],
  lastMs: 0,
};

/** Bins grow by 2 %: a percentile of them is true within 1 %. */
export const binGrowth = 1.02;

/** The duration that a bin stands for, in milliseconds with three significant digits. */
export function durationOfBin(bin: number): number {
  return Number((binGrowth ** bin).toPrecision(3));
}
