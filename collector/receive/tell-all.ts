import type { RequestListener } from './visitor.ts';

/** One listener that tells all of these. */
export function tellAll(...given: readonly (RequestListener | undefined)[]): RequestListener {
  const listeners = given.filter((listener) => listener !== undefined);
  return {
    onHeld: (visitor, held) => {
      for (const listener of listeners) listener.onHeld(visitor, held);
    },
    onRefused: (visitor, refusal) => {
      for (const listener of listeners) listener.onRefused(visitor, refusal);
    },
  };
}
