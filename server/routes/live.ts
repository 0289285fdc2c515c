import { createRoute, z } from '@hono/zod-openapi';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { filterQuery, liveHeaders } from '../contract/requests.ts';
import type { Filters } from '../domain/filters.ts';
import { unixNano } from '../domain/time.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { LiveUpdate } from '../live/project-feed.ts';
import { createRouter, errorReplies } from './api.ts';
import { readSelection } from './filters.ts';

/** Keeps proxies from closing a quiet stream. */
const heartbeatMs = 15_000;
const retryMs = 2_000;
/** Events a client may lag behind; a slower one is cut off and comes back with its last event id. */
const pendingEventsMax = 500;
const endOfTime = unixNano(2n ** 63n - 1n);

/** `now` is milliseconds since 1970. */
export function liveRoutes({ liveFeed, now }: { liveFeed: LiveFeed; now: () => number }) {
  return createRouter().openapi(liveRoute, (c) => {
    const query = c.req.valid('query');
    const { projectId, filters, window } = readSelection(query, now());
    const lastEventId = c.req.valid('header')['last-event-id'];
    const stream = new EventQueue();
    const from = query.from === undefined ? unixNano(0n) : window.from;
    const to = query.to === undefined ? endOfTime : window.to;
    const unsubscribe = liveFeed.subscribe(
      projectId,
      {
        filters,
        window: { from, to },
        filterKey: JSON.stringify({ ...query, project: undefined }),
        hasFilters: hasFilters(filters) || query.from !== undefined || query.to !== undefined,
        send: (update) => stream.push(update),
      },
      { sinceMs: lastEventId === undefined ? undefined : Number(lastEventId), onClose: () => stream.end() },
    );
    const unwatch = c.var.access.onEnd(() => stream.end());
    const response = streamSSE(c, async (sse) => {
      sse.onAbort(() => stream.end());
      try {
        await stream.run(sse);
      } finally {
        unwatch();
        unsubscribe();
      }
    });
    response.headers.set('cache-control', 'no-store');
    return response;
  });
}

function hasFilters(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== undefined);
}

/** What one client still has to be sent. */
class EventQueue {
  readonly #updates: LiveUpdate[] = [];
  #pending = 0;
  #isOver = false;
  #wake: () => void = () => undefined;

  push(update: LiveUpdate): void {
    this.#updates.push(update);
    this.#pending += update.traces.length + 1;
    if (this.#pending > pendingEventsMax) this.#isOver = true;
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Writes until the queue or the connection ends. */
  async run(sse: SSEStreamingApi): Promise<void> {
    await sse.write(`retry: ${retryMs}\n: live\n\n`);
    while (!this.#isOver && !sse.closed && !sse.aborted) {
      const update = this.#updates.shift();
      if (update !== undefined) await this.#write(sse, update);
      else if (!(await this.#waits(heartbeatMs))) await sse.write(': still here\n\n');
    }
  }

  async #write(sse: SSEStreamingApi, { traces, moreCount, eventId: id }: LiveUpdate): Promise<void> {
    this.#pending -= traces.length + 1;
    for (const trace of traces) await sse.writeSSE({ event: 'trace', data: JSON.stringify(trace), id });
    if (moreCount > 0) await sse.writeSSE({ event: 'more', data: JSON.stringify({ traceCount: moreCount }), id });
  }

  /** False when nothing came in time. */
  async #waits(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

const liveRoute = createRoute({
  method: 'get',
  path: '/live',
  tags: ['Traces'],
  summary: 'Streams traces as their spans arrive, as server-sent events',
  description:
    'Event `trace`: the summary of a trace that got spans and matches the filters, again whenever it grows or is settled. Event `more`: ' +
    '`{ traceCount }` further traces arrived at once. A comment every 15 seconds. With `Last-Event-ID` (up to ten minutes old) ' +
    'the stream begins with what was missed. Without `from` and `to` traces of any time are sent.',
  request: { query: filterQuery, headers: liveHeaders },
  responses: {
    200: {
      description: 'The stream.',
      content: { 'text/event-stream': { schema: z.string().openapi({ description: 'Server-sent events.' }) } },
    },
    ...errorReplies([
      'invalid_request',
      'foreign_origin',
      'unsupported_media_type',
      'wrong_host',
      'too_many_streams',
      'internal',
    ]),
  },
});
