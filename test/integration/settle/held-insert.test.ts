import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, newProjectId, type OwnDatabase, startDatabase } from '../../support/database.ts';
import { fixtureWriter, noon, type SpanFixture, spanIdOf, traceIdOf } from '../server/fixtures.ts';
import { readLedger, settlerOf } from './settle-fixture.ts';

let database: OwnDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.stop());

const call = {
  ...{ usage_scope: 'call', has_usage: true, input_tokens: 1000n, output_tokens: 100n, kind: 'llm', name: 'chat' },
  ...{ provider: 'openai', request_model: 'gpt-4o-mini', response_model: 'gpt-4o-mini-2024-07-18' },
} as const;
const agent = {
  kind: 'agent',
  agent_name: 'support',
  session_id: 's-1',
  user_id: 'u-1',
  name: 'invoke_agent',
} as const;
const cost = { counted: true, status: 'priced', cost_usd: '0.00021' };

describe('settlement', () => {
  it('books a batch that is inserted ten minutes after it was received', async () => {
    const projectId = newProjectId();
    const write = fixtureWriter(database, projectId);
    const settlement = settlerOf(database);
    const traceId = traceIdOf('aa');
    const tenMinutesAgo = (Date.now() - 600_000 - Date.parse(noon)) / 1000;
    const known = { traceId, spanId: spanIdOf(2), parentSpanId: spanIdOf(1), at: tenMinutesAgo + 1, columns: call };
    await write.spans(known);
    await settlement.settleAll();
    expect(await readLedger(settlement.db, projectId)).toMatchObject([{ ...cost, session_id: '' }]);
    // The cursor is long past the time of the spans: what counts is when they come.
    await write.spans(
      { traceId, spanId: spanIdOf(1), at: tenMinutesAgo, durationMs: 3000, columns: agent },
      { ...known, spanId: spanIdOf(3), columns: { ...call, input_tokens: 2000n } },
    );
    await settlement.settleAll();
    expect(await readLedger(settlement.db, projectId)).toMatchObject([
      { ...cost, session_id: 's-1', user_id: 'u-1', agent_name: 'support' },
      { counted: true, session_id: 's-1', input_tokens: '2000' },
    ]);
    await Promise.all([settlement.close(), write.close()]);
  });

  it('books in the verified lane what becomes visible after the fast lane has passed its time', async () => {
    const [held, projectId] = [newProjectId(), newProjectId()];
    const [template, write] = [fixtureWriter(database, held), fixtureWriter(database, projectId)];
    const client = connectDatabase(database);
    const settlement = settlerOf(database, { verifiedLagMs: 8_000 });
    const traceId = traceIdOf('bb');
    const root: SpanFixture = { traceId, spanId: spanIdOf(1), durationMs: 3000, columns: agent };
    const early: SpanFixture = { traceId, spanId: spanIdOf(2), parentSpanId: spanIdOf(1), at: 1, columns: call };
    await template.spans(root, { ...early, spanId: spanIdOf(3), at: 2, columns: { ...call, input_tokens: 2000n } });
    // Its rows have the time at which it began, and are visible when it ends.
    const insert = client.command({
      query: `INSERT INTO skeletons SELECT * REPLACE ({projectId:String} AS project_id, now64(3) AS ingested_at)
        FROM (SELECT * FROM skeletons WHERE project_id = {held:String} AND sleepEachRow(3) = 0)`,
      query_params: { projectId, held },
      clickhouse_settings: { function_sleep_max_microseconds_per_block: '10000000' },
    });
    await sleep(500);
    await write.spans(early);
    await settlement.settler.tick();
    expect(await readLedger(settlement.db, projectId)).toMatchObject([{ ...cost, session_id: '' }]);
    // The fast lane looks three seconds back: by then it has passed the time of the rows.
    await sleep(4_000);
    await settlement.settler.tick();
    await insert;
    await settlement.settler.tick();
    expect(await readLedger(settlement.db, projectId)).toMatchObject([{ ...cost, session_id: '' }]);
    await settlement.settleAll();
    expect(await readLedger(settlement.db, projectId)).toMatchObject([
      { ...cost, session_id: 's-1', user_id: 'u-1', agent_name: 'support' },
      { counted: true, session_id: 's-1', input_tokens: '2000' },
    ]);
    await Promise.all([settlement.close(), template.close(), write.close(), client.close()]);
  });

  it('books what was being inserted while the whole database stood still', async () => {
    const [held, projectId] = [newProjectId(), newProjectId()];
    const template = fixtureWriter(database, held);
    const client = connectDatabase(database);
    const settlement = settlerOf(database, { verifiedLagMs: 4_500 });
    const spans = Array.from({ length: 10 }, (_, place): SpanFixture => {
      return { traceId: traceIdOf('cc'), spanId: spanIdOf(place + 1), at: place, columns: call };
    });
    await template.spans(...spans);
    await settlement.settleAll();
    // A row every 200 ms: some before it stops, most after it goes on.
    const insert = client.command({
      query: `INSERT INTO skeletons SELECT * REPLACE ({projectId:String} AS project_id, now64(3) AS ingested_at)
        FROM (SELECT * FROM skeletons WHERE project_id = {held:String} AND sleepEachRow(0.2) = 0)`,
      query_params: { projectId, held },
      clickhouse_settings: { max_block_size: '1' },
    });
    await sleep(300);
    await settlement.settler.tick();
    process.kill(database.pid, 'SIGSTOP');
    const tick = settlement.settler.tick();
    await sleep(7_000);
    process.kill(database.pid, 'SIGCONT');
    await tick;
    await settlement.settler.tick();
    expect(await readLedger(settlement.db, projectId)).toEqual([]);
    await insert;
    await settlement.settleAll();
    expect(await readLedger(settlement.db, projectId)).toHaveLength(10);
    await Promise.all([settlement.close(), template.close(), client.close()]);
  });
});
