import type { SizedTrace } from './locate.ts';
import { placeKey } from '../queries/settlement-changes.ts';

/** A growing trace is settled again only after this long per thousand rows. */
const debouncePerThousandMs = 1_000;
const debounceMinMs = 1_000;
const debounceMaxMs = 30_000;
const rememberedMax = 200_000;

interface Settled {
  rowCount: number;
  fingerprint: string;
  /** Everything was looked at that had arrived by then. */
  untilMs: number;
  atMs: number;
}

/** What this process has settled lately: it saves work, and may be forgotten at any time. */
export class SettledTraces {
  readonly #settled = new Map<string, Settled>();
  readonly #monotonicMs: () => number;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Nothing of the trace has arrived since. */
  isSame(trace: SizedTrace): boolean {
    return this.#settled.get(placeKey(trace))?.fingerprint === trace.fingerprint;
  }

  /** It was settled a moment ago, and is large: more may arrive meanwhile. */
  isTooSoon(trace: SizedTrace): boolean {
    const settled = this.#settled.get(placeKey(trace));
    if (settled === undefined) return false;
    const waitMs = Math.min(debounceMaxMs, (settled.rowCount / 1_000) * debouncePerThousandMs);
    return waitMs >= debounceMinMs && this.#monotonicMs() - settled.atMs < waitMs;
  }

  /** Up to when its arrivals are booked; 0 where that is not known. */
  settledUntil(trace: { projectId: string; traceId: string }): number {
    return this.#settled.get(placeKey(trace))?.untilMs ?? 0;
  }

  remember(trace: SizedTrace, untilMs: number): void {
    const key = placeKey(trace);
    const { rowCount, fingerprint } = trace;
    this.#settled.delete(key);
    this.#settled.set(key, { rowCount, fingerprint, untilMs, atMs: this.#monotonicMs() });
    for (const oldest of this.#settled.keys()) {
      if (this.#settled.size <= rememberedMax) break;
      this.#settled.delete(oldest);
    }
  }

  clear(): void {
    this.#settled.clear();
  }
}
