import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectDatabase, newProjectId, type OwnDatabase, startDatabase } from '../support/database.ts';
import { encodeProtobuf, type WireTraces } from '../support/otlp-encode.ts';
import { type Pipeline, startPipeline } from '../support/pipeline.ts';
import { makeSyntheticTraces, type Spent } from '../support/synthetic-traces.ts';

const traceCount = 10_000;
const patienceMs = 90_000;

let database: OwnDatabase;
let pipeline: Pipeline;
beforeAll(async () => {
  database = await startDatabase();
  pipeline = await startPipeline(database);
});
afterAll(async () => {
  await pipeline.stop();
  await database.stop();
});

it('ten thousand traces of mixed conventions cost what they were made to cost, to the last digit', async () => {
  const project = newProjectId();
  const seed = Math.floor(Math.random() * 2 ** 31);
  const startMs = Date.now() - 2 * 3_600_000;
  const { early, late, spanCount, truth } = makeSyntheticTraces(traceCount, { seed, startMs });
  await send(early, project);
  // Most of it is settled by now: what is late takes back and books again.
  await sleep(3_000);
  await send(late, project);
  const client = connectDatabase(database);
  const readSpent = async (): Promise<Map<string, Spent>> => {
    const reply = await client.query({
      query: `SELECT session_id AS session, user_id AS user, model, sum(model_calls) AS calls, sum(input_tokens) AS input,
          sum(output_tokens) AS output, sum(cache_read_tokens) AS cacheRead, sum(cache_write_tokens) AS cacheWrite,
          toString(sum(cost_usd) * 1000000000000) AS pico, sum(unpriced_calls) AS unpriced
        FROM ledger WHERE project_id = {project:String} GROUP BY session_id, user_id, model
        HAVING calls != 0 OR input != 0 OR pico != '0' ORDER BY session, user, model`,
      query_params: { project },
      format: 'JSONEachRow',
    });
    const rows = await reply.json<Record<string, string>>();
    const number = (value: string | undefined) => Number(value);
    return new Map(
      rows.map((row) => [
        `${String(row['session'])} ${String(row['user'])} ${String(row['model'])}`,
        {
          ...{ calls: number(row['calls']), input: number(row['input']), output: number(row['output']) },
          ...{ cacheRead: number(row['cacheRead']), cacheWrite: number(row['cacheWrite']) },
          picoUsd: BigInt(row['pico'] ?? '0'),
        },
      ]),
    );
  };
  let wrong = differences(truth, await readSpent());
  for (const deadline = Date.now() + patienceMs; wrong.length > 0 && Date.now() < deadline;) {
    await sleep(500);
    wrong = differences(truth, await readSpent());
  }
  expect({ seed, spanCount, wrong: wrong.slice(0, 10), wrongCount: wrong.length }).toEqual({
    ...{ seed, spanCount, wrong: [], wrongCount: 0 },
  });
  const total = [...truth.values()].reduce((sum, { picoUsd }) => sum + picoUsd, 0n);
  for (const table of ['traces', 'sessions']) {
    const sum = async () => {
      const reply = await client.query({
        query: `SELECT toString(sum(cost_usd) * 1000000000000) AS pico FROM ${table} FINAL WHERE project_id = {project:String}`,
        query_params: { project },
        format: 'JSONEachRow',
      });
      return (await reply.json<{ pico: string }>())[0]?.pico;
    };
    // Summaries are written a moment after the ledger.
    await expect.poll(sum).toBe(String(total));
  }
  await client.close();
}, 240_000);

async function send(requests: readonly WireTraces[], project: string): Promise<void> {
  for (const request of requests) {
    const reply = await fetch(`${pipeline.otlp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'x-sightglass-project': project },
      body: new Uint8Array(encodeProtobuf(request)),
    });
    const answer = Buffer.from(await reply.arrayBuffer());
    if (reply.status !== 200 || answer.length > 0) throw new Error(`HTTP ${reply.status} ${answer.toString()}`);
  }
}

function differences(truth: ReadonlyMap<string, Spent>, found: ReadonlyMap<string, Spent>): string[] {
  const keys = new Set([...truth.keys(), ...found.keys()]);
  return [...keys].flatMap((key) => {
    const [expected, got] = [describe(truth.get(key)), describe(found.get(key))];
    return expected === got ? [] : [`${key}: ${got} instead of ${expected}`];
  });
}

function describe(spent: Spent | undefined): string {
  if (spent === undefined) return 'nothing';
  const { calls, input, output, cacheRead, cacheWrite, picoUsd } = spent;
  return [calls, input, output, cacheRead, cacheWrite, String(picoUsd)].join(' ');
}
