import { setTimeout as pause } from 'node:timers/promises';
import { type Claim, type SessionStore, StoreUnavailableError } from '../sessions/store.ts';
import { TurnStopped } from './stop.ts';

/** A lease is prolonged so often within its time; what another process asks for is seen then. */
const renewalsPerLease = 3;

export interface LeaseParts {
  store: Pick<SessionStore, 'renew'>;
  claim: Claim;
  leaseMs: number;
  /** Aborted with a TurnStopped when the turn is to end, or is another process's. */
  turn: AbortController;
  /** Aborted: the lease is not needed any more. */
  done: AbortSignal;
  /** What else is held for the time of a lease. */
  keepPlace: (() => Promise<unknown>) | undefined;
  onError: (error: unknown) => void;
}

/** Prolongs the lease until told to stop, and hands on what is asked for meanwhile. Never rejects. */
export async function keepLease({ store, claim, leaseMs, turn, done, keepPlace, onError }: LeaseParts): Promise<void> {
  for (;;) {
    await pause(leaseMs / renewalsPerLease, undefined, { signal: done, ref: false }).catch(() => undefined);
    if (done.aborted) return;
    try {
      const held = await store.renew(claim, leaseMs);
      if (held !== 'held') turn.abort(new TurnStopped(held));
      if (held === 'lost') return;
      await keepPlace?.();
    } catch (error) {
      // While the store is away nobody else can take the turn either; what is written next finds out.
      if (!(error instanceof StoreUnavailableError)) onError(error);
    }
  }
}
