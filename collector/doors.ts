import { type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { bodyLimits } from './receive/body.ts';

/** A port that is listened on. */
export interface Door {
  url: string;
  /** Takes no more; resolves when everything that was under way is answered. */
  close(): Promise<void>;
  /** Ends what is still open, unanswered. */
  closeNow(): void;
}

export interface Address {
  host: string;
  /** 0 = any free port. */
  port: number;
}

const closeIdleEveryMs = 20;

/** Rejects when the address cannot be listened on. */
export async function openHttpDoor(app: Hono, { host, port }: Address): Promise<Door> {
  const server = createServer({ requestTimeout: bodyLimits.receiveMs });
  const listener = getRequestListener(app.fetch);
  server.on('request', (request, response) => void listener(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    url: urlOf(host, (server.address() as AddressInfo).port),
    close: async () => {
      // A connection that is kept open is closed once its request is answered, and does not hold the others up.
      const closeIdle = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs);
      await new Promise((resolve) => server.close(resolve));
      clearInterval(closeIdle);
    },
    closeNow: () => server.closeAllConnections(),
  };
}

/** Rejects when the address cannot be listened on. */
export async function openGrpcDoor(server: GrpcServer, { host, port }: Address): Promise<Door> {
  const bind = promisify(server.bindAsync.bind(server));
  const bound = await bind(`${bracketed(host)}:${String(port)}`, ServerCredentials.createInsecure());
  return {
    url: urlOf(host, bound),
    close: () => promisify(server.tryShutdown.bind(server))(),
    closeNow: () => {
      server.forceShutdown();
    },
  };
}

function urlOf(host: string, port: number): string {
  return `http://${bracketed(host)}:${String(port)}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
