import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const request = z.object({
  resourceSpans: z.array(
    z.object({ scopeSpans: z.array(z.object({ spans: z.array(z.object({ spanId: z.string(), name: z.string() })) })) }),
  ),
});

export interface ReceivedSpan {
  spanId: string;
  name: string;
}

/** A collector that takes down what it was sent, and says no where it is told to. */
export interface OtlpReceiver {
  url: string;
  port: number;
  /** The spans of each request that was taken. */
  requests: ReceivedSpan[][];
  headers: IncomingMessage['headers'][];
  close(): Promise<void>;
}

/** `answer`: what a request gets; `hang`: nothing at all. */
export async function startOtlpReceiver(
  options: { port?: number; answer?: (spans: ReceivedSpan[]) => number | 'hang' } = {},
): Promise<OtlpReceiver> {
  const requests: ReceivedSpan[][] = [];
  const headers: IncomingMessage['headers'][] = [];
  const receive = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { resourceSpans } = request.parse(JSON.parse(await text(incoming)));
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const status = options.answer?.(spans) ?? 200;
    if (status === 'hang') return;
    if (status === 200) {
      requests.push(spans);
      headers.push(incoming.headers);
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  };
  const server = createServer((incoming, response) => {
    receive(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    headers,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
