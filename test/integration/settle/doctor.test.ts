import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClickHouseClient } from '@clickhouse/client';
import { migrate } from '../../../migrations/migrate.ts';
import { connectDatabase, type OwnDatabase, startDatabase } from '../../support/database.ts';
import { fixtureWriter, spanIdOf, traceIdOf } from '../server/fixtures.ts';
import { agentTrace, copyTrace, failures, modelCall, runDoctor, writeAgentRuns } from './doctor-fixture.ts';
import { readLedger, settlerOf } from './settle-fixture.ts';

const projectId = 'shop';
let database: OwnDatabase;
let client: ClickHouseClient;
let settlement: ReturnType<typeof settlerOf>;

beforeAll(async () => {
  database = await startDatabase();
  client = connectDatabase(database);
  settlement = settlerOf(database);
  const write = fixtureWriter(database, projectId);
  await writeAgentRuns(write);
  await settlement.settleAll();
  await write.close();
});
afterAll(async () => {
  await Promise.all([settlement.close(), client.close()]);
  await database.stop();
});

const change = (query: string) =>
  client.command({ query, clickhouse_settings: { mutations_sync: '2', insert_deduplicate: 0 } });
const ofTrace = (traceId: string) => `trace_id = unhex('${traceId}')`;

/** Broken on purpose: named, and as it was after the repair. */
async function expectRepair(named: Record<string, unknown>): Promise<void> {
  const found = failures(await runDoctor(database));
  const report = await runDoctor(database, { repair: true });
  expect({ status: report.status, left: report.afterRepair?.filter(({ status }) => status === 'failed') }).toEqual({
    status: 'repaired',
    left: [],
  });
  await settlement.settleAll();
  expect((await runDoctor(database)).status).toBe('agree');
  expect(found).toEqual(named);
}

describe('the doctor', () => {
  it('finds that healthy data agrees, and writes nothing', async () => {
    const count = async () =>
      settlement.db.rows('SELECT (SELECT count() FROM ledger) AS a, (SELECT count() FROM traces) AS b LIMIT 1', {});
    const before = await count();
    const report = await runDoctor(database, { repair: true });
    expect(report.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(report.status).toBe('agree');
    expect(report.checks.map(({ check, summary }) => `${check}: ${summary}`)).toEqual(
      expect.arrayContaining([
        'spans: 6 spans have their skeleton',
        'log records: 1 log record has its skeleton',
        'ledger: 3 decisions of 3 traces are what the rules say',
        'prices: the amounts of 3 decisions are what their prices say',
        'sums of traces: 3 traces cost 0.00021 dollars together, the ledger says 0.00021',
        'roll-ups: 3 roll-ups of 1 day are what the ledger sums up to',
      ]),
    );
    expect(await count()).toEqual(before);
  });

  it('puts back a skeleton that is missing', async () => {
    await change(`ALTER TABLE skeletons DELETE WHERE ${ofTrace(copyTrace)}`);
    await expectRepair({
      spans: [`shop ${copyTrace} 0000000000000003: no skeleton -> that of the span`],
      'booked once': [expect.stringContaining(`shop ${copyTrace} 0000000000000003: a decision of 0 dollars -> none`)],
      'summed up once': [expect.stringContaining(copyTrace)],
    });
  });

  it('writes a skeleton again that says something else than its span', async () => {
    await change(`INSERT INTO skeletons SELECT * REPLACE (5000 AS input_tokens, ingested_at + 1 AS ingested_at) FROM skeletons
      WHERE ${ofTrace(copyTrace)}`);
    await settlement.settleAll();
    await expectRepair({
      spans: [`shop ${copyTrace} 0000000000000003: a skeleton that says something else -> that of the span`],
    });
  });

  it('puts back the skeleton of a log record', async () => {
    await change('ALTER TABLE event_skeletons DELETE WHERE 1');
    await expectRepair({ 'log records': [expect.stringContaining('no skeleton')] });
  });

  it('takes back a decision that the rules did not make', async () => {
    const before = await readLedger(settlement.db, projectId);
    await change(
      `INSERT INTO ledger SELECT * REPLACE (cost_usd * 2 AS cost_usd) FROM ledger WHERE counted AND status = 'priced'`,
    );
    await expectRepair({
      ledger: [expect.stringContaining('priced, 0.00042 dollars -> not booked')],
      prices: [expect.stringContaining('its price makes 210000000 instead of 420000000')],
      'booked once': [expect.stringContaining('in force 2 times')],
      'sums of traces': [expect.stringContaining('0.00063')],
    });
    expect(await readLedger(settlement.db, projectId)).toEqual(before);
  });

  it('books again what the ledger lost', async () => {
    const before = await readLedger(settlement.db, projectId);
    await change(`ALTER TABLE ledger DELETE WHERE ${ofTrace(agentTrace)}`);
    await expectRepair({
      ledger: [expect.stringContaining('no decision -> priced, 0.00021 dollars')],
      'sums of traces': [expect.stringContaining(agentTrace)],
    });
    expect(await readLedger(settlement.db, projectId)).toEqual(before);
  });

  it('takes back a decision of a span that never was, its summaries and its session', async () => {
    const ghost = 'f'.repeat(32);
    const replaced = (more: string) => `REPLACE (unhex('${ghost}') AS trace_id${more})`;
    await change(`INSERT INTO ledger SELECT * ${replaced('')} FROM ledger WHERE counted AND status = 'priced'`);
    await change(`INSERT INTO traces SELECT * ${replaced('')} 
      FROM (SELECT * FROM traces WHERE ${ofTrace(agentTrace)})`);
    await change(
      `INSERT INTO session_traces SELECT * ${replaced(", 's-ghost' AS session_id")} FROM session_traces LIMIT 1`,
    );
    await change(`INSERT INTO sessions SELECT * REPLACE ('s-ghost' AS session_id) FROM sessions LIMIT 1`);
    await expectRepair({
      'booked once': [`shop ${ghost} 0000000000000002: a decision of 0.00021 dollars -> none`],
      'summed up once': [expect.stringContaining(ghost), expect.stringContaining('s-ghost')],
      'sums of sessions': [expect.stringContaining('s-ghost')],
    });
  });

  it('takes back a decision on a day on which settlement does not look', async () => {
    const before = await readLedger(settlement.db, projectId);
    await change(`INSERT INTO ledger SELECT * REPLACE (start_time - INTERVAL 3 DAY AS start_time) FROM ledger
      WHERE counted AND status = 'priced'`);
    await expectRepair({
      'booked once': [expect.stringContaining('in force 2 times')],
      'sums of traces': [expect.stringContaining(agentTrace)],
    });
    expect(await readLedger(settlement.db, projectId)).toEqual(before);
  });

  it.each([['by_hour_agent_model'], ['last_pass']])('builds the projection %s again', async (name) => {
    await change(`ALTER TABLE ledger CLEAR PROJECTION ${name}`);
    await expectRepair({ 'roll-ups': [expect.stringContaining(`without ${name}`)] });
  });

  it('writes summaries again that say something else', async () => {
    for (const table of ['traces', 'sessions', 'session_traces']) {
      await change(`INSERT INTO ${table} SELECT * REPLACE (toDecimal64(7, 12) AS cost_usd, 1 AS digest) FROM ${table} FINAL
        WHERE session_id = 's-1'`);
      await change(`OPTIMIZE TABLE ${table} FINAL`);
    }
    await expectRepair({
      summaries: expect.arrayContaining([
        expect.stringContaining('traces.cost_usd "7" -> traces.cost_usd "0.00021"'),
        expect.stringContaining('session_traces.cost_usd "7"'),
        expect.stringContaining('sessions.cost_usd "7" -> sessions.cost_usd "0.00021"'),
      ]) as unknown,
      'sums of traces': expect.any(Array) as unknown,
      'sums of sessions': expect.any(Array) as unknown,
    });
  });

  it('writes summaries again that are gone, and the places of traces', async () => {
    for (const table of ['traces', 'sessions', 'session_traces', 'trace_places']) {
      await change(`ALTER TABLE ${table} DELETE WHERE 1`);
    }
    await expectRepair({
      places: expect.any(Array) as unknown,
      summaries: expect.any(Array) as unknown,
    });
  });

  it('writes a part of a session again that has the right digest and wrong sums', async () => {
    await change(`INSERT INTO session_traces SELECT * REPLACE (toDecimal64(7, 12) AS cost_usd)
      FROM session_traces FINAL WHERE ${ofTrace(agentTrace)}`);
    await change('OPTIMIZE TABLE session_traces FINAL');
    await expectRepair({ 'sums of sessions': [expect.stringContaining('cost 0.00021, traces 2')] });
  });

  it.each([['9999'], ['5000000000000000']])('outdoes summaries of the pass %s, which there was not', async (pass) => {
    await change(`INSERT INTO traces SELECT * REPLACE (toDecimal64(7, 12) AS cost_usd, ${pass} AS pass)
      FROM traces FINAL WHERE ${ofTrace(agentTrace)}`);
    await expectRepair({
      passes: [expect.stringContaining(Number(pass).toLocaleString('en-US'))],
      'sums of traces': [expect.stringContaining('cost 7')],
    });
  });

  it('finds its way when the last passes of the ledger are gone', async () => {
    const before = await readLedger(settlement.db, projectId);
    await change('ALTER TABLE ledger DELETE WHERE pass > 1');
    const report = await runDoctor(database, { repair: true });
    expect(Object.keys(failures(report))).toContain('passes');
    expect(report.status).toBe('repaired');
    await settlement.settleAll();
    expect((await runDoctor(database)).status).toBe('agree');
    expect(await readLedger(settlement.db, projectId)).toEqual(before);
  });

  it('leaves alone what is not due yet, and other prices than those at hand', async () => {
    const write = fixtureWriter(database, projectId);
    await write.spans({ traceId: traceIdOf('b1'), spanId: spanIdOf(1), columns: { kind: 'chain' } });
    await write.close();
    const pricesFile = join(database.dataDir, 'prices.json');
    const price = { provider: 'openai', model: '*', per_million: { input: 1, output: 1 } };
    await writeFile(pricesFile, JSON.stringify({ prices: [price] }));
    const before = await readLedger(settlement.db, projectId);
    const report = await runDoctor(database, { pricesFile, repair: true });
    expect(failures(report)).toEqual({});
    expect(report.checks.filter(({ status }) => status === 'note').map(({ summary }) => summary)).toEqual([
      '2 decisions were priced by another price table than the one installed, and stay so',
    ]);
    await change(`ALTER TABLE traces DELETE WHERE 1`);
    expect((await runDoctor(database, { pricesFile, repair: true })).status).toBe('repaired');
    expect(await readLedger(settlement.db, projectId)).toEqual(before);
    await settlement.settleAll();
    expect((await runDoctor(database)).status).toBe('agree');
  });

  it('looks at one project, and at a window of arrival', async () => {
    await change(`ALTER TABLE traces DELETE WHERE ${ofTrace(copyTrace)}`);
    expect((await runDoctor(database, { projectId: 'another' })).status).toBe('agree');
    expect((await runDoctor(database, { toMs: Date.UTC(2026, 0) })).status).toBe('agree');
    expect(Object.keys(failures(await runDoctor(database, { projectId, fromMs: Date.UTC(2026, 0) })))).toEqual([
      'summaries',
    ]);
    expect((await runDoctor(database, { projectId, repair: true })).status).toBe('repaired');
  });
});

describe('the doctor, of what expires', () => {
  it('does not miss what retention took, nor previews that are gone', async () => {
    const day = 86_400_000_000_000n;
    const now = BigInt(Date.now()) * 1_000_000n;
    const aged = await startDatabase();
    const settled = settlerOf(aged);
    const write = fixtureWriter(aged, projectId);
    const columns = { ...modelCall, input_preview: 'hello', session_id: 's' };
    const spanAt = (digits: string, startNs: bigint) =>
      write.spans({ traceId: traceIdOf(digits), spanId: spanIdOf(1), columns: { ...columns, start_time: startNs } });
    await spanAt('d1', now - 9n * day);
    await spanAt('d2', now - 5n * day);
    await spanAt('d3', now - day);
    await settled.settleAll();
    await migrate(aged, { retentionDays: 10, contentDays: 3 });
    const agedClient = connectDatabase(aged);
    const run = (query: string) => agedClient.command({ query, clickhouse_settings: { mutations_sync: '2' } });
    for (const table of ['spans', 'skeletons', 'traces', 'sessions', 'session_traces']) {
      await run(`ALTER TABLE ${table} MATERIALIZE TTL`);
    }
    const [skeleton] = await settled.db.rows(
      `SELECT input_preview FROM skeletons WHERE ${ofTrace(traceIdOf('d2'))} LIMIT 1`,
      {},
    );
    expect(skeleton).toEqual({ input_preview: '' });
    // As if its day had expired.
    for (const table of ['spans', 'skeletons', 'traces'])
      await run(`ALTER TABLE ${table} DELETE WHERE ${ofTrace(traceIdOf('d1'))}`);
    expect(failures(await runDoctor(aged))).toEqual({});
    await run(`ALTER TABLE ledger DELETE WHERE ${ofTrace(traceIdOf('d2'))}`);
    expect(failures(await runDoctor(aged))).toEqual({
      ledger: [expect.stringContaining('no decision')],
      'sums of traces': [expect.stringContaining(traceIdOf('d2'))],
    });
    await Promise.all([write.close(), settled.close(), agedClient.close()]);
    await aged.stop();
  });
});
