import { isAborted, toFailure } from '../api/client.ts';
import type { Params } from '../api/client.ts';
import { getCosts } from '../api/costs.ts';
import type { CostsReply } from '../api/types.ts';

/** So long after the last change of a form the question is asked. */
const waitMs = 250;

/** What was spent in a time, asked for while a form is filled in: the last question wins. */
export class SpentLately {
  reply: CostsReply | null = $state.raw(null);
  /** Why there is none, in words. */
  problem: string | null = $state(null);
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Null: nothing is to be asked yet. */
  ask(params: Params | null): void {
    this.stop();
    this.reply = null;
    this.problem = null;
    if (params === null) return;
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.#timer = setTimeout(() => void this.#load(params, signal), waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  async #load(params: Params, signal: AbortSignal): Promise<void> {
    try {
      this.reply = await getCosts(params, signal);
    } catch (error) {
      if (!isAborted(error)) this.problem = toFailure(error).message;
    }
  }
}
