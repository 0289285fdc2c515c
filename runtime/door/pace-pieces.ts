/** So many pieces of text a second are sent, all streams together; with more of them a piece costs more than its text. */
const piecesPerSecond = 8_000;
/** Below this the pieces are sent as they come: nobody gains by waiting. */
const gatherMinMs = 20;

/** One stream of text, as the pace sees it. */
interface Paced {
  flush: () => void;
}

/**
 * Sends text as it comes while few streams are open, and a few pieces of each stream at once while there are many. The
 * first piece of a stream, and what is not text, never waits.
 */
export class Pace {
  readonly #open = new Set<Paced>();
  readonly #waiting = new Set<Paced>();
  #timer: NodeJS.Timeout | undefined;

  /** Returns what ends its part in the count. */
  join(stream: Paced): () => void {
    this.#open.add(stream);
    return () => {
      this.#open.delete(stream);
      this.#waiting.delete(stream);
    };
  }

  /** How long pieces are gathered now, in milliseconds; 0: not at all. */
  get gatherMs(): number {
    const ms = (this.#open.size / piecesPerSecond) * 1_000;
    return ms < gatherMinMs ? 0 : ms;
  }

  /** The stream has text that may wait; its `flush` is called when its time has come. */
  wait(stream: Paced): void {
    this.#waiting.add(stream);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const due = [...this.#waiting];
      this.#waiting.clear();
      for (const one of due) one.flush();
    }, this.gatherMs);
  }
}

/** One of the process: it is the process that is crowded. */
export const processPace = new Pace();
