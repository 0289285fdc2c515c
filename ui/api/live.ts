import { type Params, toSearch } from './client.ts';
import { parseJson } from './json.ts';
import type { TraceSummary } from './types.ts';

export type LiveState = 'connecting' | 'open' | 'waiting';

interface LiveOptions {
  params: Params;
  /** A trace that is new, or has grown. */
  ontrace: (trace: TraceSummary) => void;
  /** More arrived than the stream carries, or the stream was away too long to say what: only a reload shows it. */
  onmissed: () => void;
  onstate: (state: LiveState) => void;
}

const firstRetryMs = 1_000;
const longestRetryMs = 15_000;

/**
 * Traces as they arrive, until the returned function is called. A broken stream comes back by itself: after a lost connection
 * the browser names the last event it saw and gets what it missed; after an HTTP error a new stream is tried, each pause
 * twice the last. No request is in flight in the sense of `data-idle`.
 */
export function openLive({ params, ontrace, onmissed, onstate }: LiveOptions): () => void {
  const url = `/api/live${toSearch(params)}`;
  let source: EventSource;
  let retryMs = firstRetryMs;
  let reopened = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const open = () => {
    source = new EventSource(url);
    source.addEventListener('open', () => {
      retryMs = firstRetryMs;
      onstate('open');
      if (reopened) onmissed();
      reopened = false;
    });
    source.addEventListener('trace', (event: MessageEvent<string>) => ontrace(parseJson(event.data) as TraceSummary));
    source.addEventListener('more', onmissed);
    source.addEventListener('error', () => {
      onstate('waiting');
      if (source.readyState !== EventSource.CLOSED) return;
      reopened = true;
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, longestRetryMs);
    });
  };
  onstate('connecting');
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
