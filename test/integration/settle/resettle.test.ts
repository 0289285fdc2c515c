import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import { listResettlements } from '../../../server/queries/resettlement-audit.ts';
import { runResettlement } from '../../../server/resettle/job.ts';
import { newProjectId, type OwnDatabase, startDatabase } from '../../support/database.ts';
import { fixtureWriter, noonNs, spanIdOf, traceIdOf } from '../server/fixtures.ts';
import { failures, modelCall, runDoctor } from './doctor-fixture.ts';
import { readLedger, settlerOf } from './settle-fixture.ts';

let database: OwnDatabase;
let directory: string;
beforeAll(async () => {
  database = await startDatabase();
  directory = await mkdtemp(join(tmpdir(), 'sightglass-prices-'));
});
afterAll(async () => {
  await database.stop();
  await rm(directory, { recursive: true });
});

/** A price file in which the model costs this much per million tokens, in and out. */
async function priceFile(usd: number): Promise<string> {
  const path = join(directory, `${String(usd)}.json`);
  const entry = { provider: 'openai', model: 'gpt-4o-mini*', per_million: { input: usd, output: usd } };
  await writeFile(path, JSON.stringify({ prices: [entry] }));
  return path;
}

const hour = 3_600;

it('keeps booked prices until the calls of a window are settled again, which is tried first and recorded', async () => {
  const projectId = newProjectId();
  const write = fixtureWriter(database, projectId);
  const [cheap, dear] = [await priceFile(1), await priceFile(3)];
  const first = settlerOf(database, { book: loadPriceBook(cheap) });
  const traceId = traceIdOf('f1');
  const columns = { ...modelCall, session_id: 's' };
  await write.spans(
    { traceId, spanId: spanIdOf(1), columns },
    { traceId: traceIdOf('f2'), spanId: spanIdOf(1), columns },
  );
  await first.settleAll();

  // 1,100 tokens at $1 and at $3 a million.
  const second = settlerOf(database, { book: loadPriceBook(dear) });
  await write.spans({ traceId, spanId: spanIdOf(2), at: hour, columns });
  await second.settleAll();
  const costs = async () =>
    (await readLedger(second.db, projectId)).map(({ traceId: id, spanId, cost_usd: cost }) => [
      String(id).slice(0, 2),
      Number(spanId),
      cost,
    ]);
  const sums = () =>
    second.db.rows(
      `SELECT (SELECT toString(sum(cost_usd)) FROM traces FINAL WHERE project_id = {projectId:String}) AS traces,
         (SELECT toString(sum(cost_usd)) FROM sessions FINAL WHERE project_id = {projectId:String}) AS sessions,
         (SELECT toString(sum(cost_usd)) FROM ledger WHERE project_id = {projectId:String}) AS ledger LIMIT 1`,
      { projectId },
    );
  const kept = [
    ['f1', 1, '0.0011'],
    ['f1', 2, '0.0033'],
    ['f2', 1, '0.0011'],
  ];
  expect(await costs()).toEqual(kept);
  expect(await sums()).toEqual([{ traces: '0.0055', sessions: '0.0055', ledger: '0.0055' }]);

  const run = (options: { commit: boolean; toNs?: bigint }) =>
    runResettlement(database, {
      ...{ id: randomUUID(), actor: 'command', pricesFile: dear },
      request: { projectId, fromNs: noonNs, toNs: noonNs + 1_000_000_000n, ...options },
      onProgress: () => undefined,
    });
  const change = {
    day: '2026-11-20',
    provider: 'openai',
    model: 'gpt-4o-mini-2024-07-18',
    before: { usd: '0.0022', pricedCalls: 2, unpricedCalls: 0 },
    after: { usd: '0.0066', pricedCalls: 2, unpricedCalls: 0 },
    changedCount: 2,
  };
  const tried = await run({ commit: false });
  expect(tried).toMatchObject({ traceCount: 2, expiredCount: 0, changedCount: 2, changes: [change] });
  expect(await costs()).toEqual(kept);
  expect(await listResettlements(second.db, { projectId, id: undefined, limit: 10 })).toEqual([]);

  expect(await run({ commit: true })).toEqual(tried);
  expect(await costs()).toEqual(kept.map(([trace, span]) => [trace, span, '0.0033']));
  expect(await sums()).toEqual([{ traces: '0.0099', sessions: '0.0099', ledger: '0.0099' }]);
  const again = await run({ commit: true });
  expect(again).toMatchObject({ changedCount: 0, before: { usd: '0.0066' }, after: { usd: '0.0066' } });

  // The late call was booked at these prices in the first place.
  const back = await run({ commit: false, toNs: noonNs + 2n * 3_600_000_000_000n });
  expect(back).toMatchObject({ changedCount: 0, before: { usd: '0.0099' } });
  const recorded = await listResettlements(second.db, { projectId, id: undefined, limit: 10 });
  expect(recorded.map(({ status, actor, result }) => [status, actor, result?.changedCount])).toEqual([
    ['done', 'command', 0],
    ['done', 'command', 2],
  ]);
  expect(failures(await runDoctor(database, { projectId, pricesFile: dear }))).toEqual({});
  await Promise.all([first.close(), second.close(), write.close()]);
}, 60_000);

it('prices what had no price, and nothing outside of the window', async () => {
  const projectId = newProjectId();
  const write = fixtureWriter(database, projectId);
  const settlement = settlerOf(database);
  const columns = {
    ...modelCall,
    request_model: 'gpt-4o-mini-mine',
    response_model: 'gpt-4o-mini-mine',
    provider: 'openai',
  };
  const unknown = { ...columns, request_model: 'mine', response_model: 'mine' };
  await write.spans(
    { traceId: traceIdOf('f5'), spanId: spanIdOf(1), columns: unknown },
    { traceId: traceIdOf('f5'), spanId: spanIdOf(2), at: 2 * hour, columns: unknown },
  );
  await settlement.settleAll();
  const path = join(directory, 'mine.json');
  const entry = { provider: 'openai', model: 'mine', per_million: { input: 1, output: 1 } };
  await writeFile(path, JSON.stringify({ prices: [entry] }));
  const outcome = await runResettlement(database, {
    ...{ id: randomUUID(), actor: 'api', pricesFile: path },
    request: { projectId, fromNs: noonNs - 1n, toNs: noonNs + 1n, commit: true },
    onProgress: () => undefined,
  });
  expect(outcome.changes).toEqual([
    {
      ...{ day: '2026-11-20', provider: 'openai', model: 'mine', changedCount: 1 },
      before: { usd: null, pricedCalls: 0, unpricedCalls: 1 },
      after: { usd: '0.0011', pricedCalls: 1, unpricedCalls: 0 },
    },
  ]);
  const ledger = await readLedger(settlement.db, projectId);
  expect(ledger.map(({ status, cost_usd: cost }) => [status, cost])).toEqual([
    ['priced', '0.0011'],
    ['unpriced_model', '0'],
  ]);
  await Promise.all([settlement.close(), write.close()]);
}, 60_000);
