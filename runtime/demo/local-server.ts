import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LocalServer {
  /** `http://127.0.0.1:4300` */
  url: string;
  close(): Promise<void>;
}

/** Cannot listen where it should. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

type Listener = NonNullable<Parameters<typeof createServer>[1]>;

/** Listens on this machine only; port 0 is any free one. Throws a PortError when the port is taken. */
export async function listenLocally(name: string, port: number, listener: Listener): Promise<LocalServer> {
  const server = createServer((request, response) => {
    // A web page in the user's browser is no caller.
    const isOwn = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '');
    if (isOwn && request.headers.origin === undefined) listener(request, response);
    else response.writeHead(isOwn ? 403 : 421).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortError(`the ${name} needs port ${port}, which is taken`) : error),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: used } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${used}`, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
