import { setTimeout as pause } from 'node:timers/promises';
import { type SessionStore, StoreUnavailableError } from '../sessions/store.ts';

/** How often one looks for turns whose process is gone. */
const sweepMs = 2_000;
const sweepMax = 100;
/** How often expired sessions are removed, and how many at a time. */
const expiryMs = 60_000;
const expiredMax = 500;

export interface SweepParts {
  store: Pick<SessionStore, 'listAbandoned' | 'removeExpired'>;
  /** Aborted: it ends. */
  stopping: AbortSignal;
  /** Goes on with a session. */
  work: (sessionId: string) => void;
  onError: (error: unknown) => void;
}

/** Looks for open turns that nobody runs, and removes what has expired, until told to stop. Never rejects. */
export async function sweepSessions({ store, stopping, work, onError }: SweepParts): Promise<void> {
  let nextExpiryMs = 0;
  while (!stopping.aborted) {
    try {
      for (const sessionId of await store.listAbandoned(sweepMax)) work(sessionId);
      if (Date.now() >= nextExpiryMs) {
        nextExpiryMs = Date.now() + expiryMs;
        await store.removeExpired(expiredMax);
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) onError(error);
    }
    await pause(sweepMs, undefined, { signal: stopping, ref: false }).catch(() => undefined);
  }
}
