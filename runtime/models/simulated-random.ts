import { createHash } from 'node:crypto';
import type { Spread } from '../definition/simulate-schema.ts';

/** From 0 to below 1, the same sequence for the same seed. */
export type Random = () => number;

/** 99 of 100 of a normal distribution lie below this many standard deviations. */
const deviationsOfP99 = 2.3263;
/** A log-normal tail has no end; a demo has. */
const tailMax = 3;

/** Small, fast and good enough for anything but secrets: sfc32, seeded with a hash of the parts. */
export function createRandom(...parts: readonly (string | number)[]): Random {
  const seed = createHash('sha256').update(parts.join('\n')).digest();
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => seed.readInt32LE(at)) as [number, number, number, number];
  return () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** A value of a log-normal distribution given by two of its percentiles. */
export function draw({ p50, p99 }: Spread, random: Random): number {
  if (p50 === 0 || p50 === p99) return p50;
  const deviation = Math.log(p99 / p50) / deviationsOfP99;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(p50 * Math.exp(deviation * normal), p99 * tailMax);
}

/** Throws on an empty list: there is nothing to pick. */
export function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
