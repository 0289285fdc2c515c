/** Of the time between two readings, at most this share of the lag counts: in a longer one ClickHouse may have stood still. */
const countedShareMax = 1 / 3;
/** Readings closer together than this share of the lag are one. */
const apartShareMin = 1 / 100;

interface Reading {
  clockMs: number;
  /** How long ClickHouse has been seen at work until then. */
  workedMs: number;
}

/**
 * Knows what ClickHouse's clock said a while ago, where a while is the time in which ClickHouse was at work. When a machine
 * sleeps, a database is stopped or a clock is set, the clock jumps, while inserts under way have come no further.
 */
export class PastClock {
  readonly #lagMs: number;
  readonly #monotonicMs: () => number;
  readonly #readings: Reading[] = [];
  #workedMs = 0;
  #readAtMs = 0;

  constructor({ lagMs, monotonicMs }: { lagMs: number; monotonicMs: () => number }) {
    this.#lagMs = lagMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Notes what the clock says now; gives what it said the lag ago. Before the first reading it is taken to have run evenly. */
  read(clockMs: number): number {
    this.#note(clockMs);
    const pastMs = this.#workedMs - this.#lagMs;
    while ((this.#readings[1]?.workedMs ?? Infinity) <= pastMs) this.#readings.shift();
    const [before, after] = this.#readings;
    const saidMs = before === undefined ? clockMs : before.clockMs + Math.max(0, pastMs - before.workedMs);
    return Math.floor(Math.min(saidMs, after?.clockMs ?? Infinity, clockMs - this.#lagMs));
  }

  #note(clockMs: number): void {
    const nowMs = this.#monotonicMs();
    const last = this.#readings.at(-1);
    if (last === undefined) {
      this.#readings.push({ clockMs: clockMs - this.#lagMs, workedMs: -this.#lagMs }, { clockMs, workedMs: 0 });
    } else {
      this.#workedMs += Math.min(nowMs - this.#readAtMs, this.#lagMs * countedShareMax);
      if (this.#workedMs - last.workedMs >= this.#lagMs * apartShareMin) {
        this.#readings.push({ clockMs, workedMs: this.#workedMs });
      }
    }
    this.#readAtMs = nowMs;
  }
}
