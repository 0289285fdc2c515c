import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeKey, readPlaces } from '../../../server/queries/settlement-changes.ts';
import { SettlementWriter } from '../../../server/queries/settlement-writer.ts';
import { newProjectId, type OwnDatabase, startDatabase } from '../../support/database.ts';
import { fixtureWriter, noonNs, spanIdOf, textMessage, traceIdOf } from '../server/fixtures.ts';
import { readLedger, settlerOf } from './settle-fixture.ts';

let database: OwnDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.stop());

const usage = { usage_scope: 'call', has_usage: true, input_tokens: 1000n, output_tokens: 100n } as const;
const call = {
  ...usage,
  kind: 'llm',
  provider: 'openai',
  request_model: 'gpt-4o-mini',
  response_model: 'gpt-4o-mini-2024-07-18',
} as const;

describe('settlement', () => {
  it('books a call once, with session, user and agent of its late root, and sums it up', async () => {
    const projectId = newProjectId();
    const write = fixtureWriter(database, projectId);
    const settlement = settlerOf(database);
    const traceId = traceIdOf('a1');
    await write.spans({
      traceId,
      spanId: spanIdOf(2),
      parentSpanId: spanIdOf(1),
      at: 1,
      columns: { ...call, name: 'chat' },
      input: [textMessage('user', 'hello')],
    });
    await settlement.settleAll();
    const before = await readLedger(settlement.db, projectId);
    expect(before).toMatchObject([{ session_id: '', counted: true, status: 'priced', cost_usd: '0.00021' }]);
    const root = {
      traceId,
      spanId: spanIdOf(1),
      at: 0,
      durationMs: 3000,
      columns: { kind: 'agent', agent_name: 'support', session_id: 's-1', user_id: 'u-1', name: 'invoke_agent' },
    };
    await write.spans(root);
    await write.spans(root);
    await settlement.settleAll();
    const after = await readLedger(settlement.db, projectId);
    expect(after).toMatchObject([{ session_id: 's-1', user_id: 'u-1', agent_name: 'support' }]);
    const sums = await settlement.db.rows(
      `SELECT sum(model_calls) AS calls, sum(input_tokens) AS input, toString(sum(cost_usd)) AS cost, count() AS booked
       FROM ledger WHERE project_id = {projectId:String} LIMIT 1`,
      { projectId },
    );
    expect(sums).toEqual([{ calls: '1', input: '1000', cost: '0.00021', booked: '3' }]);
    const traces = await settlement.db.rows(
      `SELECT name, session_id, toString(cost_usd) AS cost, span_count AS spans FROM traces FINAL
       WHERE project_id = {projectId:String} LIMIT 10`,
      { projectId },
    );
    expect(traces).toEqual([{ name: 'invoke_agent', session_id: 's-1', cost: '0.00021', spans: '2' }]);
    const sessions = await settlement.db.rows(
      `SELECT session_id, user_id, turn_count AS turns, trace_count AS traces, agents, toString(cost_usd) AS cost,
         toString(toUnixTimestamp64Nano(start_time)) AS start
       FROM sessions FINAL WHERE project_id = {projectId:String} LIMIT 10`,
      { projectId },
    );
    expect(sessions).toEqual([
      {
        session_id: 's-1',
        user_id: 'u-1',
        turns: '1',
        traces: '1',
        agents: ['support'],
        cost: '0.00021',
        start: String(noonNs),
      },
    ]);
    const rows = async () =>
      settlement.db.rows(
        `SELECT (SELECT count() FROM ledger) AS a, (SELECT count() FROM traces) AS b,
         (SELECT count() FROM session_traces) AS c, (SELECT count() FROM sessions) AS d LIMIT 1`,
        {},
      );
    const written = await rows();
    const second = settlerOf(database);
    await second.db.rows('SELECT 1 LIMIT 1', {});
    await second.settleAll();
    expect(await rows()).toEqual(written);
    await Promise.all([settlement.close(), second.close(), write.close()]);
  });

  it('reads log records that were verified long before their span came', async () => {
    const projectId = newProjectId();
    const write = fixtureWriter(database, projectId);
    const settlement = settlerOf(database);
    const traceId = traceIdOf('e1');
    const span = { traceId, spanId: spanIdOf(1), columns: { ...call, session_id: 's-early' } };
    await write.records({ traceId, spanId: span.spanId, columns: { input_preview: 'what the record says' } });
    await settlement.settleAll();
    await settlement.settleAll();
    await write.spans(span);
    await settlement.settleAll();
    const said = async () =>
      settlement.db.rows(
        `SELECT (SELECT input_preview FROM traces FINAL WHERE project_id = {projectId:String}) AS preview,
           (SELECT first_input FROM sessions FINAL WHERE project_id = {projectId:String}) AS firstInput LIMIT 1`,
        { projectId },
      );
    const whole = [{ preview: 'what the record says', firstInput: 'what the record says' }];
    expect(await said()).toEqual(whole);
    // What comes later still, to a settler that knows of none of it, leaves it as it is.
    const second = settlerOf(database);
    await second.settleAll();
    await write.spans({ ...span, spanId: spanIdOf(2), at: 1, parentSpanId: spanIdOf(1) });
    await second.settleAll();
    expect(await said()).toEqual(whole);
    await Promise.all([settlement.close(), second.close(), write.close()]);
  });

  it('keeps of two places of a trace all that either says', async () => {
    const projectId = newProjectId();
    const settlement = settlerOf(database);
    const writer = new SettlementWriter(database);
    const traceId = traceIdOf('e2');
    const place = { trace_id: Buffer.from(traceId, 'hex'), project_id: projectId };
    const nowMs = BigInt(Date.now());
    const wide = {
      first_ingested_at: nowMs - 9_000n,
      last_ingested_at: nowMs + 9_000n,
      days: [1, 3],
      sessions: ['a', 'b'],
    };
    const narrow = { first_ingested_at: nowMs, last_ingested_at: nowMs, days: [2], sessions: ['c'] };
    await writer.writePlaces([{ ...place, ...wide }]);
    await writer.writePlaces([{ ...place, ...narrow }]);
    const found = (await readPlaces(settlement.db, [traceId])).get(placeKey({ projectId, traceId }));
    expect(found).toMatchObject({ firstMs: Number(nowMs) - 9_000, lastMs: Number(nowMs) + 9_000 });
    expect([...(found?.days ?? [])].sort()).toEqual([1, 2, 3]);
    expect([...(found?.sessions ?? [])].sort()).toEqual(['a', 'b', 'c']);
    await Promise.all([settlement.close(), writer.close()]);
  });

  it('goes on after a pass whose number ClickHouse knows but whose rows it lost', async () => {
    const projectId = newProjectId();
    const client = createClient({
      url: database.url,
      http_headers: { 'x-sightglass-secret': database.secret },
      clickhouse_settings: { mutations_sync: '2' },
    });
    const write = fixtureWriter(database, projectId);
    const first = settlerOf(database);
    await write.spans({ traceId: traceIdOf('d1'), spanId: spanIdOf(1), columns: call });
    await first.settleAll();
    await first.close();
    // The token of the last pass stays known; the pass before it is the last one again.
    await client.command({ query: 'ALTER TABLE ledger DELETE WHERE pass = (SELECT max(pass) FROM ledger)' });
    // Ten times as fast as the clock: the wait for inserts on their way is 25 s otherwise.
    const second = settlerOf(database, { monotonicMs: () => performance.now() * 10 });
    expect(await readLedger(second.db, projectId)).toEqual([]);
    const deadline = Date.now() + 30_000;
    while ((await readLedger(second.db, projectId)).length === 0 && Date.now() < deadline) {
      await second.settler.tick().catch(() => undefined);
      await write.spans({ traceId: traceIdOf('d1'), spanId: spanIdOf(1), columns: call });
    }
    expect(await readLedger(second.db, projectId)).toMatchObject([{ counted: true, status: 'priced' }]);
    await Promise.all([second.close(), write.close(), client.close()]);
  }, 60_000);
});
