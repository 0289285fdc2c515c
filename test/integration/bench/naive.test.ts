import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { naiveTable } from '../../bench/naive/table.ts';
import { type ChildServer, startChildServer } from '../../support/child-server.ts';
import { connectDatabase, type OwnDatabase, startDatabase } from '../../support/database.ts';
import { sendLoad } from '../../support/load-send.ts';

let database: OwnDatabase;
let naive: ChildServer;

beforeAll(async () => {
  database = await startDatabase();
  naive = await startChildServer('test/bench/naive/main.ts', [database.url, database.secret]);
});

afterAll(async () => {
  await naive.stop();
  await database.stop();
});

describe('the naive pipeline', () => {
  it('stores what it acknowledges: spans, tokens, errors and the whole text', async () => {
    const { acknowledged } = await sendLoad({
      ...{ profile: 'mixed', spans: 2_000, batch: 100, concurrency: 4 },
      url: `${naive.url}/v1/traces`,
    });
    expect(acknowledged.spans).toBe(2_000);
    const [row] = await select(
      `SELECT uniqExact(trace_id, span_id) AS spans, uniqExact(trace_id) AS traces, countIf(status = 2) AS errors,
         sum(input_tokens) AS inputTokens, sum(output_tokens) AS outputTokens, sum(cache_read_tokens) AS cachedTokens,
         countIf(operation = 'chat' AND JSONLength(input) > 0 AND JSONLength(output) > 0) AS withText,
         countIf(operation = 'chat') AS chats, countIf(session_id = '' OR user_id = '' OR name = '' OR duration_ns <= 0) AS bare,
         countIf(start_time BETWEEN now() - INTERVAL 1 HOUR AND now() + INTERVAL 1 MINUTE) AS today
       FROM ${naiveTable} LIMIT 1`,
    );
    const { spans, traces, errors, inputTokens, outputTokens, cachedTokens } = acknowledged;
    expect(row).toMatchObject({
      spans,
      traces,
      errors,
      inputTokens,
      outputTokens,
      cachedTokens,
      bare: 0,
      today: spans,
    });
    expect(row?.['chats']).toBeGreaterThan(0);
    expect(row?.['withText']).toBe(row?.['chats']);
  });
});

describe('a load', () => {
  it('ends after its seconds, whatever is left of it', async () => {
    const { acknowledged, httpErrors } = await sendLoad({
      ...{ profile: 'lean', spans: 1e9, batch: 50, concurrency: 2, seconds: 0.3 },
      url: `${naive.url}/v1/traces`,
    });
    expect(acknowledged.spans).toBeGreaterThan(0);
    expect(httpErrors).toBe(0);
  });
});

async function select(query: string): Promise<Record<string, number>[]> {
  const client = connectDatabase(database);
  try {
    const answer = await client.query({ query, format: 'JSONEachRow' });
    const rows = await answer.json<Record<string, string>>();
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)])));
  } finally {
    await client.close();
  }
}
