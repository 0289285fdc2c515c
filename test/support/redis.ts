import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findFreePort } from './free-port.ts';
import { getRedisServer } from './redis-server.ts';
import { makeTempDir } from './temp-dir.ts';

export interface TestRedis {
  /** `redis://127.0.0.1:PORT` */
  url: string;
  /** Ends it as a service manager does; its data go with it. */
  stop: () => Promise<void>;
  /** kill -9; the data stay for `start`. */
  kill: () => Promise<void>;
  /** SIGTERM, as for a new version; the data stay for `start`. */
  shutDown: () => Promise<void>;
  /** At the same port with the data that it wrote; resolves when it answers. */
  start: () => Promise<void>;
  /** It holds its connections and says nothing. */
  pause: () => void;
  resume: () => void;
}

const startLimitMs = 10_000;
const pollMs = 10;
const slotCount = 16_384;

/** A Redis of the test's own, on a free port, that writes everything down before it answers (`appendfsync always`). */
export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const server = getRedisServer();
  const dir = makeTempDir('redis');
  const port = await findFreePort();
  let child: ChildProcess | undefined;
  const start = async () => {
    child = spawn(
      server,
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir.path, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--loglevel', 'warning', ...args],
      ],
      { stdio: 'ignore' },
    );
    await waitForPort(port, child);
  };
  const end = async (signal: NodeJS.Signals) => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill: () => end('SIGKILL'),
    shutDown: () => end('SIGTERM'),
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    stop: async () => {
      await end('SIGKILL');
      dir.remove();
    },
  };
}

/** A cluster of one: it has all slots, and refuses what no larger cluster could do. */
export async function startRedisCluster(): Promise<TestRedis> {
  const redis = await startRedis(['--cluster-enabled', 'yes']);
  const client = new Redis(redis.url);
  await client.cluster('ADDSLOTS', ...Array.from({ length: slotCount }, (_, slot) => slot));
  while (!(await client.cluster('INFO')).includes('cluster_state:ok')) await sleep(pollMs);
  client.disconnect();
  return redis;
}

/** Until it answers a PING: it may be loading what it wrote. */
async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  const startMs = performance.now();
  while (!(await answersPing(port))) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    if (performance.now() - startMs > startLimitMs) throw new Error('redis-server did not start');
    await sleep(pollMs);
  }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG') || data.toString().startsWith('-NOAUTH'));
      socket.destroy();
    });
    socket.once('error', () => {
      resolve(false);
    });
    socket.once('close', () => {
      resolve(false);
    });
  });
}
