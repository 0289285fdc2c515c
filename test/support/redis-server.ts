import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const aptGet = '/usr/bin/apt-get';
/** Debian's package starts a service when it is installed, unless this file says that it may not: the tests run their own. */
const startPolicy = '/usr/sbin/policy-rc.d';
const installLimitMs = 300_000;

/** The Redis of the tests: `SIGHTGLASS_REDIS_SERVER`, or the first `redis-server` in PATH. */
function findRedisServer(): string | undefined {
  const chosen = process.env['SIGHTGLASS_REDIS_SERVER'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'redis-server')).find((path) => existsSync(path));
}

/** Like `findRedisServer`; throws one line that says what to do when there is none. */
export function getRedisServer(): string {
  const path = findRedisServer();
  if (path === undefined || !existsSync(path)) {
    throw new Error(
      `no redis-server at ${path ?? 'PATH'}: install Redis 6.2 or newer, or name one in SIGHTGLASS_REDIS_SERVER`,
    );
  }
  return path;
}

/** Installs Redis when there is none, through apt where that may be done; no service is started by it. */
export function ensureRedis(): string {
  if (findRedisServer() === undefined && existsSync(aptGet) && process.getuid?.() === 0) {
    run(aptGet, ['update']);
    install();
  }
  return getRedisServer();
}

function install(): void {
  const arranged = existsSync(startPolicy);
  if (!arranged) writeFileSync(startPolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run(aptGet, ['install', '-y', '--no-install-recommends', 'redis-server']);
  } finally {
    if (!arranged) rmSync(startPolicy);
  }
}

function run(command: string, args: string[]): void {
  console.log(`no redis-server found: ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: installLimitMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (error) console.error(`${command}: ${error.message}`);
  else if (status !== 0) console.error(`${command} ended with ${status ?? 'a signal'}`);
}
