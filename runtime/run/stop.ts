import type { TurnEnd } from '../sessions/record.ts';

/**
 * Why a turn is stopped from outside. `cancel`, `supersede` and `timeout` end it; after `lost` (another process has it) and
 * `shutdown` it stays open for whoever takes it over.
 */
export type StopReason = 'cancel' | 'supersede' | 'timeout' | 'lost' | 'shutdown';

/** The reason of an abort signal. */
export class TurnStopped extends Error {
  override readonly name = 'TurnStopped';
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`the turn was stopped: ${reason}`);
    this.reason = reason;
  }
}

/** Why a signal was aborted; undefined: it was not. */
export function stopReason(signal: AbortSignal): StopReason | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason instanceof TurnStopped ? signal.reason.reason : 'cancel';
}

/** How the turn ends, without its text and time; undefined: it does not, here. */
export function endOfStop(
  reason: StopReason,
  limits: { turnTimeout: number },
): Pick<TurnEnd, 'state' | 'reason' | 'message'> | undefined {
  switch (reason) {
    case 'cancel':
      return { state: 'cancelled', reason: 'cancelled', message: 'The turn was cancelled.' };
    case 'supersede':
      return { state: 'interrupted', reason: 'superseded', message: 'A newer message ended this turn.' };
    case 'timeout':
      return {
        state: 'limited',
        reason: 'turn_timeout',
        message: `The turn was ended after ${limits.turnTimeout / 1000} s (limits.turnTimeout).`,
      };
    case 'lost':
    case 'shutdown':
      return undefined;
  }
}
