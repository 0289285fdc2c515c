// How long do the pages' questions take, with SPANS (default 200000) spans of 30 days stored?
import { z } from 'zod';
import { startDatabase } from '../support/database.ts';
import { sendLoad } from '../support/load-send.ts';
import { startPipeline } from '../support/pipeline.ts';

const spans = Number(process.env['SPANS'] ?? 200_000);
const days = 30;
const rounds = 30;
const dayMs = 86_400_000;

const database = await startDatabase();
const pipeline = await startPipeline(database);
try {
  const url = `${pipeline.otlp}/v1/traces`;
  const load = await sendLoad({ spans, days, profile: 'mixed', url, concurrency: 8, retries: 10 });
  console.log(`${load.acknowledged.spans} spans, ${load.acknowledged.traces} traces over ${days} days`);
  const now = Date.now();
  const window = (back: number) =>
    `from=${new Date(now - back * dayMs).toISOString()}&to=${new Date(now + dayMs).toISOString()}`;
  const { traces } = z
    .object({ traces: z.array(z.object({ traceId: z.string() })).min(1) })
    .parse(await (await fetch(`${pipeline.api}/api/traces?${window(days)}&limit=100`)).json());
  const pickTrace = (round: number) => traces[round % traces.length]?.traceId ?? '';
  const questions: [string, (round: number) => string][] = [
    ['latest 50 traces, 24 h', () => `/traces?${window(1)}&limit=50`],
    ['latest 50 traces, 30 d', () => `/traces?${window(days)}&limit=50`],
    ['… of one agent, 30 d', (round) => `/traces?${window(days)}&limit=50&agent=agent-0${round % 10}`],
    ['… with errors, 30 d', () => `/traces?${window(days)}&limit=50&status=error`],
    ['facets, 30 d', () => `/facets?${window(days)}`],
    ['one trace by id', (round) => `/traces/${pickTrace(round)}`],
  ];
  console.log('question                       p50 ms   p95 ms');
  for (const [name, path] of questions) {
    const took: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const began = performance.now();
      const reply = await fetch(`${pipeline.api}/api${path(round)}`);
      await reply.arrayBuffer();
      if (!reply.ok) throw new Error(`${path(round)}: HTTP ${reply.status}`);
      took.push(performance.now() - began);
    }
    took.sort((a, b) => a - b);
    const at = (share: number) => (took[Math.floor(took.length * share)] ?? 0).toFixed(1).padEnd(8);
    console.log(`${name.padEnd(30)} ${at(0.5)} ${at(0.95)}`);
  }
} finally {
  await pipeline.stop();
  await database.stop();
}
