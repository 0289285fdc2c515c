import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './start-error.ts';

/** An address that a program is about to listen on, and the variable that decides it. */
export interface WantedPort {
  variable: string;
  host: string;
  port: number;
}

const pollMs = 100;

/**
 * Throws a StartError for the first port that cannot be listened on, before anything is started. Programs of a Sightglass
 * that was killed may hold theirs while they drain: `patienceMs` waits for them.
 */
export async function checkPorts(wanted: readonly WantedPort[], patienceMs: number): Promise<void> {
  refuseSamePort(wanted);
  const deadline = Date.now() + patienceMs;
  for (const one of wanted) {
    let code = await tryListen(one);
    while (code === 'EADDRINUSE' && Date.now() < deadline) {
      await sleep(pollMs);
      code = await tryListen(one);
    }
    if (code !== undefined) throw new StartError(explain(one, code));
  }
}

function refuseSamePort(wanted: readonly WantedPort[]): void {
  const seen = new Map<number, string>();
  for (const { variable, port } of wanted) {
    const other = seen.get(port);
    if (port !== 0 && other !== undefined) {
      throw new StartError(
        `${variable}=${port} is also the value of ${other}: each needs a port of its own (0 = any free one)`,
      );
    }
    seen.set(port, variable);
  }
}

function tryListen({ host, port }: WantedPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function explain({ variable, host, port }: WantedPort, code: string): string {
  if (code === 'EADDRINUSE') {
    return `${variable}=${port}: another program listens on port ${port} of ${host}; stop it, or set ${variable} to another port (0 = any free one)`;
  }
  if (code === 'EACCES') {
    return `${variable}=${port}: this user may not listen on port ${port}; set ${variable} to a port above 1023 (0 = any free one)`;
  }
  if (code === 'EADDRNOTAVAIL')
    return `SIGHTGLASS_HOST=${host}: this machine has no such address; allowed: 127.0.0.1, localhost or ::1`;
  return `${variable}=${port}: cannot listen on port ${port} of ${host} (${code})`;
}
