import type { TurnEvent } from './turn-events.ts';

type Listener = (event: TurnEvent) => void;

/** A turn that this process runs or waits for: who listens later gets what came before. */
export class LiveTurn {
  readonly #events: TurnEvent[] = [];
  readonly #listeners = new Set<Listener>();
  #isOver = false;

  /** Returns what stops the listening. */
  listen(listener: Listener): () => void {
    for (const event of this.#events) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get isFollowed(): boolean {
    return this.#listeners.size > 0;
  }

  get hasText(): boolean {
    return this.#events.some(({ type }) => type === 'text');
  }

  emit(event: TurnEvent): void {
    if (this.#isOver) return;
    this.#isOver = event.type === 'end' || event.type === 'left' || event.type === 'paused';
    this.#note(event);
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Pieces of text grow into one: many small ones of a long answer are not held apart. */
  #note(event: TurnEvent): void {
    const last = this.#events.at(-1);
    if (event.type === 'text' && last?.type === 'text') {
      this.#events[this.#events.length - 1] = { type: 'text', text: last.text + event.text };
    } else this.#events.push(event);
  }
}
