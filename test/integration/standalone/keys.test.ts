import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { Metadata } from '@grpc/grpc-js';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectGrpc } from '../../support/grpc-client.ts';
import { encodeJson, encodeProtobuf, tracesOf } from '../../support/otlp-encode.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { newSpan } from '../collector/live-collector.ts';
import { createKey, formsOf, listKeys, runKeys, send, writeExpiredKey } from './kept-keys.ts';
import { type SightglassProcess, startSightglass, waitUntil } from './sightglass-process.ts';

// The whole product with SIGHTGLASS_AUTH=on, as it would stand in a network, and keys made by the command line.
const project = 'shop';
const revokedWithinMs = 10_000;
const patienceMs = 20_000;

let dir: { path: string; remove(): void };
let sightglass: SightglassProcess;
let api = '';
let otlp = '';
let otlpGrpc = '';
let agents = '';
const keys = { all: '', admin: '', ingest: '', read: '', run: '', other: '', every: '', revoked: '', expired: '' };
const unknown = `sg-${'0'.repeat(12)}-${'A'.repeat(43)}`;

beforeAll(async () => {
  dir = makeTempDir('keys');
  sightglass = startSightglass(dir.path, { env: { SIGHTGLASS_AUTH: 'on' } });
  api = await sightglass.ready();
  const addressIn = async (row: RegExp) => (await sightglass.line(row)).trim().split(/\s+/).at(-1) ?? '';
  [otlp, otlpGrpc, agents] = await Promise.all([
    addressIn(/^ {2}OTLP\/HTTP/),
    addressIn(/^ {2}OTLP\/gRPC/),
    addressIn(/^ {2}Agents/),
  ]);
  keys.all = createKey(dir.path, project, 'ingest,read,run,admin').secret;
  for (const scope of ['admin', 'ingest', 'read', 'run'] as const) {
    keys[scope] = createKey(dir.path, project, scope).secret;
  }
  keys.other = createKey(dir.path, 'other', 'ingest,read,run,admin').secret;
  keys.every = createKey(dir.path, '*', 'ingest,read,run,admin').secret;
  const { key, secret } = createKey(dir.path, project, 'ingest,read,run,admin');
  keys.revoked = secret;
  expect(runKeys(dir.path, ['revoke', key.keyId]).status).toBe(0);
  keys.expired = await writeExpiredKey(dir.path, project);
});
afterAll(async () => {
  sightglass.signal('SIGTERM');
  await sightglass.exited;
  dir.remove();
});

const json = { 'content-type': 'application/json' };
const oneSpan = () => encodeJson(tracesOf([newSpan()]));

type Knock = (headers: Record<string, string>) => Promise<{ status: number; text: string }>;

/** A request that the right key is let in with, of each port; gRPC answers in the words of HTTP. */
const doors: readonly { door: string; scope: 'ingest' | 'read' | 'run' | 'admin'; knock: Knock }[] = [
  { door: 'the API', scope: 'read', knock: (headers) => send(`${api}/api/traces`, { headers }) },
  { door: 'the histogram', scope: 'read', knock: (headers) => send(`${api}/api/traces/histogram`, { headers }) },
  { door: 'the keys', scope: 'admin', knock: (headers) => send(`${api}/api/keys`, { headers }) },
  { door: 'the forwarded agents', scope: 'run', knock: (headers) => cancelForwarded(headers) },
  { door: 'the budgets of a call', scope: 'run', knock: (headers) => postBudgets('/resolve', headers, {}) },
  { door: 'OTLP/HTTP', scope: 'ingest', knock: (headers) => postSpan('/v1/traces', headers) },
  { door: 'Langfuse’s path', scope: 'ingest', knock: (headers) => postSpan('/api/public/otel/v1/traces', headers) },
  { door: 'LangSmith’s path', scope: 'ingest', knock: (headers) => postSpan('/otel/v1/traces', headers) },
  { door: 'OTLP/gRPC', scope: 'ingest', knock: callGrpc },
  { door: 'the agents', scope: 'run', knock: (headers) => send(`${agents}/v1/models`, { headers }) },
];

function postSpan(path: string, headers: Record<string, string>) {
  return send(`${otlp}${path}`, { method: 'POST', headers: { ...json, ...headers }, body: oneSpan() });
}

function postBudgets(path: string, headers: Record<string, string>, body: object) {
  const url = `${api}/api/budgets${path}`;
  return send(url, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

/** A session that is not there: who may ask is told so. */
async function cancelForwarded(headers: Record<string, string>) {
  const answer = await send(`${api}/api/agents/support/sessions/none/cancel`, { method: 'POST', headers });
  return answer.status === 404 ? { ...answer, status: 200 } : answer;
}

const httpStatuses: Readonly<Record<number, number>> = { 0: 200, 7: 403, 16: 401, 8: 429, 14: 503 };

async function callGrpc(metadata: Record<string, string>) {
  const client = connectGrpc(otlpGrpc);
  const { code, message } = await client.send('traces', encodeProtobuf(tracesOf([newSpan()])), { metadata });
  client.close();
  return { status: httpStatuses[code] ?? code, text: message };
}

describe.each(doors)('$door', ({ scope, knock }) => {
  test('lets in the right key, in every form', async () => {
    for (const key of [keys.all, keys[scope]]) {
      for (const headers of Object.values(formsOf(key))) {
        expect(await knock(headers)).toMatchObject({ status: 200 });
      }
    }
  });

  test('says one and the same of no key and of a wrong one', async () => {
    const wrongSecret = `${keys.all.slice(0, -1)}${keys.all.endsWith('A') ? 'B' : 'A'}`;
    const answers = [await knock({})];
    for (const key of [unknown, wrongSecret, 'sk-something', '']) answers.push(await knock({ 'x-api-key': key }));
    answers.push(await knock({ authorization: `Bearer ${keys.all}`, 'x-api-key': unknown }));
    answers.push(await knock({ authorization: `Bearer ${unknown}`, 'x-api-key': keys.all }));
    answers.push(await knock({ 'x-sightglass-internal': 'x'.repeat(64) }));
    for (const { status, text } of answers) {
      expect(status).toBe(401);
      expect(text).toContain('this needs a valid key');
    }
  });

  test('says of a right secret that its key has expired or was revoked', async () => {
    for (const [key, why] of [
      [keys.revoked, 'was revoked'],
      [keys.expired, 'has expired'],
    ] as const) {
      const { status, text } = await knock({ 'x-api-key': key });
      expect(status).toBe(401);
      expect(text).toContain(why);
    }
  });

  test('names the scope that a key lacks', async () => {
    for (const other of (['ingest', 'read', 'run', 'admin'] as const).filter((one) => one !== scope)) {
      const { status, text } = await knock({ 'x-api-key': keys[other] });
      expect(status).toBe(403);
      expect(text).toContain(`scope ${scope}`);
    }
  });
});

describe('the project of a key', () => {
  test('is the project of its spans, and no other may be named', async () => {
    const named = { 'x-sightglass-project': project };
    for (const knock of [(headers: Record<string, string>) => postSpan('/v1/traces', headers), callGrpc]) {
      expect(await knock({ 'x-api-key': keys.ingest, ...named })).toMatchObject({ status: 200 });
      const { status, text } = await knock({ 'x-api-key': keys.other, ...named });
      expect(status).toBe(403);
      expect(text).toContain('project other');
    }
    await waitUntil(async () => (await countTraces(keys.read)) > 0, patienceMs);
    expect(await countTraces(keys.other)).toBe(0);
  });

  test('is what every read of the API is of, whatever the query says', async () => {
    const document = JSON.parse((await send(`${api}/api/openapi.json`, bearer(keys.read))).text) as {
      paths: Record<string, { get?: { parameters?: { name: string }[] } }>;
    };
    const readable = Object.entries(document.paths).filter(([path, { get }]) => path.startsWith('/api') && get);
    expect(readable.length).toBeGreaterThan(20);
    for (const [path, { get }] of readable) {
      if (path === '/api/live' || path === '/api/keys') continue;
      const url = `${api}${path.replaceAll(/\{\w+\}/g, 'a'.repeat(32)).replace('/spans/aaaaaaaaaaaaaaaa', '/spans/')}`;
      const own = await send(url, bearer(keys.other));
      expect([path, own.text]).not.toEqual([path, expect.stringContaining('unknown parameter') as string]);
      if (!get?.parameters?.some(({ name }) => name === 'project')) continue;
      for (const query of [`project=${project}`, `project=other&project=${project}`, `%70roject=${project}`]) {
        const { status, text } = await send(`${url}?${query}`, bearer(keys.other));
        expect([path, query, status, text]).toEqual([path, query, 403, expect.stringContaining('project other')]);
      }
      expect(own.status).not.toBe(403);
    }
  });

  test('is the only one that it learns of', async () => {
    await postSpan('/v1/traces', { 'x-api-key': keys.other });
    await waitUntil(async () => (await listProjects(keys.every)).length === 2, patienceMs);
    expect(await listProjects(keys.read)).toEqual([project]);
    expect(await listProjects(keys.other)).toEqual(['other']);
  });

  test('is named by each request of a key of every project', async () => {
    const before = await countTraces(keys.every, project);
    const named = { 'x-api-key': keys.every, 'x-sightglass-project': project };
    expect(await postSpan('/v1/traces', named)).toMatchObject({ status: 200 });
    expect(await callGrpc(named)).toMatchObject({ status: 200 });
    await waitUntil(async () => (await countTraces(keys.every, project)) === before + 2, patienceMs);
  });

  test('is whose sessions with agents are: another key does not see them', async () => {
    const openai = new OpenAI({ baseURL: `${agents}/v1`, apiKey: keys.run, maxRetries: 0 });
    const said = { model: 'agent/hello', messages: [{ role: 'user' as const, content: 'hello' }] };
    const { response } = await openai.chat.completions.create(said).withResponse();
    const sessionId = response.headers.get('x-session-id') ?? '';
    const read = (key: string) => send(`${agents}/v1/sessions/${sessionId}`, { headers: { 'x-api-key': key } });
    expect((await read(keys.run)).status).toBe(200);
    expect((await read(keys.other)).status).toBe(404);
    const forwarded = `${api}/api/agents/hello/sessions/${sessionId}`;
    expect((await send(forwarded, bearer(keys.read))).status).toBe(200);
    expect((await send(forwarded, bearer(keys.other))).status).toBe(404);
    const session = { headers: { 'x-session-id': sessionId } };
    const other = new OpenAI({ baseURL: `${agents}/v1`, apiKey: keys.other, maxRetries: 0 });
    await expect(other.chat.completions.create(said, session)).rejects.toMatchObject({ status: 404 });
    for (const method of ['POST', 'DELETE']) {
      const path = method === 'POST' ? `${sessionId}/cancel` : sessionId;
      const { status } = await send(`${agents}/v1/sessions/${path}`, { method, headers: { 'x-api-key': keys.other } });
      expect(status).toBe(404);
    }
    // Its spans are of the key's project as well.
    await waitUntil(async () => (await searchSession(keys.read, sessionId)) === 1, patienceMs);
    expect(await searchSession(keys.other, sessionId)).toBe(0);
  });
});

describe('clients as they are', () => {
  test('the official exporters send under a key in their headers', async () => {
    const before = await countTraces(keys.read);
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${keys.ingest}`);
    const basic = formsOf(keys.ingest)['Basic with the secret'] ?? {};
    const exporters = [
      new HttpExporter({ url: `${otlp}/v1/traces`, headers: { 'x-api-key': keys.ingest } }),
      new HttpExporter({ url: `${otlp}/api/public/otel/v1/traces`, headers: basic }), // as Langfuse's SDK sets it up
      new GrpcExporter({ url: otlpGrpc, metadata }),
    ];
    for (const exporter of exporters) {
      const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
      provider.getTracer('test').startSpan('sent').end();
      await provider.forceFlush();
      await provider.shutdown();
    }
    await waitUntil(async () => (await countTraces(keys.read)) === before + exporters.length, patienceMs);
  });

  test('the openai package says what is wrong with its key', async () => {
    const ask = (apiKey: string) =>
      new OpenAI({ baseURL: `${agents}/v1`, apiKey, maxRetries: 0 }).models.list().then((page) => page.data.length);
    expect(await ask(keys.run)).toBeGreaterThan(0);
    await expect(ask(unknown)).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
    await expect(ask(keys.read)).rejects.toMatchObject({ status: 403, code: 'forbidden' });
  });
});

describe('what needs no key', () => {
  test('is health, the files of the UI, and who asks', async () => {
    for (const base of [api, otlp, agents]) {
      for (const path of ['/healthz', '/readyz']) expect((await send(`${base}${path}`)).status).toBe(200);
    }
    expect((await send(`${api}/`)).status).toBe(200);
    expect(JSON.parse((await send(`${api}/api/me`)).text)).toEqual({ auth: 'on', key: null });
    expect(JSON.parse((await send(`${api}/api/me`, bearer(keys.run))).text)).toMatchObject({
      key: { projectId: project, scopes: ['run'] },
    });
  });

  test('is nothing else, by no spelling of its path', async () => {
    for (const path of ['/api', '/api/', '/api/traces/', '/api//traces', '/api/me/', '/api/%74races', '/api/none']) {
      expect([path, (await send(`${api}${path}`)).status]).toEqual([path, 401]);
    }
    for (const path of ['//api/traces', '/%61pi/traces', '/API/traces', '/x/../api/traces', '/ui/..;/api/keys']) {
      expect([path, (await send(`${api}${path}`)).text]).not.toEqual([path, expect.stringContaining('"traces":')]);
    }
    for (const path of ['/metrics', '/v1/traces', '/none', '/healthz/']) {
      expect([path, (await send(`${otlp}${path}`)).status]).toEqual([path, 401]);
    }
    for (const path of ['/agents', '/v1/sessions/x', '/none', '/readyz/']) {
      expect([path, (await send(`${agents}${path}`)).status]).toEqual([path, 401]);
    }
  });

  test('the collector’s and the server’s numbers need a key of every project that may read', async () => {
    for (const origin of [otlp, api]) {
      expect((await send(`${origin}/metrics`)).status).toBe(401);
      expect((await send(`${origin}/metrics`, bearer(keys.all))).status).toBe(403);
      expect((await send(`${origin}/metrics`, bearer(keys.every))).status).toBe(200);
    }
  });
});

describe('budgets', () => {
  const input = { name: 'all', scope: 'project', amountUsd: '5', period: { kind: 'total' }, action: 'block' };

  test('are made with admin, read with read, asked with run or ingest, and are of the key’s project', async () => {
    const { headers } = bearer(keys.admin);
    const made = await postBudgets('', headers, input);
    expect(made.status).toBe(200);
    const { budget } = JSON.parse(made.text) as { budget: { budgetId: string } };
    expect((await postBudgets('', bearer(keys.run).headers, input)).status).toBe(403);
    expect((await send(`${api}/api/budgets`, bearer(keys.read))).text).toContain(budget.budgetId);
    expect((await send(`${api}/api/budgets`, bearer(keys.run))).status).toBe(403);
    expect((await send(`${api}/api/budgets`, bearer(keys.other))).text).not.toContain(budget.budgetId);
    for (const key of [keys.run, keys.ingest]) {
      const checked = await postBudgets('/check', bearer(key).headers, { estimatedUsd: '6' });
      expect(JSON.parse(checked.text)).toMatchObject({ allowed: false, action: 'block' });
    }
    expect((await postBudgets('/check', bearer(keys.read).headers, {})).status).toBe(403);
    const ofOther = await postBudgets('/check', bearer(keys.other).headers, { estimatedUsd: '6' });
    expect(JSON.parse(ofOther.text)).toMatchObject({ allowed: true, budgets: [] });
    expect((await postBudgets(`/check?project=other`, bearer(keys.run).headers, {})).status).toBe(403);
    expect((await postBudgets('/resolve', { 'x-sightglass-internal': 'x'.repeat(40) }, {})).status).toBe(401);
    const removed = await send(`${api}/api/budgets/${budget.budgetId}`, { method: 'DELETE', headers });
    expect(removed.status).toBe(200);
  });
});

describe('keys', () => {
  test('are made, listed and revoked over the API by a key with scope admin, in its project', async () => {
    const body = JSON.stringify({ projectId: project, name: 'CI', scopes: ['read'], expiresInDays: 1 });
    const made = await send(`${api}/api/keys`, {
      method: 'POST',
      headers: { ...bearer(keys.admin).headers, ...json },
      body,
    });
    expect(made.status).toBe(200);
    const { key, secret } = JSON.parse(made.text) as ReturnType<typeof createKey>;
    expect(key).toMatchObject({ name: 'CI', projectId: project, revokedUnixNano: null, spansToday: 0 });
    expect((await send(`${api}/api/traces`, bearer(secret))).status).toBe(200);

    const listed = (await send(`${api}/api/keys`, bearer(keys.admin))).text;
    expect(listed).toContain(key.keyId);
    expect(listed).not.toContain(secret.slice(16));
    expect((JSON.parse(listed) as { keys: { projectId: string }[] }).keys.map((one) => one.projectId)).not.toContain(
      'other',
    );

    const remove = (by: string) => send(`${api}/api/keys/${key.keyId}`, { method: 'DELETE', ...bearer(by) });
    expect((await remove(keys.other)).status).toBe(404);
    expect((await remove(keys.admin)).status).toBe(200);
    expect((await send(`${api}/api/traces`, bearer(secret))).status).toBe(401);
  });

  test('of another project, or of every one, are not made by a key of one', async () => {
    for (const projectId of ['other', '*']) {
      const body = JSON.stringify({ projectId, name: 'x', scopes: ['read'] });
      const headers = { ...bearer(keys.admin).headers, ...json };
      const { status, text } = await send(`${api}/api/keys`, { method: 'POST', headers, body });
      expect([status, text]).toEqual([403, expect.stringContaining(`of project ${project}`)]);
    }
  });

  test('that are revoked open nothing more within seconds, on any port, nor does a stream that is open', async () => {
    const { key, secret } = createKey(dir.path, project, 'ingest,read,run,admin');
    for (const { knock } of doors) expect(await knock({ 'x-api-key': secret })).toMatchObject({ status: 200 });
    const stream = await fetch(`${api}/api/live`, { headers: { 'x-api-key': secret } });
    expect(stream.status).toBe(200);
    const streamed = stream.text();
    runKeys(dir.path, ['revoke', key.keyId]);
    for (const { knock } of doors) {
      await waitUntil(async () => (await knock({ 'x-api-key': secret })).status === 401, revokedWithinMs);
    }
    expect(await streamed).toContain(': live');
  });

  test('limit spans a second and a day, and say which limit it was', async () => {
    const post = (key: string, count: number) =>
      send(`${otlp}/v1/traces`, {
        method: 'POST',
        headers: { ...json, 'x-api-key': key },
        body: encodeJson(tracesOf(Array.from({ length: count }, () => newSpan()))),
      });
    const slow = createKey(dir.path, project, 'ingest', '--rate', '1').secret;
    expect((await post(slow, 40)).status).toBe(200); // more than a burst of ten: taken whole, and paid off
    const limited = await post(slow, 1);
    expect(limited.status).toBe(429);
    expect(limited.text).toContain('takes 1 spans a second');
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(20);
    expect(await callGrpc({ 'x-api-key': slow })).toMatchObject({ status: 429 });

    const { key, secret: daily } = createKey(dir.path, project, 'ingest', '--daily-spans', '5');
    expect((await post(daily, 5)).status).toBe(200);
    const spent = await post(daily, 1);
    expect(spent.status).toBe(429);
    expect(spent.text).toContain('has sent its 5 spans of today');
    expect(Number(spent.headers['retry-after'])).toBeLessThanOrEqual(86_400);
    const listed = () => listKeys(dir.path).find(({ keyId }) => keyId === key.keyId);
    await waitUntil(() => listed()?.spansToday === 5, patienceMs);
    expect(listed()?.lastUsedUnixNano).not.toBeNull();
  });

  test('never appear in what the programs print', () => {
    const printed = sightglass.output();
    for (const key of Object.values(keys)) expect(printed).not.toContain(key.slice(16));
    expect(printed).toContain('there is no key yet; make the first one: npx sightglass keys create');
  });
});

function bearer(key: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${key}` } };
}

async function countTraces(key: string, named?: string): Promise<number> {
  const search = named === undefined ? '' : `&project=${named}`;
  const { text } = await send(`${api}/api/traces?limit=500${search}`, bearer(key));
  return (JSON.parse(text) as { traces: unknown[] }).traces.length;
}

async function searchSession(key: string, sessionId: string): Promise<number> {
  const { text } = await send(`${api}/api/traces?session=${sessionId}`, bearer(key));
  return (JSON.parse(text) as { traces: unknown[] }).traces.length;
}

async function listProjects(key: string): Promise<string[]> {
  const { text } = await send(`${api}/api/projects`, bearer(key));
  return (JSON.parse(text) as { projects: { projectId: string }[] }).projects
    .map(({ projectId }) => projectId)
    .toSorted();
}
