import type { Sender } from './sender-names.ts';

/** What is counted. `detail` says more where there is more to say: why rejected, how a request was answered. */
export type Counted =
  'received' | 'stored' | 'spooled' | 'rejected' | 'bytes' | 'requests' | 'replayed' | 'dead_letters';

export interface Count extends Sender {
  minuteMs: number;
  what: Counted;
  detail: string;
  count: number;
  firstMs: number;
  lastMs: number;
}

/** Counts that wait to be saved; beyond it minutes are no longer kept apart, and nothing is lost. */
const countsMax = 20_000;
const minuteMs = 60_000;

/** Counts by minute until they are taken to be saved. */
export class Tally {
  #counts = new Map<string, Count>();

  add(sender: Sender, counted: { what: Counted; detail?: string; count: number; nowMs: number }): void {
    const { what, detail = '', count, nowMs } = counted;
    if (count === 0) return;
    const { project, service, client, signal, protocol } = sender;
    const kind = JSON.stringify([project, service, client, signal, protocol, what, detail]);
    const minute = Math.floor(nowMs / minuteMs) * minuteMs;
    const key = this.#counts.size < countsMax ? `${String(minute)} ${kind}` : kind;
    const known = this.#counts.get(key);
    if (known === undefined) {
      this.#counts.set(key, { ...sender, minuteMs: minute, what, detail, count, firstMs: nowMs, lastMs: nowMs });
      return;
    }
    known.count += count;
    known.lastMs = nowMs;
  }

  /** All of them; the tally begins anew. */
  take(): Count[] {
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    return counts;
  }
}
