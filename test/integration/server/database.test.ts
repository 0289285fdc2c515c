import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../server/app.ts';
import { LiveFeed } from '../../../server/live/live-feed.ts';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { useDatabase } from '../../support/database.ts';
import { request, useApi } from './api.ts';
import { channelsOn } from '../../support/channels.ts';
import { configurationOn } from '../../support/configuration.ts';
import { keysOn } from '../../support/keys.ts';
import { resettlementsOn } from '../../support/resettlements.ts';

/** Computes until it is stopped. */
const endless =
  'SELECT count() AS found, {mark:String} AS mark FROM numbers(1000000000000) WHERE sipHash64(number) = 1 LIMIT 1';

const priceBook = loadPriceBook(undefined);

describe('queries', () => {
  const database = useDatabase();
  const api = useApi(database);
  const hasty = connectDb({ ...database, queryTimeoutMs: 1_000 });
  afterAll(() => hasty.close());

  it('end with query_timeout when they take longer than their limit', async () => {
    await expect(hasty.rows(endless, { mark: 'slow' })).rejects.toMatchObject({ code: 'query_timeout' });
  });

  it('end with query_too_large when they need more memory than their limit', async () => {
    const hungry = 'SELECT length(groupArray(toString(number))) AS items FROM numbers(100000000) LIMIT 1';
    await expect(api.db.rows(hungry, {})).rejects.toMatchObject({ code: 'query_too_large' });
  });

  it('cannot write', async () => {
    await expect(api.db.rows('CREATE TABLE intruder (a UInt8) ENGINE = Memory', {})).rejects.toThrow(/readonly/i);
    await expect(api.db.rows('SELECT 1 SETTINGS max_execution_time = 0', {})).rejects.toThrow(/readonly/i);
  });

  it('are cancelled in ClickHouse when their client goes away', async () => {
    const controller = new AbortController();
    const running = api.db.withSignal(controller.signal).rows(endless, { mark: api.project });
    const outcome = expect(running).rejects.toThrow(/abort/i);
    const count = async () => {
      const rows = await api.db.rows<{ queries: string }>(
        "SELECT count() AS queries FROM system.processes WHERE query LIKE '%AS found, %' AND query NOT LIKE '%system.processes%' LIMIT 1",
        {},
      );
      return Number(rows[0]?.queries);
    };
    await waitUntil(async () => (await count()) > 0);
    const stopped = Date.now();
    controller.abort();
    await outcome;
    await waitUntil(async () => (await count()) === 0);
    expect(Date.now() - stopped).toBeLessThan(5_000);
  });
});

describe('without ClickHouse', () => {
  const nowhere = { url: 'http://nobody:nothing@127.0.0.1:9/sightglass' };
  const db = connectDb(nowhere);
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const app = createApp({
    ...{
      db,
      log,
      liveFeed: new LiveFeed({ db, log }),
      priceBook,
      resettlements: resettlementsOn(nowhere),
      keys: keysOn(nowhere),
      configuration: configurationOn(nowhere),
      channels: channelsOn(nowhere),
    },
    now: Date.now,
    uiDirectory: import.meta.dirname,
    schemaVersion: '0001_spans.sql',
    publicUrl: undefined,
  });
  afterAll(() => db.close());

  it('the server is alive but not ready', async () => {
    expect((await request(app, '/healthz')).status).toBe(200);
    expect((await request(app, '/readyz')).status).toBe(503);
  });

  it('lists answer database_unavailable and when to come back; the log names the request, not what was asked', async () => {
    const { status, body, headers } = await request(app, '/api/traces', { q: 'a secret word' });
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: { code: 'database_unavailable' } });
    expect(headers.get('retry-after')).toBe('2');
    const logged = lines.filter((line) => line.includes(headers.get('x-request-id') ?? 'nothing'));
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('ECONNREFUSED');
    expect(logged[0]).not.toContain('secret');
  });
});

describe('readiness', () => {
  const database = useDatabase();

  it('needs the newest migration', async () => {
    const db = connectDb(database);
    const log = pino({ level: 'silent' });
    const appWith = (schemaVersion: string) =>
      createApp({
        ...{ db, log, liveFeed: new LiveFeed({ db, log }), priceBook, schemaVersion },
        resettlements: resettlementsOn(database),
        keys: keysOn(database),
        configuration: configurationOn(database),
        channels: channelsOn(database),
        now: Date.now,
        uiDirectory: import.meta.dirname,
        publicUrl: undefined,
      });
    expect((await request(appWith('0001_spans.sql'), '/readyz')).status).toBe(200);
    const behind = await request(appWith('9999_later.sql'), '/readyz');
    expect(behind.status).toBe(503);
    expect(JSON.stringify(behind.body)).toContain('9999_later.sql');
    await db.close();
  });
});

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50);
}
