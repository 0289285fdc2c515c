import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTempDir } from '../../support/temp-dir.ts';
import { type Answer, createKey, runKeys, send } from './kept-keys.ts';
import { type SightglassProcess, startSightglass, waitUntil } from './sightglass-process.ts';

// Logins of browsers: what a page of another site can and cannot do with the cookie.
const publicUrl = 'https://traces.example';
const revokedWithinMs = 10_000;

let dir: { path: string; remove(): void };
let sightglass: SightglassProcess;
let api = '';
let key = '';

beforeAll(async () => {
  dir = makeTempDir('login');
  const env = { SIGHTGLASS_AUTH: 'on', SIGHTGLASS_PUBLIC_URL: publicUrl };
  sightglass = startSightglass(dir.path, { env });
  api = await sightglass.ready();
  key = createKey(dir.path, 'shop', 'read,run,admin').secret;
});
afterAll(async () => {
  sightglass.signal('SIGTERM');
  await sightglass.exited;
  dir.remove();
});

const json = { 'content-type': 'application/json' };
/** As a browser sends it from our own page, behind a proxy. */
const own = { ...json, origin: publicUrl, 'sec-fetch-site': 'same-origin', host: 'traces.example' };

function logIn(text: string, headers: Record<string, string> = own): Promise<Answer> {
  return send(`${api}/api/login`, { method: 'POST', headers, body: JSON.stringify({ key: text }) });
}

async function cookieOf(text: string): Promise<string> {
  const [cookie = ''] = (await logIn(text)).headers['set-cookie'] ?? [];
  return cookie.split(';', 1)[0] ?? '';
}

test('the cookie is for this host, our own pages and the browser alone', async () => {
  const { status, headers } = await logIn(key);
  expect(status).toBe(200);
  const [cookie = ''] = headers['set-cookie'] ?? [];
  expect(cookie).toMatch(/^__Host-sightglass=[0-9a-f]{12}\.\w+\.[\w-]{22}\.[\w-]{43}; /);
  for (const part of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict', 'Max-Age=43200'])
    expect(cookie).toContain(part);
  expect(cookie).not.toContain('Domain');
  expect(cookie).not.toContain(key.slice(16));
});

test('a browser that signed in reads and writes, and asks who it is', async () => {
  const cookie = await cookieOf(key);
  const read = { headers: { ...own, cookie } };
  expect((await send(`${api}/api/traces`, read)).status).toBe(200);
  expect(JSON.parse((await send(`${api}/api/me`, read)).text)).toMatchObject({ key: { projectId: 'shop' } });
  const body = JSON.stringify({ projectId: 'shop', name: 'made in a browser', scopes: ['read'] });
  expect((await send(`${api}/api/keys`, { method: 'POST', ...read, body })).status).toBe(200);
  // A link that is typed or kept, such as that of a file.
  const typed = { headers: { cookie, 'sec-fetch-site': 'none' } };
  expect((await send(`${api}/api/costs.csv`, typed)).status).toBe(200);
});

test('what is no key for reading does not sign in', async () => {
  const ingest = createKey(dir.path, 'shop', 'ingest').secret;
  for (const [text, status] of [
    ['', 400],
    ['x'.repeat(300), 400],
    ['no key', 401],
    [`sg-${'0'.repeat(12)}-${'A'.repeat(43)}`, 401],
    [ingest, 403],
  ] as const) {
    const answer = await logIn(text);
    expect([text, answer.status]).toEqual([text, status]);
    expect(answer.headers['set-cookie']).toBeUndefined();
  }
  const large = await send(`${api}/api/login`, { method: 'POST', headers: own, body: 'x'.repeat(20_000) });
  expect(large.status).toBe(413);
});

test('a page of another origin can do nothing with it, nor sign anybody in', async () => {
  const cookie = await cookieOf(key);
  const body = JSON.stringify({ projectId: 'shop', name: 'forged', scopes: ['admin'] });
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    // A neighbour below the same domain, and what says nothing of where it came from.
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://other.traces.example', 'sec-fetch-site': 'same-site' },
    { origin: `${publicUrl}.evil.example` },
    {},
  ];
  for (const headers of foreign) {
    const forged = { method: 'POST', headers: { ...json, host: 'traces.example', cookie, ...headers }, body };
    expect([headers, (await send(`${api}/api/keys`, forged)).status]).toEqual([headers, expect.toBeOneOf([401, 403])]);
  }
  for (const headers of foreign.filter((one) => Object.keys(one).length > 0)) {
    const read = await send(`${api}/api/traces`, { headers: { host: 'traces.example', cookie, ...headers } });
    expect([headers, read.status]).toEqual([headers, expect.toBeOneOf([401, 403])]);
  }
  expect((await logIn(key, { ...json, origin: 'https://evil.example' })).status).toBe(403);
  // A form can send these types without asking.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const form = { method: 'POST', headers: { ...own, cookie, 'content-type': type }, body };
    expect((await send(`${api}/api/keys`, form)).status).toBe(415);
  }
  const preflight = { method: 'OPTIONS', headers: { origin: 'https://evil.example', host: 'traces.example' } };
  const answer = await send(`${api}/api/keys`, preflight);
  expect(answer.status).toBe(403);
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
});

test('a link from another site opens the page, and no data', async () => {
  const cross = { 'sec-fetch-site': 'cross-site', host: 'traces.example' };
  expect((await send(`${api}/traces`, { headers: cross })).status).toBe(200);
  expect((await send(`${api}/api/traces`, { headers: { ...cross, 'x-api-key': key } })).status).toBe(403);
});

test('a cookie that was changed, or of somebody else’s making, is none', async () => {
  const cookie = await cookieOf(key);
  const [name = '', token = ''] = cookie.split('=');
  for (const other of ['', 'x', token.slice(0, -1), `${token}A`, token.replace(/^.{12}/, 'a'.repeat(12))]) {
    const headers = { ...own, cookie: `${name}=${other}` };
    expect((await send(`${api}/api/traces`, { headers })).status).toBe(401);
    expect((await send(`${api}/api/me`, { headers })).text).toContain('"key":null');
  }
  // Nor is it a key, and a wrong key is not made good by a cookie.
  expect((await send(`${api}/api/traces`, { headers: { ...own, 'x-api-key': token } })).status).toBe(401);
  expect((await send(`${api}/api/traces`, { headers: { ...own, cookie, 'x-api-key': 'x' } })).status).toBe(401);
});

test('who signs out is out, also with a copy of the cookie', async () => {
  const cookie = await cookieOf(key);
  const out = await send(`${api}/api/logout`, { method: 'POST', headers: { ...own, cookie } });
  expect(out.status).toBe(200);
  expect(out.headers['set-cookie']?.[0]).toContain('Max-Age=0');
  expect((await send(`${api}/api/traces`, { headers: { ...own, cookie } })).status).toBe(401);
});

test('a login ends with its key', async () => {
  const { key: made, secret } = createKey(dir.path, 'shop', 'read');
  const cookie = await cookieOf(secret);
  const headers = { ...own, cookie };
  expect((await send(`${api}/api/traces`, { headers })).status).toBe(200);
  expect(runKeys(dir.path, ['revoke', made.keyId]).stdout).toContain('is revoked');
  await waitUntil(async () => (await send(`${api}/api/traces`, { headers })).status === 401, revokedWithinMs);
  expect((await send(`${api}/api/me`, { headers })).text).toContain('"key":null');
});
