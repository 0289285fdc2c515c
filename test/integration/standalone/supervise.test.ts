import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import {
  findChild,
  listChildren,
  startSightglass,
  waitUntil,
  waitUntilGone,
  type SightglassProcess,
} from './sightglass-process.ts';

// Small programs instead of the product's: they do on purpose what the product's should never do.
const script = join(import.meta.dirname, 'fakes', 'start.ts');
const open: { process: SightglassProcess; remove: () => void }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) {
    one.process.signal('SIGTERM');
    await one.process.exited;
    one.remove();
  }
});

/** Without a ClickHouse of its own: the run's shared one, named as an operator would name his. */
function startFakes(args: string[], env: Record<string, string> = {}): SightglassProcess {
  const dir = makeTempDir('supervise');
  const { url, secret } = useDatabase();
  const database = { CLICKHOUSE_URL: url, SIGHTGLASS_CLICKHOUSE_SECRET: secret };
  const started = startSightglass(dir.path, {
    script,
    args,
    env: { ...database, SIGHTGLASS_RETENTION_DAYS: '4000', SIGHTGLASS_CONTENT_DAYS: '4000', ...env },
  });
  open.push({ process: started, remove: () => dir.remove() });
  return started;
}

test('prints what it starts, the version and address of ClickHouse without its password, and ready as the last line', async () => {
  const sightglass = startFakes(['obedient']);
  const url = await sightglass.ready();
  const lines = sightglass.output().trimEnd().split('\n');
  expect(lines.at(-1)).toBe(`ready ${url}`);
  expect(lines.find((line) => line.includes('obedient'))).toContain(url);
  expect(lines.find((line) => line.includes('ClickHouse'))).toMatch(
    /^ {2}ClickHouse {2}26\.[\d.]+ at http:\/\/127\.0\.0\.1:\d+$/,
  );
  expect(sightglass.output()).not.toContain(new URL(useDatabase().url).password);
});

test('restarts a program that was killed, on the same address', async () => {
  const sightglass = startFakes(['obedient']);
  const url = await sightglass.ready();
  process.kill(findChild(sightglass.pid, /obedient/), 'SIGKILL');
  await sightglass.line(/obedient ended unexpectedly \(SIGKILL\), starting it again in 200 ms/);
  await sightglass.line(/obedient runs again/);
  expect(await (await fetch(url)).text()).toBe('obedient');
});

test('stops with a reason when a program cannot be kept running, and takes the others along', async () => {
  const sightglass = startFakes(['obedient', 'crashing']);
  await sightglass.ready();
  const children = listChildren(sightglass.pid);
  expect((await sightglass.exited).code).toBe(1);
  expect(sightglass.output()).toContain('[crashing] out of luck');
  expect(sightglass.output()).toContain(
    'sightglass: the crashing ended 5 times in a row right after its start (last: exit code 3): stopping everything',
  );
  expect(sightglass.output()).toContain('[obedient] drained');
  await waitUntilGone(children, 100);
});

test('does not retry a program that refuses its settings, and passes on what it said', async () => {
  const sightglass = startFakes(['obedient', 'complaining']);
  expect((await sightglass.exited).code).toBe(1);
  expect(sightglass.output()).toContain(
    'the complaining could not start: SIGHTGLASS_TEST=x is not allowed; allowed: y\n',
  );
  expect(sightglass.output()).not.toContain('ready');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'drains the programs on %s and ends with exit code 0',
  async (name) => {
    const sightglass = startFakes(['obedient']);
    await sightglass.ready();
    const children = listChildren(sightglass.pid);
    sightglass.signal(name);
    expect(await sightglass.exited).toEqual({ code: 0, signal: null });
    expect(sightglass.output()).toContain('[obedient] drained');
    await waitUntilGone(children, 100);
  },
);

test('stops the programs in their order, and the database after all of them', async () => {
  const sightglass = startFakes(['obedient', 'asking'], { CLICKHOUSE_URL: '' }); // so it has an embedded one
  await sightglass.ready();
  const children = listChildren(sightglass.pid);
  expect(children).toHaveLength(3);
  sightglass.signal('SIGINT');
  expect((await sightglass.exited).code).toBe(0);
  expect(sightglass.output()).toMatch(/\[obedient\] drained\n\[asking\] the database answers 200\n$/);
  await waitUntilGone(children, 100);
});

test('kills a program that does not drain within its limit', async () => {
  const sightglass = startFakes(['stubborn']);
  await sightglass.ready();
  const children = listChildren(sightglass.pid);
  const startedAt = performance.now();
  sightglass.signal('SIGINT');
  expect((await sightglass.exited).code).toBe(0);
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  await waitUntilGone(children, 100);
});

test('ends everything at once on a second Ctrl-C', async () => {
  const sightglass = startFakes(['stubborn']);
  await sightglass.ready();
  const children = listChildren(sightglass.pid);
  sightglass.signal('SIGINT');
  await sightglass.line(/stopping/);
  sightglass.signal('SIGINT');
  expect((await sightglass.exited).code).toBe(130);
  await waitUntilGone(children, 2_000);
});

test('leaves nothing running when it is told to stop during the start', async () => {
  const sightglass = startFakes(['obedient']);
  await sightglass.line(/data/);
  sightglass.signal('SIGINT');
  expect((await sightglass.exited).code).toBe(0);
  expect(sightglass.output()).not.toContain('ready');
});

test('survives that nobody reads its output any more', async () => {
  const sightglass = startFakes(['obedient']);
  const url = await sightglass.ready();
  sightglass.closeOutput();
  const before = findChild(sightglass.pid, /obedient/);
  process.kill(before, 'SIGKILL');
  await waitUntil(
    () =>
      fetch(url).then(
        (reply) => reply.ok,
        () => false,
      ),
    5_000,
  );
  expect(findChild(sightglass.pid, /obedient/)).not.toBe(before);
});

test('says in one line that a port is taken, by which variable it is set and what to do', async () => {
  const { port, close } = await takePort();
  const sightglass = startFakes(['obedient'], { SIGHTGLASS_OTLP_HTTP_PORT: String(port) });
  expect((await sightglass.exited).code).toBe(1);
  expect(sightglass.output().trimEnd()).toBe(
    `SIGHTGLASS_OTLP_HTTP_PORT=${port}: another program listens on port ${port} of 127.0.0.1; stop it, or set SIGHTGLASS_OTLP_HTTP_PORT to another port (0 = any free one)`,
  );
  await close();
});

test('says in one line that no ClickHouse answers, without the password', async () => {
  const { port, close } = await takePort();
  await close();
  const sightglass = startFakes(['obedient'], { CLICKHOUSE_URL: `http://me:hunter2@127.0.0.1:${port}/sightglass` });
  expect((await sightglass.exited).code).toBe(1);
  expect(sightglass.output()).toMatch(
    new RegExp(`\nCLICKHOUSE_URL: no ClickHouse answers at http://127.0.0.1:${port} \\(ECONNREFUSED\\)\n$`),
  );
  expect(sightglass.output()).not.toContain('hunter2');
});

test('says in one line that ClickHouse refuses the login', async () => {
  const wrong = new URL(useDatabase().url);
  wrong.password = 'hunter2';
  const sightglass = startFakes(['obedient'], { CLICKHOUSE_URL: wrong.href });
  expect((await sightglass.exited).code).toBe(1);
  expect(sightglass.output()).toContain(
    `CLICKHOUSE_URL: the ClickHouse at ${wrong.origin} refuses the login of user sightglass\n`,
  );
  expect(sightglass.output()).not.toContain('hunter2');
});

test('says in one line that what answers is not ClickHouse', async () => {
  const { port, close } = await takePort();
  const sightglass = startFakes(['obedient'], { CLICKHOUSE_URL: `http://127.0.0.1:${port}/sightglass` });
  expect((await sightglass.exited).code).toBe(1);
  expect(sightglass.output()).toContain(
    `CLICKHOUSE_URL: what answers at http://127.0.0.1:${port} is not ClickHouse's HTTP port (status 200)\n`,
  );
  await close();
});

async function takePort(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
