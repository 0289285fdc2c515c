import { createContext } from 'svelte';
import { type LiveState, openLive } from '../api/live.ts';
import type { Params } from '../api/client.ts';
import type { TraceSummary } from '../api/types.ts';

/** A burst is shown together: a row for each span of a busy system would never stand still. */
const gatherMs = 200;

/** The live stream of one page: at most one connection, traces handed on in small batches, newest state of each. */
export class LiveFeed {
  state: LiveState | 'off' = $state('off');
  #close: (() => void) | undefined;
  #gathered = new Map<string, TraceSummary>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Listens with these filters until the returned function is called (return it from an `$effect`). */
  listen(
    params: Params,
    { onarrive, onmissed }: { onarrive: (traces: TraceSummary[]) => void; onmissed: () => void },
  ): () => void {
    this.stop();
    this.#close = openLive({
      params,
      onmissed,
      onstate: (state) => {
        this.state = state;
      },
      ontrace: (trace) => {
        this.#gathered.set(trace.traceId, trace);
        this.#timer ??= setTimeout(() => onarrive(this.#takeGathered()), gatherMs);
      },
    });
    return () => this.stop();
  }

  stop(): void {
    this.#close?.();
    this.#close = undefined;
    this.#takeGathered();
    this.state = 'off';
  }

  #takeGathered(): TraceSummary[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const traces = [...this.#gathered.values()];
    this.#gathered.clear();
    return traces;
  }
}

export const [getLiveFeed, setLiveFeed] = createContext<LiveFeed>();
