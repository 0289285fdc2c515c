/**
 * One turn a round of the event loop. Bodies come many at a time and take milliseconds each: taken in a row they would keep
 * the sockets waiting on which batches are sent to ClickHouse (measured: an insert then takes twice as long).
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves when it is the caller's turn, first come first served. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(() => this.#next());
    });
  }

  /** Resolves when all who wait now have had their turn. */
  async end(): Promise<void> {
    if (this.#waiting.length > 0) await this.take();
  }

  #next(): void {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#next());
  }
}
