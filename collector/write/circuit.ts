import type { CircuitState } from './write-stats.ts';

const probeMinMs = 250;
const probeMaxMs = 5_000;

/** Remembers that ClickHouse does not take inserts, so that not every request waits to find out. */
export class Circuit {
  readonly #onState: (state: CircuitState) => void;
  readonly #nowMs: () => number;
  #state: CircuitState = 'closed';
  #failures = 0;
  #probeAtMs = 0;
  #wasAnswered = false;

  constructor(onState: (state: CircuitState) => void = () => undefined, nowMs: () => number = () => performance.now()) {
    this.#onState = onState;
    this.#nowMs = nowMs;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Whether the last failure was ClickHouse's own answer: then a probe costs its sender no time. */
  get wasAnswered(): boolean {
    return this.#wasAnswered;
  }

  /** Until a probe may be made; 0 where an insert may be tried. */
  get waitMs(): number {
    if (this.#state === 'closed') return 0;
    return this.#state === 'probing' ? probeMinMs : Math.max(0, this.#probeAtMs - this.#nowMs());
  }

  /** True when an insert may be tried; while the circuit is open that is a probe, and who makes it says how it went. */
  mayTry(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'probing' || this.#nowMs() < this.#probeAtMs) return false;
    this.#set('probing');
    return true;
  }

  succeed(): void {
    this.#failures = 0;
    this.#set('closed');
  }

  /** The probe did not come to an insert: the next one who comes may make it. */
  release(): void {
    this.#probeAtMs = this.#nowMs();
    this.#set('open');
  }

  fail(wasAnswered: boolean): void {
    this.#wasAnswered = wasAnswered;
    const delayMs = Math.min(probeMaxMs, probeMinMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#probeAtMs = this.#nowMs() + delayMs;
    this.#set('open');
  }

  #set(state: CircuitState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(state);
  }
}
