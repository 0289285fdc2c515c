// How long do questions about money take, with ROWS (default 4000000) decisions of 90 days in the ledger?
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { createApp } from '../../server/app.ts';
import { LiveFeed } from '../../server/live/live-feed.ts';
import { loadPriceBook } from '../../server/load-price-book.ts';
import { connectDb } from '../../server/queries/db.ts';
import { connectDatabase, startDatabase, waitForMerges } from '../support/database.ts';
import { fillLedger } from '../support/fill-ledger.ts';
import { channelsOn } from '../support/channels.ts';
import { configurationOn } from '../support/configuration.ts';
import { keysOn } from '../support/keys.ts';
import { resettlementsOn } from '../support/resettlements.ts';

const rows = Number(process.env['ROWS'] ?? 4_000_000);
const rounds = Number(process.env['ROUNDS'] ?? 25);
const days = 90;
const endMs = Date.parse('2026-11-20T00:00:00Z');
const dayMs = 86_400_000;
/** The first has a quarter; the last question is of one that has as much as all of them. */
const projects = ['shop', 'search', 'support', 'reports'];

const isoOf = (ms: number) => new Date(ms).toISOString();
const dayOf = (round: number) =>
  `project=shop&from=${isoOf(endMs - (round + 1) * dayMs)}&to=${isoOf(endMs - round * dayMs)}`;
const quarter = `project=shop&from=${isoOf(endMs - days * dayMs)}&to=${isoOf(endMs)}`;
const ends = `project=shop&from=${isoOf(endMs - days * dayMs + 5_678_901)}&to=${isoOf(endMs - 1_234_567)}`;
const questions: [string, (round: number) => string][] = [
  ['by day', () => `/costs?${quarter}&interval=day`],
  ['by day and agent', () => `/costs?${quarter}&interval=day&groupBy=agent`],
  ['by day, agent and model', () => `/costs?${quarter}&interval=day&groupBy=agent,model`],
  ['by day of one agent', (round) => `/costs?${quarter}&interval=day&agent=agent-${round % 20}`],
  ['by month and agent', () => `/costs?${quarter}&interval=month&groupBy=agent`],
  ['by hour and agent', () => `/costs?${quarter}&interval=hour&groupBy=agent`],
  ['by day, ends within an hour', () => `/costs?${ends}&interval=day&groupBy=agent`],
  ['by user', () => `/costs?${quarter}&groupBy=user`],
  ['by user, ends within an hour', () => `/costs?${ends}&groupBy=user`],
  ['by day and user', () => `/costs?${quarter}&interval=day&groupBy=user`],
  ['by session', () => `/costs?${quarter}&groupBy=session`],
  ['by provider', () => `/costs?${quarter}&groupBy=provider`],
  ['by label', () => `/costs?${quarter}&groupBy=label:team`],
  ['by day, environment and label', () => `/costs?${quarter}&interval=day&groupBy=environment,label:team`],
  ['by user, agent and model', () => `/costs?${quarter}&groupBy=user,agent,model`],
  ['by day of one user', (round) => `/costs?${quarter}&interval=day&groupBy=agent&user=user-${round}`],
  ['by model of one session', (round) => `/costs?${quarter}&groupBy=model&session=session-${round * 97}`],
  ['what changed', () => `/costs/movers?${quarter}`],
  ['what changed on a day', (round) => `/costs/movers?${dayOf(round)}&against=week`],
  ['forecast', () => '/costs/forecast?project=shop&timeZone=Europe/Berlin'],
  ['cost per session', () => `/costs/sessions-summary?${quarter}`],
  ['cost per session by agent', () => `/costs/sessions-summary?${quarter}&groupBy=agent`],
  ['saved by caching', () => `/costs/cache-savings?${quarter}`],
  ['by cost centre', () => `/costs?${quarter}&groupBy=costCentre`],
  ['by day and cost centre', () => `/costs?${quarter}&interval=day&groupBy=costCentre`],
  ['by agent of nobody', () => `/costs?${quarter}&groupBy=agent&unattributed=costCentre`],
  ['statement', () => '/statement?project=shop&month=2026-10&timeZone=Europe/Berlin'],
  ['by cost centre, label rules', () => `/costs?${quarter.replace('shop', 'search')}&groupBy=costCentre`],
  ['calls without a price', () => `/unpriced?${quarter}`],
  ['ledger, newest 100', () => `/ledger?${quarter}`],
  ['ledger, costliest 100', () => `/ledger?${quarter}&sort=-cost`],
  ['ledger of one session', (round) => `/ledger?${quarter}&session=session-${round * 97}`],
  ['by day, all rows one project', () => `/costs?${quarter.replace('shop', 'all')}&interval=day`],
  ['by day and agent, the same', () => `/costs?${quarter.replace('shop', 'all')}&interval=day&groupBy=agent`],
];

const database = await startDatabase();
const client = connectDatabase(database);
const db = connectDb(database);
const log = pino({ level: 'error' });
const liveFeed = new LiveFeed({ db, log });
const app = createApp({
  ...{
    db,
    log,
    liveFeed,
    resettlements: resettlementsOn(database),
    keys: keysOn(database),
    configuration: configurationOn(database),
    channels: channelsOn(database),
    priceBook: loadPriceBook(undefined),
    now: () => endMs,
  },
  ...{ uiDirectory: import.meta.dirname, schemaVersion: '', publicUrl: undefined },
});
try {
  const fill = { days, endMs, users: 2_000, agents: 20, models: 10 };
  await fillLedger(database, { ...fill, rows, projects, sessions: 200_000 });
  await fillLedger(database, { ...fill, rows, projects: ['all'], sessions: 200_000 });
  await waitForMerges(client);
  await writeOwners();
  console.log(`${rows} decisions over ${days} days in ${projects.length} projects, and as many again in one`);
  console.log('question                         rows     p50 ms   p95 ms   CPU ms (ClickHouse and server)');
  for (const [name, path] of questions) await measure(name, path);
} finally {
  liveFeed.close();
  await Promise.all([db.close(), client.close()]);
  await database.stop();
}

/** Two in three agents of one project are owned by name, and some labels of another. */
async function writeOwners(): Promise<void> {
  const configuration = configurationOn(database);
  const write = (projectId: string, i: number, match: object) =>
    configuration.write({
      ...{ objectType: 'owner', projectId, objectId: `bench-${i}`, author: 'bench', expectedVersion: 0 },
      body: {
        match,
        team: `team ${i % 3}`,
        costCentre: `CC-${i % 5}`,
        validFrom: '2026-01-01',
        validTo: null,
        priority: i,
      },
    });
  for (let i = 0; i < 20; i += 1) if (i % 3 !== 0) await write('shop', i, { agent: `agent-${i}` });
  for (let i = 0; i < 4; i += 1) await write('search', i, { label: { key: 'team', pattern: `*-${i}` } });
  await configuration.close();
}

async function measure(name: string, path: (round: number) => string): Promise<void> {
  const took: number[] = [];
  let found = 0;
  let cpuMs = 0;
  for (let round = -3; round < rounds; round += 1) {
    if (round === 0) cpuMs = usedCpuMs();
    const began = performance.now();
    const reply = await app.request(`http://127.0.0.1/api${path(Math.abs(round))}`, { headers: { host: '127.0.0.1' } });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${path(round)}: HTTP ${reply.status} ${text}`);
    if (round >= 0) took.push(performance.now() - began); // the first three warm up
    const body = JSON.parse(text) as { rows?: unknown[]; entries?: unknown[] };
    found = (body.rows ?? body.entries ?? []).length;
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => (took[Math.floor(took.length * share)] ?? 0).toFixed(1).padEnd(8);
  console.log(
    `${name.padEnd(32)} ${String(found).padEnd(8)} ${at(0.5)} ${at(0.95)} ${((usedCpuMs() - cpuMs) / rounds).toFixed(0)}`,
  );
}

/** Of ClickHouse and this process: what a question costs, however busy the machine is. NaN where there is no /proc. */
function usedCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + clickHouseCpuMs();
}

function clickHouseCpuMs(): number {
  if (process.platform !== 'linux') return Number.NaN;
  // After the name in brackets: state, ten more, then user and system time in hundredths of a second.
  const [, fields = ''] = readFileSync(`/proc/${database.pid}/stat`, 'utf8').split(') ');
  const [userTicks, systemTicks] = fields.split(' ').slice(11, 13);
  return (Number(userTicks) + Number(systemTicks)) * 10;
}
