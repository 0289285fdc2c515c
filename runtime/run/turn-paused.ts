import type { Pause } from '../sessions/pause.ts';
import type { Entry } from '../sessions/record.ts';

/** A turn does not end for now: a budget has too little left for it, or for a sub-agent that it asked. */
export class TurnPaused extends Error {
  override readonly name = 'TurnPaused';
  readonly pause: Pause;

  constructor(pause: Pause) {
    super(`the session waits for the budget ${pause.budget.name}`);
    this.pause = pause;
  }
}

/** How long a turn has waited for budgets until now. It went on when the next model or tool was called. */
export function pausedMs(entries: readonly Entry[], nowMs: number): number {
  return entries.reduce((sum, entry, place) => {
    if (entry.type !== 'paused') return sum;
    const next = entries.slice(place + 1).find(({ type }) => type !== 'paused');
    return sum + Math.max(0, (next === undefined ? nowMs : beginOf(next, nowMs)) - entry.atMs);
  }, 0);
}

function beginOf(entry: Entry, nowMs: number): number {
  switch (entry.type) {
    case 'step':
      return entry.attempts[0]?.startMs ?? nowMs;
    case 'tool':
      return entry.startMs;
    case 'compacted':
      return entry.call?.attempts[0]?.startMs ?? entry.atMs;
    default:
      return entry.atMs;
  }
}
