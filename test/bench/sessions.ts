// How long do sessions, their replay and traces take, with SPANS (default 10000000) spans of 90 days stored?
import { pino } from 'pino';
import { createApp } from '../../server/app.ts';
import { LiveFeed } from '../../server/live/live-feed.ts';
import { loadPriceBook } from '../../server/load-price-book.ts';
import { connectDb } from '../../server/queries/db.ts';
import { connectDatabase, startDatabase, waitForMerges } from '../support/database.ts';
import { filledSession, fillSessions } from '../support/fill-sessions.ts';
import { channelsOn } from '../support/channels.ts';
import { configurationOn } from '../support/configuration.ts';
import { keysOn } from '../support/keys.ts';
import { resettlementsOn } from '../support/resettlements.ts';

const spans = Number(process.env['SPANS'] ?? 10_000_000);
const rounds = Number(process.env['ROUNDS'] ?? 40);
const days = 90;
const endMs = Date.parse('2026-11-20T00:00:00Z');
const dayMs = 86_400_000;
const projects = ['shop', 'search', 'support', 'reports'];

const database = await startDatabase();
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
  const began = performance.now();
  const { sessions } = await fillSessions(database, { spans, days, endMs, projects });
  const client = connectDatabase(database);
  await waitForMerges(client);
  await client.close();
  console.log(`${spans} spans, ${sessions} sessions over ${days} days, filled in ${seconds(began)} s`);
  const someSession = (round: number) => {
    const number = (round * 7_919) % sessions;
    return { id: filledSession(number), project: projects[number % projects.length] ?? '' };
  };
  const window = (back: number) => `project=shop&from=${iso(endMs - back * dayMs)}&to=${iso(endMs)}`;
  const traces = await get<{ traces: { traceId: string }[] }>(`/traces?${window(days)}&limit=100`);
  console.log('question                       p50 ms   p95 ms');
  const questions: [string, (round: number) => string][] = [
    [
      'replay: first page of a session',
      (round) => `/sessions/${someSession(round).id}?project=${someSession(round).project}`,
    ],
    ['latest 50 sessions, 24 h', () => `/sessions?${window(1)}`],
    ['latest 50 sessions, 90 d', () => `/sessions?${window(days)}`],
    ['costliest 50 sessions, 90 d', () => `/sessions?${window(days)}&sort=-cost`],
    ['sessions of a user, 90 d', (round) => `/sessions?${window(days)}&user=user-${round}`],
    ['latest 50 traces, 24 h', () => `/traces?${window(1)}`],
    ['latest 50 traces, 90 d', () => `/traces?${window(days)}`],
    ['costliest 50 traces, 90 d', () => `/traces?${window(days)}&sort=-cost`],
    [
      'one trace by id',
      (round) => `/traces/${traces.traces[round % traces.traces.length]?.traceId ?? ''}?project=shop`,
    ],
  ];
  for (const [name, path] of questions) await measure(name, path);
} finally {
  liveFeed.close();
  await db.close();
  await database.stop();
}

async function measure(name: string, path: (round: number) => string): Promise<void> {
  const took: number[] = [];
  for (let round = -3; round < rounds; round += 1) {
    const began = performance.now();
    await get(path(Math.abs(round)));
    if (round >= 0) took.push(performance.now() - began); // the first three warm up
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => (took[Math.floor(took.length * share)] ?? 0).toFixed(1).padEnd(8);
  console.log(`${name.padEnd(30)} ${at(0.5)} ${at(0.95)}`);
}

async function get<Reply>(path: string): Promise<Reply> {
  const reply = await app.request(`http://127.0.0.1/api${path}`, { headers: { host: '127.0.0.1' } });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${path}: HTTP ${reply.status} ${text.slice(0, 200)}`);
  return JSON.parse(text) as Reply;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(0);
}
