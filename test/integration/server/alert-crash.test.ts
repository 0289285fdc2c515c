import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RuleSeries } from '../../../server/domain/alerts/rule-series.ts';
import { readTickBody } from '../../../server/domain/alerts/snapshot.ts';
import { type GroupStates, stepRule } from '../../../server/domain/alerts/step-rule.ts';
import { eventIdOf } from '../../../server/domain/alerts/event-id.ts';
import { readReadings } from '../../../server/queries/alert-readings.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { ruleOf } from '../../support/alert-rules.ts';
import { configurationOn } from '../../support/configuration.ts';
import { newProjectId } from '../../support/database.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { type FragileDatabase, startFragileDatabase } from '../collector/fragile-database.ts';
import { type BookingFixture, ledgerWriter } from './ledger-fixtures.ts';

const servers = 3;
const rounds = 6;
/** A tick of half a minute takes a fifth of a second. */
const speed = 150;
const fromMs = Date.parse('2026-11-20T00:00:00Z');
const agents = ['a', 'b', 'c', 'd'];
/** More than the test takes. */
const minutes = 12 * 60;

let database: FragileDatabase;
let client: ReturnType<typeof createClient>;
const running: Program[] = [];
beforeAll(async () => {
  database = await startFragileDatabase();
  client = createClient({ url: database.url, http_headers: { 'x-sightglass-secret': database.secret } });
});
afterAll(async () => {
  await Promise.all(running.map((program) => program.kill()));
  await client.close();
  await database.remove();
});

it('tells everything once though servers are killed and paused, and ClickHouse is killed under them', async () => {
  const projectId = newProjectId();
  const rule = ruleOf({ groupBy: 'agent', warning: 5, critical: 12, window: { kind: 'rolling', minutes: 5 } });
  const ledger = ledgerWriter(database, projectId);
  await ledger.bookAll(makeBookings());
  const configuration = configurationOn(database);
  await configuration.write({ objectType: 'rule', projectId, objectId: 'r1', body: rule, author: 'test' });
  const start = () =>
    startProgram('test/support/alert-process.ts', {
      ...environmentOf(database),
      ...{ BEGUN_MS: String(begunMs), FROM_MS: String(fromMs), SPEED: String(speed) },
    });
  const begunMs = Date.now();
  for (let count = 0; count < servers; count += 1) running.push(await start());
  for (let round = 0; round < rounds; round += 1) {
    await sleep(300 + 900 * Math.random());
    const [victim] = running.splice(Math.floor(Math.random() * running.length), 1);
    await victim?.kill();
    running.push(await start());
    const paused = running[0];
    if (paused !== undefined) process.kill(paused.pid, 'SIGSTOP');
    if (round === 2 || round === 4) {
      await database.kill();
      await database.restart();
    }
    await sleep(300 + 900 * Math.random());
    if (paused !== undefined) process.kill(paused.pid, 'SIGCONT');
  }
  // The tick after the last one writes what that may have left.
  const last = await countTicks();
  await expect.poll(async () => (await countTicks()) > last + 3, { timeout: 60_000 }).toBe(true);
  await Promise.all(running.splice(0).map((program) => program.kill()));

  const ticks = await readTicks();
  // Each tick has one successor: no two servers went on from the same one.
  expect(ticks.map(({ afterTick }) => afterTick)).toEqual([0, ...ticks.slice(0, -1).map(({ tick }) => tick)]);
  expect(new Set(ticks.map(({ owner }) => owner.split('/')[0])).size).toBeGreaterThan(1);
  const decided = ticks.slice(0, -1).flatMap(({ body }) => (body === '' ? [] : readTickBody(body).events));
  const stored = await readEventIds(projectId);
  const ids = decided.map(({ eventId }) => eventId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !stored.has(id))).toEqual([]);
  expect(ids.length).toBeGreaterThan(4);
  expect(ids).toEqual(await replay(rule, projectId, ticks.slice(0, -1)));
  await Promise.all([ledger.close(), configuration.close()]);
}, 240_000);

interface Tick {
  tick: number;
  afterTick: number;
  owner: string;
  evaluatedToMs: number;
  body: string;
}

/** The ids that one undisturbed server would have given, looking at the same moments. */
async function replay(rule: ReturnType<typeof ruleOf>, projectId: string, ticks: readonly Tick[]): Promise<string[]> {
  const db = connectDb({ ...database, queryTimeoutMs: 20_000 });
  const read = { fromMs: fromMs - 3_600_000, toMs: fromMs + minutes * 60_000 };
  const { groups } = await readReadings(db, {
    ...{ projectId, rule, read, parts: { stepMs: 30_000 }, keep: [], owners: undefined },
  });
  await db.close();
  const series = new RuleSeries(rule, groups);
  let states: GroupStates = new Map();
  return ticks.flatMap(({ evaluatedToMs: atMs }) => {
    const step = stepRule(rule, states, {
      ...{ atMs, values: series.valuesAt(atMs) },
      ...{ isSilenced: () => false, isAcknowledged: () => false },
    });
    states = step.states;
    return step.changes.map(({ groupKey, change: { to, sinceMs, notice } }) =>
      eventIdOf([projectId, 'rule', 'r1', groupKey, to, sinceMs, notice]),
    );
  });
}

/** Bursts of spending of one agent after the other. */
function makeBookings(): BookingFixture[] {
  return Array.from({ length: minutes }, (_, minute) => ({
    traceId: minute.toString(16).padStart(32, '1'),
    spanId: minute.toString(16).padStart(16, '1'),
    startNs: BigInt(fromMs + minute * 60_000 + 1_000) * 1_000_000n,
    agent: agents[Math.floor(minute / 4) % agents.length] ?? '',
    costUsd: minute % 16 < 8 ? '2' : '3.5',
  }));
}

async function countTicks(): Promise<number> {
  return (
    (await rows<{ count: string }>('SELECT count() AS count FROM alert_ticks LIMIT 1')).map(({ count }) =>
      Number(count),
    )[0] ?? 0
  );
}

async function readTicks(): Promise<Tick[]> {
  const found = await rows<{ tick: string; after: string; owner: string; toMs: string; body: string }>(
    `SELECT tick, after_tick AS after, owner, toUnixTimestamp64Milli(evaluated_to) AS toMs, body
     FROM alert_ticks ORDER BY tick LIMIT 100000`,
  );
  return found.map(({ tick, after, owner, toMs, body }) => ({
    ...{ tick: Number(tick), afterTick: Number(after), owner, evaluatedToMs: Number(toMs), body },
  }));
}

async function readEventIds(projectId: string): Promise<Set<string>> {
  const found = await rows<{ id: string }>(
    'SELECT DISTINCT event_id AS id FROM alert_events WHERE project_id = {projectId:String} LIMIT 100000',
    { projectId },
  );
  return new Set(found.map(({ id }) => id));
}

async function rows<Row>(query: string, query_params: Record<string, unknown> = {}): Promise<Row[]> {
  return (await client.query({ query, query_params, format: 'JSONEachRow' })).json<Row>();
}
