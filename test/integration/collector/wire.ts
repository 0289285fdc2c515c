import { connect, type Socket } from 'node:net';

/** A connection to the collector's port on which bytes are sent as they are, and what came back on it. */
export interface Wire {
  write(data: string | Uint8Array): void;
  /** Everything received so far. */
  received(): string;
  /** Resolves with everything received once it matches. Rejects when the connection ends before. */
  waitFor(pattern: RegExp): Promise<string>;
  closed: Promise<void>;
  /** Reads nothing until `resume`. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

export async function openWire(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url);
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened = connect(Number(port), hostname, () => {
      resolve(opened);
    });
    opened.once('error', reject);
  });
  let received = '';
  let wake: () => void = () => undefined;
  let ended = false;
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    wake();
  });
  // A reset is one of the ways in which a connection may end.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      ended = true;
      wake();
      resolve();
    }),
  );
  return {
    write: (data) => socket.write(data),
    received: () => received,
    waitFor: async (pattern) => {
      while (!pattern.test(received)) {
        if (ended) throw new Error(`the connection ended with ${JSON.stringify(received)}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return received;
    },
    closed,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    destroy: () => socket.destroy(),
  };
}

/** The head of a POST; `headers` as lines. */
export function postHead(path: string, headers: Record<string, string | number>): string {
  const lines = Object.entries({ host: 'localhost', 'content-type': 'application/json', ...headers });
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
