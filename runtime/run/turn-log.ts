import type { Entry, ToolEntry } from '../sessions/record.ts';
import type { StepEntry, Turn } from '../sessions/record.ts';
import type { Claim, SessionStore } from '../sessions/store.ts';
import { StoreUnavailableError } from '../sessions/store.ts';
import { stopReason, TurnStopped } from './stop.ts';

/** A store that is away is tried again for so long; then the turn stays open for whoever finds it. */
const storePatienceMs = 30_000;
const storePauseMs = 200;

export interface TurnLogParts {
  store: SessionStore;
  claim: Claim;
  turn: Turn;
  /** Aborted because the turn is left to others: whatever waits for the store gives up. */
  signal: AbortSignal;
  nowMs: () => number;
  sleep: (ms: number) => Promise<void>;
}

/** What a turn has done so far: in memory what the store has acknowledged, entry by entry. */
export class TurnLog {
  readonly #parts: TurnLogParts;
  readonly #entries: Entry[];
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: TurnLogParts) {
    this.#parts = parts;
    this.#entries = [...parts.turn.entries];
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The latest model call. */
  get lastStep(): StepEntry | undefined {
    return this.#entries.findLast((entry) => entry.type === 'step');
  }

  /** What came after the latest model call. */
  get sinceLastStep(): readonly Entry[] {
    return this.#entries.slice(this.#entries.findLastIndex(({ type }) => type === 'step') + 1);
  }

  findTool(step: number, callId: string): ToolEntry | undefined {
    return this.#entries.find((entry) => entry.type === 'tool' && entry.step === step && entry.callId === callId) as
      ToolEntry | undefined;
  }

  hasStarted(step: number, callId: string): boolean {
    return this.#entries.some(
      (entry) => entry.type === 'tool_started' && entry.step === step && entry.callId === callId,
    );
  }

  /** Writes an entry down, one after the other. Rejects with TurnStopped `lost` where another process has the turn. */
  async append(entry: Entry): Promise<void> {
    const written = this.#writing.then(() => this.#write(entry));
    this.#writing = written.catch(() => undefined);
    await written;
  }

  async #write(entry: Entry): Promise<void> {
    const { store, claim } = this.#parts;
    const isHeld = await this.persist(() => store.append(claim, [entry], this.#entries.length));
    if (!isHeld) throw new TurnStopped('lost');
    this.#entries.push(entry);
  }

  /** Repeats a write while the store is away. Rejects with TurnStopped: `lost` when it stays away, or why the turn is left. */
  async persist<Result>(write: () => Promise<Result>): Promise<Result> {
    const { nowMs, signal, sleep } = this.#parts;
    const giveUpMs = nowMs() + storePatienceMs;
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        const reason = stopReason(signal);
        if (reason === 'lost' || reason === 'shutdown') throw new TurnStopped(reason);
        if (nowMs() > giveUpMs) throw new TurnStopped('lost');
        await sleep(storePauseMs);
      }
    }
  }
}
