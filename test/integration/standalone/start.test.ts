import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { connectGrpc } from '../../support/grpc-client.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import {
  findChild,
  listChildren,
  startSightglass,
  waitUntil,
  waitUntilGone,
  type SightglassProcess,
} from './sightglass-process.ts';

// The whole product as `npm start` runs it: embedded ClickHouse, collector, server.
const processes: { clickhouse: RegExp; collector: RegExp; server: RegExp } = {
  clickhouse: /clickhouse-child\.ts/,
  collector: /collector\/main\.ts/,
  server: /server\/main\.ts/,
};

const running: SightglassProcess[] = [];
const dirs: { remove(): void }[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) {
    one.signal('SIGTERM');
    await one.exited;
  }
  for (const dir of dirs.splice(0)) dir.remove();
});

function newDataDir(): string {
  const dir = makeTempDir('start');
  dirs.push(dir);
  return dir.path;
}

function start(dataDir: string, env: Record<string, string> = {}): SightglassProcess {
  const started = startSightglass(dataDir, { env });
  running.push(started);
  return started;
}

async function addresses(sightglass: SightglassProcess): Promise<{ api: string; otlp: string; otlpGrpc: string }> {
  const api = await sightglass.ready();
  const addressIn = (row: string) => row.trim().split(/\s+/).at(-1) ?? '';
  return {
    api,
    otlp: addressIn(await sightglass.line(/OTLP\/HTTP/)),
    otlpGrpc: addressIn(await sightglass.line(/^ {2}OTLP\/gRPC {3}http:\/\/127\.0\.0\.1:\d+$/)),
  };
}

test('continues with the same data when it is stopped and started again', async () => {
  const dataDir = newDataDir();
  const first = start(dataDir);
  const traceId = await sendSpan((await addresses(first)).otlp);
  expect(await findTrace((await addresses(first)).api, traceId)).toBe(true);
  first.signal('SIGINT');
  expect((await first.exited).code).toBe(0);

  const startedAt = performance.now();
  const second = start(dataDir);
  const { api } = await addresses(second);
  expect(performance.now() - startedAt).toBeLessThan(10_000); // 0.6 s on two idle cores; the rest is for busy ones
  expect(await findTrace(api, traceId)).toBe(true);
});

test('prints the addresses of all that it starts', async () => {
  const sightglass = start(newDataDir());
  const { api, otlp, otlpGrpc } = await addresses(sightglass);
  expect(sightglass.output()).toMatch(/^Sightglass \d+\.\d+\.\d+$/m);
  expect(sightglass.output()).toMatch(/^ {2}ClickHouse {2}embedded 26\.[\d.]+$/m);
  expect(sightglass.output()).toContain(`  UI and API  ${api}\n`);
  for (const url of [api, otlp]) {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  }
  expect(await takesGrpc(otlpGrpc)).toBe(true);
});

test.each(Object.entries(processes))(
  'brings the %s back on its address when it is killed, and keeps what was acknowledged',
  async (_, pattern) => {
    const sightglass = start(newDataDir());
    const { api, otlp, otlpGrpc } = await addresses(sightglass);
    const before = await sendSpan(otlp);
    const killed = findChild(sightglass.pid, pattern);
    process.kill(killed, 'SIGKILL');
    await sightglass.line(/runs again/);
    expect(findChild(sightglass.pid, pattern)).not.toBe(killed);
    await waitUntil(() => isReady(api), 15_000);
    await waitUntil(() => isReady(otlp), 15_000);
    expect(await takesGrpc(otlpGrpc)).toBe(true);
    const after = await sendSpan(otlp);
    expect(await findTrace(api, before)).toBe(true);
    expect(await findTrace(api, after)).toBe(true);
  },
);

test('leaves no orphan when only the supervisor is killed, and starts again at once', async () => {
  const dataDir = newDataDir();
  const first = start(dataDir);
  const traceId = await sendSpan((await addresses(first)).otlp);
  const children = listChildren(first.pid);
  expect(children).toHaveLength(4);
  first.signal('SIGKILL');
  await first.exited;
  running.splice(0);

  const second = start(dataDir); // while the old ones may still be draining
  expect(await findTrace((await addresses(second)).api, traceId)).toBe(true);
  await waitUntilGone(children, 15_000);
});

test('lets nothing outlive the supervisor when that is killed during the start', async () => {
  const dataDir = newDataDir();
  const sightglass = start(dataDir);
  await sightglass.line(/ClickHouse/);
  const children = listChildren(sightglass.pid);
  sightglass.signal('SIGKILL');
  await sightglass.exited;
  running.splice(0);
  await waitUntilGone(children, 15_000);
});

test('stops quickly', async () => {
  const sightglass = start(newDataDir());
  await sendSpan((await addresses(sightglass)).otlp);
  const children = listChildren(sightglass.pid);
  const startedAt = performance.now();
  sightglass.signal('SIGINT');
  expect((await sightglass.exited).code).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(4_000); // 0.2 s on two idle cores; 5 s if a connection were kept open
  await waitUntilGone(children, 100);
});

test('refuses a data folder that another one uses, names it, and leaves that one alone', async () => {
  const dataDir = newDataDir();
  const first = start(dataDir);
  const { api } = await addresses(first);
  const second = start(dataDir);
  expect((await second.exited).code).toBe(1);
  expect(second.output()).toContain(
    `sightglass: another Sightglass is running on ${dataDir} (pid ${first.pid}): stop it, or set SIGHTGLASS_DATA_DIR to another folder\n`,
  );
  expect(second.output().trim().split('\n')).toHaveLength(2); // the name and the reason
  expect(await isReady(api)).toBe(true);
});

test.each([
  ['SIGHTGLASS_PORT', 'http'],
  ['SIGHTGLASS_AUTH', 'yes'],
  ['SIGHTGLASS_HOST', '0.0.0.0'],
  ['SIGHTGLASS_RETENTION_DAYS', 'long'],
  ['CLICKHOUSE_URL', 'localhost:8123'],
])('refuses %s=%s with one line before it starts anything', async (name, value) => {
  const sightglass = start(newDataDir(), { [name]: value });
  expect((await sightglass.exited).code).toBe(1);
  expect(sightglass.output()).toMatch(new RegExp(`^sightglass: ${name}=.* is not allowed; allowed: .*\n$`));
});

test('needs less than 950 MB for all processes together when it is idle', async () => {
  const dataDir = newDataDir();
  const sightglass = start(dataDir);
  await sendSpan((await addresses(sightglass)).otlp);
  const bytes = [sightglass.pid, ...listChildren(sightglass.pid)].map(readResidentBytes);
  expect(bytes).toHaveLength(5);
  expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(950 * 1024 * 1024);
});

test('keeps its data folder to this user', async () => {
  const dataDir = join(newDataDir(), "a b's");
  const sightglass = start(dataDir);
  await sightglass.ready();
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
});

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function takesGrpc(url: string): Promise<boolean> {
  const client = connectGrpc(url);
  const { code } = await client.send('traces', Buffer.alloc(0));
  client.close();
  return code === 0;
}

/** One span, acknowledged; answers its trace id. */
async function sendSpan(otlp: string): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    name: 'hello',
    kind: 1,
    startTimeUnixNano: String(now - 1_000_000n),
    endTimeUnixNano: String(now),
  };
  const reply = await fetch(`${otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
  });
  expect([reply.status, await reply.json()]).toEqual([200, {}]);
  return traceId;
}

/** Whether the trace is there with its one span. */
async function findTrace(api: string, traceId: string): Promise<boolean> {
  const reply = await fetch(`${api}/api/traces/${traceId}?project=default`);
  if (reply.status === 404) return false;
  const { spans } = (await reply.json()) as { spans: unknown[] };
  expect(spans).toHaveLength(1);
  return true;
}

function readResidentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}
