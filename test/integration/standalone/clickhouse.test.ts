import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request, type OutgoingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startClickHouse, type EmbeddedClickHouse } from '../../../server/standalone/clickhouse.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { waitUntilGone } from './sightglass-process.ts';

const dir = makeTempDir('clickhouse');
let clickhouse: EmbeddedClickHouse;

beforeAll(async () => {
  clickhouse = await start(dir.path);
});

afterAll(async () => {
  await clickhouse.stop();
  dir.remove();
});

test('is a recent ClickHouse', () => {
  expect(clickhouse.version).toMatch(/^2[6-9]\./);
});

test.each([
  ['a query', 'POST', '/', {}],
  ['a query with the right login', 'POST', '/', { authorization: 'RIGHT LOGIN' }],
  ['a query as the session user', 'POST', '/?user=default', {}],
  ['a query in the URL', 'GET', '/?query=SELECT%201', {}],
  ['a wrong secret', 'POST', '/', { 'x-sightglass-secret': 'guess' }],
  ['an empty secret', 'POST', '/', { 'x-sightglass-secret': '' }],
  ['the ping', 'GET', '/ping', {}],
  ['the replicas status', 'GET', '/replicas_status', {}],
  ['the playground', 'GET', '/play', {}],
  ['the dashboard', 'GET', '/dashboard', {}],
  ['the binary page', 'GET', '/binary', {}],
  ['the metrics', 'GET', '/metrics', {}],
  ['a plain text POST from a web page', 'POST', '/', { origin: 'https://evil.example', 'content-type': 'text/plain' }],
  ['a name that an attacker points at this machine', 'POST', '/', { host: 'evil.example:8123' }],
])('answers 404 to %s without the secret header', async (_, method, path, headers) => {
  const reply = await send({ method, path, headers: resolveHeaders(headers) });
  expect(reply.status).toBe(404);
  expect(reply.body).not.toContain('26.');
  expect(reply.headers['access-control-allow-origin']).toBeUndefined();
});

test('gives a browser no CORS permission for the secret header', async () => {
  const reply = await send({
    method: 'OPTIONS',
    path: '/',
    headers: { origin: 'https://evil.example', 'access-control-request-headers': 'x-sightglass-secret' },
  });
  expect(reply.status).toBe(501);
  expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test('wants the password as well as the secret', async () => {
  const reply = await send({
    method: 'POST',
    path: '/?user=sightglass&password=guess',
    headers: { 'x-sightglass-secret': clickhouse.secret },
  });
  expect(reply.status).toBe(403);
});

test('listens on one port, on loopback only', () => {
  const port = clickhouse.port.toString(16).toUpperCase().padStart(4, '0');
  expect(listListening(clickhouse.pid)).toEqual([`0100007F:${port}`]);
});

test.each([
  ['files', `SELECT * FROM file('/etc/passwd', LineAsString)`],
  ['addresses', `SELECT * FROM url('http://127.0.0.1:1/', LineAsString)`],
  ['other servers', `SELECT * FROM remote('127.0.0.1:9000', system.one)`],
  ['object stores', `SELECT * FROM s3('http://127.0.0.1:1/bucket/key', LineAsString)`],
  ['addresses by a table', `CREATE TABLE t (a String) ENGINE = URL('http://127.0.0.1:1/', CSV)`],
  ['files by a table', `CREATE TABLE t (a String) ENGINE = File(CSV)`],
  ['PostgreSQL', `SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')`],
  ['other databases', `SELECT * FROM sqlite('/tmp/x.db', 't')`],
])('gives SQL no access to %s', async (_, query) => {
  await withClient(async (client) => {
    await expect(client.command({ query })).rejects.toThrow(/Not enough privileges|Unknown table function/);
  });
});

test('limits a query in memory and time, and a result nobody waits for ends', async () => {
  await withClient(async (client) => {
    const reply = await client.query({
      query: `SELECT name, value FROM system.settings WHERE name IN ('max_memory_usage', 'max_execution_time', 'cancel_http_readonly_queries_on_client_close') ORDER BY name`,
      format: 'JSONEachRow',
    });
    const settings = new Map(
      (await reply.json<{ name: string; value: string }>()).map(({ name, value }) => [name, value]),
    );
    expect(settings.get('cancel_http_readonly_queries_on_client_close')).toBe('1');
    expect(settings.get('max_execution_time')).toBe('60');
    expect(Number(settings.get('max_memory_usage'))).toBeGreaterThan(500_000_000);
  });
});

test('keeps no log tables that grow without bound', async () => {
  await withClient(async (client) => {
    const reply = await client.query({
      query: `SELECT name FROM system.tables WHERE database = 'system' AND engine LIKE '%MergeTree' LIMIT 100`,
      format: 'JSONEachRow',
    });
    expect(await reply.json()).toEqual([]);
  });
});

test('keeps its secrets in files of this user only', () => {
  for (const name of ['clickhouse.xml', 'users.xml']) {
    expect(statSync(join(dir.path, 'run', name)).mode & 0o777).toBe(0o600);
  }
});

test('refuses a folder that another ClickHouse uses, and leaves that one alone', async () => {
  const other = makeTempDir('clickhouse-locked');
  const first = await start(other.path);
  await expect(start(other.path)).rejects.toThrow(`another ClickHouse is running on ${other.path}`);
  await withClient((client) => client.ping({ select: true }), first);
  await first.stop();
  other.remove();
});

test('says in one line why it cannot start', async () => {
  const other = makeTempDir('clickhouse-unusable');
  writeFileSync(join(other.path, 'clickhouse'), '');
  await expect(start(other.path)).rejects.toThrow(
    `the data folder ${other.path} cannot be used: a file is in the way; set SIGHTGLASS_DATA_DIR to another folder`,
  );
  rmSync(join(other.path, 'clickhouse'));
  mkdirSync(join(other.path, 'clickhouse', 'metadata'), { recursive: true });
  writeFileSync(join(other.path, 'clickhouse', 'metadata', 'sightglass.sql'), 'nonsense');
  await expect(start(other.path)).rejects.toThrow(/^the embedded ClickHouse could not start on \S+: .*nonsense.*$/);
  other.remove();
});

test('works in a folder with spaces, quotes and other scripts in its name', async () => {
  const other = makeTempDir('clickhouse-name');
  const path = join(other.path, `it's "here" & <dort> \\ 日本 ü`);
  const one = await start(path);
  await withClient((client) => client.command({ query: 'CREATE TABLE kept (a String) ORDER BY a' }), one);
  await one.stop();
  const two = await start(path);
  await withClient((client) => client.command({ query: 'SELECT * FROM kept' }), two);
  await two.stop();
  other.remove();
});

test('keeps acknowledged rows when it is killed, and comes back on the same address', async () => {
  const other = makeTempDir('clickhouse-killed');
  const first = await start(other.path);
  await withClient(async (client) => {
    await client.command({ query: 'CREATE TABLE kept (a UInt64) ORDER BY a' });
    await client.insert({ table: 'kept', values: [{ a: 41 }, { a: 42 }], format: 'JSONEachRow' });
  }, first);
  first.kill();
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
  const { port, secret, password } = first;
  const second = await startClickHouse({ dataDir: other.path, port, secret, password, log: () => undefined });
  expect(second.url).toBe(first.url);
  await withClient(async (client) => {
    const reply = await client.query({ query: 'SELECT a FROM kept ORDER BY a', format: 'JSONEachRow' });
    expect(await reply.json()).toEqual([{ a: 41 }, { a: 42 }]);
  }, first); // the address and secrets of the first
  await second.stop();
  other.remove();
});

test('stops within a second when it is idle', async () => {
  const other = makeTempDir('clickhouse-stop');
  const one = await start(other.path);
  await withClient((client) => client.ping({ select: true }), one);
  const startedAt = performance.now();
  await one.stop();
  expect(performance.now() - startedAt).toBeLessThan(1000);
  await waitUntilGone([one.pid], 100);
  other.remove();
});

test('stops even while a client keeps its connection open', async () => {
  const other = makeTempDir('clickhouse-stop-open');
  const one = await start(other.path);
  const client = createClient({ url: one.url, http_headers: { 'x-sightglass-secret': one.secret } });
  await client.ping({ select: true });
  await one.stop();
  await waitUntilGone([one.pid], 100);
  await client.close();
  other.remove();
});

function start(dataDir: string): Promise<EmbeddedClickHouse> {
  return startClickHouse({ dataDir, log: () => undefined });
}

async function withClient<T>(
  use: (client: ReturnType<typeof createClient>) => Promise<T>,
  target: { url: string; secret: string } = clickhouse,
): Promise<T> {
  const client = createClient({
    url: target.url,
    http_headers: { 'x-sightglass-secret': target.secret },
    log: { level: ClickHouseLogLevel.OFF }, // refusals are what some tests are about
  });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** The table of cases is made before the server has a password. */
function resolveHeaders(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  if (headers.authorization === undefined) return headers;
  return { ...headers, authorization: `Basic ${btoa(`sightglass:${clickhouse.password}`)}` };
}

interface Sent {
  method: string;
  path: string;
  headers: OutgoingHttpHeaders;
}

function send({ method, path, headers }: Sent) {
  return new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: clickhouse.port, method, path, agent: false };
    const call = request({ ...options, headers: { ...headers, connection: 'close' } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    call.on('error', reject);
    call.end(method === 'POST' ? 'SELECT version()' : undefined);
  });
}

/** Local addresses of the sockets on which a process listens, as the kernel writes them: `0100007F:PORT` is loopback. */
function listListening(pid: number): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`));
  const own = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]).filter((inode) => inode !== undefined));
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === '0A' && own.has(columns[9] ?? ''))
    .map((columns) => columns[1] ?? '');
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
