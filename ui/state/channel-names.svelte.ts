import { listChannels } from '../api/channels.ts';
import { isAborted, toFailure } from '../api/client.ts';

interface NamedChannel {
  channelId: string;
  name: string;
  type: string;
  isEnabled: boolean;
}

/** Where somebody can be told, for forms that choose among it. */
export class ChannelNames {
  /** Null until there is an answer. */
  all: readonly NamedChannel[] | null = $state.raw(null);
  /** Why there is none, in words. */
  problem: string | null = $state(null);
  #controller = new AbortController();

  async load(project: string): Promise<void> {
    this.#controller.abort();
    this.#controller = new AbortController();
    try {
      this.all = (await listChannels(project, this.#controller.signal)).channels;
      this.problem = null;
    } catch (error) {
      if (!isAborted(error)) this.problem = toFailure(error).message;
    }
  }

  stop(): void {
    this.#controller.abort();
  }
}
