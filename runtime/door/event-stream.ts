/** Nothing for so long: a comment keeps proxies from closing the connection. */
const keepAliveMs = 15_000;
/** What waits for a slow client at most: then it is let go, as if it had left. */
const waitingLimitBytes = 8 * 1024 * 1024;
const encoder = new TextEncoder();

export interface EventSink {
  /** JSON, or `[DONE]`. */
  send: (data: string) => void;
  close: () => void;
}

/** A body of server-sent events; `onLeave` is called when the client goes away first. What is sent from then on is dropped. */
export function openEventStream(start: (sink: EventSink) => void, onLeave: () => void): ReadableStream<Uint8Array> {
  let timer: NodeJS.Timeout | undefined;
  let isOpen = true;
  const end = () => {
    clearInterval(timer);
    isOpen = false;
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string) => {
          if (!isOpen) return;
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) >= 0) return;
          end();
          controller.error(new ClientTooSlow());
          onLeave();
        };
        timer = setInterval(() => write(': keep-alive\n\n'), keepAliveMs);
        start({
          send: (data) => write(`data: ${data}\n\n`),
          close: () => {
            if (isOpen) controller.close();
            end();
          },
        });
      },
      cancel() {
        end();
        onLeave();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: waitingLimitBytes }),
  );
}

export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
} as const;

class ClientTooSlow extends Error {
  override readonly name = 'ClientTooSlow';
  /** By this the HTTP server knows that it is no fault of ours. */
  readonly code = 'ERR_STREAM_PREMATURE_CLOSE';

  constructor() {
    super(`the client reads too slowly: more than ${waitingLimitBytes / 1024 / 1024} MiB wait for it`);
  }
}
