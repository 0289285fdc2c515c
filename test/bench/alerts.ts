// How long does a look at alert rules take, and a back-test, with ROWS (default 4000000) decisions of 60 days in one project's ledger?
import type { z } from 'zod';
import { backTest } from '../../server/alerts/back-tests.ts';
import { AlertTicker } from '../../server/alerts/ticker.ts';
import type { alertRuleInput } from '../../server/contract/alert-rules.ts';
import { tickMs } from '../../server/domain/alerts/back-test.ts';
import { AlertWriter } from '../../server/queries/alert-writer.ts';
import { connectDb } from '../../server/queries/db.ts';
import { RuntimeClient } from '../../server/runtime-client.ts';
import { ruleOf } from '../support/alert-rules.ts';
import { configurationOn } from '../support/configuration.ts';
import { connectDatabase, startDatabase, waitForMerges } from '../support/database.ts';
import { fillLedger } from '../support/fill-ledger.ts';

const rows = Number(process.env['ROWS'] ?? 4_000_000);
const rounds = Number(process.env['ROUNDS'] ?? 10);
const ruleCount = 100;
const days = 60;
const endMs = Date.parse('2026-11-20T00:00:00Z');
const projectId = 'shop';
type Fields = Partial<z.input<typeof alertRuleInput>>;

const month = { kind: 'calendar', unit: 'month', timeZone: 'Europe/Berlin' } as const;
const hour = { kind: 'rolling', minutes: 60 } as const;
const day = { kind: 'rolling', minutes: 1_440 } as const;
const kinds: [string, Fields][] = [
  ['spend of a month by agent', { metric: 'spend', groupBy: 'agent', window: month }],
  ['spend of a month by user', { metric: 'spend', groupBy: 'user', window: month }],
  ['spend of a month by label', { metric: 'spend', groupBy: 'label:team', window: month }],
  ['forecast of a month', { metric: 'forecast', window: month }],
  ['spend of an hour by agent', { metric: 'spend', groupBy: 'agent', window: hour }],
  ['cost per session of a day', { metric: 'cost_per_session', groupBy: 'agent', window: day }],
  ['token growth of an hour', { metric: 'token_growth_per_turn', groupBy: 'agent', window: hour }],
];

const database = await startDatabase();
const client = connectDatabase(database);
const db = connectDb({ ...database, queryTimeoutMs: 60_000 });
const writer = new AlertWriter(database);
const configuration = configurationOn(database);
let nowMs = endMs - 3_600_000 + 5_000;
const ticker = new AlertTicker({
  ...{ db, writer, owner: 'bench', now: () => nowMs, monotonicMs: () => performance.now() },
  budgets: { runtime: new RuntimeClient(undefined, undefined), list: () => Promise.resolve([]) },
  log: { info: () => undefined, warn: console.warn, error: console.error },
  readVerifiedTo: () => Promise.resolve(nowMs),
});

/** Milliseconds of each of several ticks. */
async function timeTicks(): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    nowMs += tickMs;
    const startedMs = performance.now();
    const outcome = await ticker.tick();
    if (outcome.status !== 'written' || outcome.failures > 0) throw new Error(`a tick ended ${outcome.status}`);
    // The first tick finds what fires, and explains it.
    if (round > 0) times.push(performance.now() - startedMs);
  }
  return times.sort((a, b) => a - b);
}

async function writeRules(fields: readonly Fields[]): Promise<void> {
  for (let i = 0; i < ruleCount; i += 1) {
    const key = { objectType: 'rule', projectId, objectId: `r${String(i)}` } as const;
    const one = fields[i % fields.length];
    if (i >= fields.length && fields.length === 1) await configuration.remove({ ...key, author: 'bench' });
    else await configuration.write({ ...key, body: ruleOf({ ...one, warning: 1e9 }), author: 'bench' });
  }
}

const figures = (times: readonly number[]) =>
  [0.5, 0.95].map((share) => (times[Math.ceil(times.length * share) - 1] ?? 0).toFixed(0).padStart(8)).join('');

try {
  await fillLedger(database, {
    ...{ rows, days, endMs, projects: [projectId], sessions: rows / 20, users: 2_000, agents: 20, models: 10 },
  });
  await waitForMerges(client);
  console.log(`${rows} decisions over ${days} days in one project; a tick evaluates and writes`);
  console.log('rules                                p50 ms  p95 ms   back-test 14 d, 31 d (ms)');
  for (const [name, fields] of kinds) {
    await writeRules([fields]);
    const times = await timeTicks();
    const tests: number[] = [];
    for (const length of [14, 31]) {
      const startedMs = performance.now();
      await backTest(db, { projectId, rule: ruleOf({ ...fields, warning: 1e9 }), days: length, nowMs: endMs });
      tests.push(performance.now() - startedMs);
    }
    console.log(`1 × ${name.padEnd(30)}${figures(times)}   ${tests.map((ms) => ms.toFixed(0).padStart(7)).join('')}`);
  }
  await writeRules(kinds.map(([, fields]) => fields));
  console.log(`${ruleCount} of these                       ${figures(await timeTicks())}`);
} finally {
  await Promise.all([client.close(), db.close(), writer.close(), configuration.close()]);
  await database.stop();
}
