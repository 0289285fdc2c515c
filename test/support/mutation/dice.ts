import { createRandom } from '../load-random.ts';

/** Seeded choices: the same seed makes the same ones on every machine. */
export interface Dice {
  /** A whole number from 0, below `end`. */
  below(end: number): number;
  /** True in this share of cases. */
  chance(share: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** One of a list that may be empty. */
  pickAny<T>(list: readonly T[]): T | undefined;
}

export function createDice(seed: number): Dice {
  const random = createRandom(seed);
  const below = (end: number) => Math.floor(random() * end);
  return {
    below,
    chance: (share) => random() < share,
    pick: (list) => list[below(list.length)] ?? list[0],
    pickAny: (list) => list[below(list.length)],
  };
}
