import { converse, createTally, type Tally } from './converse.ts';
import { personas } from './personas.ts';
import { makeUser } from './user.ts';
import type { World } from './world.ts';

export interface UsersOptions {
  runtimeUrl: string;
  /** Where keys are needed. */
  key?: string | undefined;
  world: World;
  users: number;
  turns: number;
  minutes: number;
  rate: number;
  seed: number;
  signal: AbortSignal;
}

const msPerMinute = 60_000;

/**
 * Lets users talk, so many at a time, until the turns or the time are used up; `tally` grows meanwhile. Conversations that have
 * begun say their last word first.
 */
export function runUsers(options: UsersOptions): { tally: Tally; done: Promise<void> } {
  const { runtimeUrl, key, world, users, turns, minutes, rate, seed, signal } = options;
  const tally = createTally();
  const endMs = minutes === 0 ? Infinity : performance.now() + minutes * msPerMinute;
  const mayGoOn = () => !signal.aborted && performance.now() < endMs && (turns === 0 || begun < turns);
  let begun = 0;
  let number = 0;
  let nextMs = performance.now();
  const takeTurn = async () => {
    if (!mayGoOn()) return false;
    begun += 1;
    nextMs = Math.max(nextMs + msPerMinute / rate, performance.now());
    await pause(nextMs - performance.now(), signal);
    return !signal.aborted;
  };
  const talk = async (place: number) => {
    // Not all in the same moment.
    await pause(place * 60, signal);
    while (mayGoOn()) {
      // Everybody is met at least once, so that every page has something.
      const user = makeUser(world, seed, number, personas[number]);
      number += 1;
      await converse(user, { runtimeUrl, key, tally, takeTurn, pause: (ms) => pause(ms, signal), signal });
    }
  };
  const done = Promise.all(Array.from({ length: users }, (_, place) => talk(place))).then(() => undefined);
  return { tally, done };
}

/** Also over when everything ends. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
