import { type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { createServer } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
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

/** What a port takes of clients that are slow or many. */
export const doorLimits = {
  /** Connections open at one time on a port; one more is closed at once. */
  connections: 4_096,
  /** The head of a request must have come within this, from when the connection was opened: else 408. */
  headMs: 15_000,
  /** The whole request: else 408. */
  requestMs: bodyLimits.receiveMs,
  /** How often that is looked at. */
  checkMs: 5_000,
  /** A gRPC connection without a call is closed after this. */
  grpcIdleMs: 300_000,
} as const;
type DoorLimits = Readonly<Record<keyof typeof doorLimits, number>>;

const closeIdleEveryMs = 20;

/** Rejects when the address cannot be listened on. */
export async function openHttpDoor(app: Hono, { host, port }: Address, limits: DoorLimits = doorLimits): Promise<Door> {
  const server = createServer({
    requestTimeout: limits.requestMs,
    headersTimeout: limits.headMs,
    connectionsCheckingInterval: limits.checkMs,
  });
  server.maxConnections = limits.connections;
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
export async function openGrpcDoor(
  server: GrpcServer,
  { host, port }: Address,
  { connections }: DoorLimits = doorLimits,
): Promise<Door> {
  const bind = promisify(server.bindAsync.bind(server));
  const bound = await bind(`${bracketed(host)}:${String(port)}`, ServerCredentials.createInsecure());
  for (const listening of listenersOf(server)) listening.maxConnections = connections;
  return {
    url: urlOf(host, bound),
    close: () => promisify(server.tryShutdown.bind(server))(),
    closeNow: () => {
      server.forceShutdown();
    },
  };
}

/** grpc-js has no limit of connections, and its listening servers in a private field; a test fails without them. */
function listenersOf(server: GrpcServer): Iterable<NetServer> {
  return (server as unknown as { http2Servers: Map<NetServer, unknown> }).http2Servers.keys();
}

function urlOf(host: string, port: number): string {
  return `http://${bracketed(host)}:${String(port)}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
