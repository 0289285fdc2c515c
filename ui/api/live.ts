import { type Params, toSearch } from './client.ts';
import { parseJson } from './json.ts';
import type { TraceSummary } from './types.ts';

export type LiveState = 'connecting' | 'open' | 'waiting';

interface LiveOptions {
  params: Params;
  /** A trace that is new, or has grown. */
  ontrace: (trace: TraceSummary) => void;
  onstate: (state: LiveState) => void;
}

const firstRetryMs = 500;
const longestRetryMs = 15_000;

/**
 * Traces as they arrive, until the returned function is called. A broken stream is opened again after
 * half a second, then twice as long each time; no request is in flight in the sense of `data-idle`.
 */
export function openLive({ params, ontrace, onstate }: LiveOptions): () => void {
  const url = `/api/live${toSearch(params)}`;
  let source: EventSource | undefined;
  let retryMs = firstRetryMs;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const open = () => {
    onstate('connecting');
    source = new EventSource(url);
    source.addEventListener('open', () => {
      retryMs = firstRetryMs;
      onstate('open');
    });
    source.addEventListener('trace', (event: MessageEvent<string>) => ontrace(parseJson(event.data) as TraceSummary));
    // The browser would retry by itself, but not after an HTTP error, and without growing pauses.
    source.addEventListener('error', () => {
      source?.close();
      onstate('waiting');
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
