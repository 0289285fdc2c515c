/** Nothing for so long: a comment keeps proxies from closing the connection. */
const keepAliveMs = 15_000;
const encoder = new TextEncoder();

export interface EventSink {
  /** JSON, or `[DONE]`. */
  send: (data: string) => void;
  close: () => void;
}

/** A body of server-sent events; `onLeave` is called when the client goes away first. */
export function openEventStream(start: (sink: EventSink) => void, onLeave: () => void): ReadableStream<Uint8Array> {
  let timer: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      let isOpen = true;
      const write = (text: string) => {
        if (isOpen) controller.enqueue(encoder.encode(text));
      };
      timer = setInterval(() => write(': keep-alive\n\n'), keepAliveMs);
      start({
        send: (data) => write(`data: ${data}\n\n`),
        close: () => {
          clearInterval(timer);
          if (isOpen) controller.close();
          isOpen = false;
        },
      });
    },
    cancel() {
      clearInterval(timer);
      onLeave();
    },
  });
}

export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
} as const;
