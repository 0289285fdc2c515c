import type { ModelEvent } from './model.ts';

/** Events that wait to be handed on. Pieces of text that arrive together go on as one: a busy process has less to do for each. */
export class ReplyEvents {
  #waiting: ModelEvent[] = [];

  get count(): number {
    return this.#waiting.length;
  }

  add(event: ModelEvent): void {
    const last = this.#waiting.at(-1);
    if ((event.type === 'text' || event.type === 'reasoning') && last?.type === event.type) last.text += event.text;
    else this.#waiting.push(event);
  }

  takeAll(): readonly ModelEvent[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}
