import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tables } from '../../../migrations/schema.ts';
import { connectDatabase } from '../../support/database.ts';
import { tracesOf } from '../../support/otlp-encode.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import { type FragileDatabase, startFragileDatabase } from './fragile-database.ts';
import { chatAttributes, type LiveCollector, newSpan, startLiveCollector } from './live-collector.ts';
import { openWire, postHead } from './wire.ts';

let database: FragileDatabase;
let collector: LiveCollector;
beforeAll(async () => {
  database = await startFragileDatabase();
  return () => database.remove();
});

async function storedNames(): Promise<string[]> {
  const query = `SELECT name FROM ${tables.spans} WHERE project_id = {project:String} ORDER BY name`;
  return (await collector.rows<{ name: string }>(query)).map(({ name }) => name);
}

function named(name: string) {
  return tracesOf([newSpan(chatAttributes([name]), { name })]);
}

describe('while ClickHouse is away', () => {
  beforeEach(() => {
    collector = startLiveCollector(database, { limits: { retryMs: 2_000 } });
    return () => collector.close();
  });

  it('acknowledges what it has put into the spool, at once after the first time, and stores it in order', async () => {
    await database.kill();
    expect((await collector.post(named('1'))).status).toBe(200);
    const began = performance.now();
    for (const name of ['2', '3', '4']) expect((await collector.post(named(name))).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(2_000); // each would wait that long for ClickHouse
    expect(await collector.status()).toMatchObject({ spoolRecords: 4 });
    expect((await collector.app.request('/readyz', { headers: { host: 'localhost' } })).status).toBe(200);
    await database.restart();
    await expect.poll(() => collector.status()).toMatchObject({ spoolRecords: 0, spoolBytes: 0, circuit: 'closed' });
    expect((await collector.post(named('5'))).status).toBe(200);
    expect(await storedNames()).toEqual(['1', '2', '3', '4', '5']);
    const arrivals = await collector.rows<{ name: string }>(
      `SELECT name FROM ${tables.spans} WHERE project_id = {project:String} ORDER BY ingested_at, name`,
    );
    expect(arrivals.map(({ name }) => name)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('answers 503 and when to try again where the spool is full, and takes the same request afterwards', async () => {
    const full = startLiveCollector(database, {
      projectId: collector.projectId,
      limits: { retryMs: 1_000 },
      spoolLimits: { bytes: 100 },
    });
    try {
      await database.kill();
      const request = named('after');
      const reply = await full.post(request);
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '2']);
      expect((await full.app.request('/readyz', { headers: { host: 'localhost' } })).status).toBe(503);
      await database.restart();
      await expect.poll(async () => (await full.post(request)).status).toBe(200);
      expect(await storedNames()).toContain('after');
    } finally {
      await full.close();
    }
  });

  it('waits for a short stop and loses nothing', async () => {
    await database.kill();
    const replies = [collector.post(named('a')), collector.post(named('b'))];
    await database.restart();
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200]);
    expect(await storedNames()).toEqual(['a', 'b']);
  });

  it('waits for a server that stands still', async () => {
    database.freeze();
    const reply = collector.post(named('frozen'));
    await new Promise((resume) => setTimeout(resume, 500));
    database.thaw();
    expect((await reply).status).toBe(200);
    expect(await storedNames()).toEqual(['frozen']);
  });

  it('answers 429 where too much is waiting, and takes it later', async () => {
    const small = startLiveCollector(database, {
      projectId: collector.projectId,
      limits: { queueBytes: 1000, retryMs: 5_000 },
    });
    try {
      database.freeze();
      const first = small.post(named('first'));
      const second = await small.post(tracesOf([newSpan({ text: 'x'.repeat(1000) }, { name: 'second' })]));
      expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
      database.thaw();
      expect((await first).status).toBe(200);
      expect((await small.post(named('second'))).status).toBe(200);
      expect(await storedNames()).toEqual(['first', 'second']);
    } finally {
      database.thaw();
      await small.close();
    }
  });
});

describe('a request that ClickHouse refuses', () => {
  beforeEach(async () => {
    collector = startLiveCollector(database);
    const client = connectDatabase(database);
    await client.command({ query: `ALTER TABLE ${tables.spans} ADD CONSTRAINT sober CHECK name != 'poison'` });
    await client.close();
  });
  afterEach(() => collector.close());

  it('does not cost those that came with it', async () => {
    const requests = ['a', 'poison', 'b'].map((name) => collector.post(named(name)));
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([200, 400, 200]);
    expect(await storedNames()).toEqual(['a', 'b']);
  });
});

describe('a collector that is told to end', () => {
  let program: Program;
  let dataDir: ReturnType<typeof makeTempDir>;
  beforeEach(async () => {
    dataDir = makeTempDir('outage');
    program = await startProgram('collector/main.ts', {
      ...environmentOf(database),
      SIGHTGLASS_DATA_DIR: dataDir.path,
    });
    collector = startLiveCollector(database);
  });
  afterEach(async () => {
    await Promise.all([program.stop(), collector.close()]);
    dataDir.remove();
  });
  afterAll(() => {
    database.thaw();
  });

  async function post(name: string): Promise<string> {
    const headers = { 'content-type': 'application/json', 'x-sightglass-project': collector.projectId };
    const body = JSON.stringify(named(name));
    const reply = await fetch(`${program.url}/v1/traces`, { method: 'POST', headers, body });
    await reply.arrayBuffer();
    return reply.ok ? name : '';
  }

  it('stores and acknowledges what it has, takes no more, and ends at once', async () => {
    await post('warm'); // the connection is kept open
    database.freeze();
    const posts = ['a', 'b', 'c'].map(post);
    await new Promise((resume) => setTimeout(resume, 200));
    const began = performance.now();
    const stopped = program.stop();
    await new Promise((resume) => setTimeout(resume, 200));
    await expect(post('late')).rejects.toThrow();
    database.thaw();
    expect(await Promise.all(posts)).toEqual(['a', 'b', 'c']);
    expect(await stopped).toBe(0);
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(await storedNames()).toEqual(['a', 'b', 'c', 'warm']);
  });

  it('puts what it has into the spool while ClickHouse is away, and the next one stores it', async () => {
    await database.kill();
    const posts = ['a', 'b'].map(post);
    await new Promise((resume) => setTimeout(resume, 200));
    expect(await program.stop()).toBe(0);
    expect(await Promise.all(posts)).toEqual(['a', 'b']);
    await database.restart();
    const next = startLiveCollector(database, { projectId: collector.projectId, dataDir: dataDir.path });
    try {
      await expect.poll(storedNames).toEqual(['a', 'b']);
    } finally {
      await next.close();
    }
  });

  it('ends although a client keeps its body back', async () => {
    const wire = await openWire(program.url);
    wire.write(postHead('/v1/traces', { 'content-length': 1000 }) + '{');
    const idle = await openWire(program.url);
    await new Promise((resume) => setTimeout(resume, 50));
    const began = performance.now();
    expect(await program.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(8_000);
    await Promise.all([wire.closed, idle.closed]);
    expect(wire.received()).not.toContain('200');
  });
});
