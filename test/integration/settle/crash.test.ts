import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newProjectId } from '../../support/database.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { type FragileDatabase, startFragileDatabase } from '../collector/fragile-database.ts';
import { fixtureWriter, type SpanFixture, textMessage } from '../server/fixtures.ts';

const settlers = 3;
const traceCount = 400;
const rounds = 6;
/** Longer than an insert of this test takes, kills included. */
const verifiedLagMs = 6_000;

let database: FragileDatabase;
let client: ReturnType<typeof createClient>;
const db = {
  rows: async <Row>(query: string, query_params: Record<string, unknown>): Promise<Row[]> =>
    (await client.query({ query, query_params, format: 'JSONEachRow' })).json<Row>(),
};
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

/** Sums by who spent: what the ledger must say to the last digit. */
type Truth = Map<string, { calls: number; input: number; output: number; picoUsd: bigint }>;

it('books every call once though settlers are killed and paused, and ClickHouse is killed under them', async () => {
  const projectId = newProjectId();
  const { batches, truth } = makeTraces(Math.random);
  const start = () =>
    startProgram('test/support/settler-process.ts', {
      ...environmentOf(database),
      VERIFIED_LAG_MS: String(verifiedLagMs),
      // Several batches a look: two are worked on at once.
      BATCH_ROWS_MAX: '1000',
    });
  for (let count = 0; count < settlers; count += 1) running.push(await start());
  const sent = send(projectId, batches);
  for (let round = 0; round < rounds; round += 1) {
    await sleep(300 + 700 * Math.random());
    const [victim] = running.splice(Math.floor(Math.random() * running.length), 1);
    await victim?.kill();
    running.push(await start());
    const paused = running[0];
    if (paused !== undefined) process.kill(paused.pid, 'SIGSTOP');
    if (round % 2 === 1) {
      await sleep(300 * Math.random());
      await database.kill();
      await database.restart();
    }
    await sleep(500 + 1500 * Math.random());
    if (paused !== undefined) process.kill(paused.pid, 'SIGCONT');
  }
  await sent;
  await untilVerified();
  for (const program of running) program.kill().catch(() => undefined);

  const raw = await readSums(projectId, 0);
  expect(raw).toEqual(truth);
  expect(await readSums(projectId, 1)).toEqual(truth);
  const [sessions] = await db.rows<{ cost: string; calls: string }>(
    `SELECT toString(sum(cost_usd)) AS cost, sum(model_calls) AS calls FROM sessions FINAL
     WHERE project_id = {projectId:String} LIMIT 1`,
    { projectId },
  );
  const [traces] = await db.rows<{ cost: string; calls: string }>(
    `SELECT toString(sum(cost_usd)) AS cost, sum(model_calls) AS calls FROM traces FINAL
     WHERE project_id = {projectId:String} LIMIT 1`,
    { projectId },
  );
  const [ledger] = await db.rows<{ cost: string; calls: string }>(
    `SELECT toString(sum(cost_usd)) AS cost, sum(model_calls) AS calls FROM ledger
     WHERE project_id = {projectId:String} LIMIT 1`,
    { projectId },
  );
  expect(traces).toEqual(ledger);
  expect(sessions).toEqual(ledger);
}, 240_000);

async function readSums(projectId: string, useProjections: 0 | 1): Promise<Truth> {
  const rows = await db.rows<{ key: string; calls: string; input: string; output: string; cost: string }>(
    `SELECT concat(session_id, ' ', user_id, ' ', agent_name) AS key, sum(model_calls) AS calls, sum(input_tokens) AS input,
       sum(output_tokens) AS output, toString(toInt128(sum(cost_usd) * 1000000000000)) AS cost
     FROM ledger WHERE project_id = {projectId:String} AND sign != 0 GROUP BY key HAVING calls != 0 OR input != 0
     ORDER BY key LIMIT 100000 SETTINGS optimize_use_projections = ${useProjections}`,
    { projectId },
  );
  return new Map(
    rows.map(({ key, calls, input, output, cost }) => [
      key,
      { calls: Number(calls), input: Number(input), output: Number(output), picoUsd: BigInt(cost) },
    ]),
  );
}

async function untilVerified(): Promise<void> {
  const [now] = await db.rows<{ ms: string }>('SELECT toUnixTimestamp64Milli(now64(3)) AS ms LIMIT 1', {});
  const deadline = Date.now() + 120_000;
  for (;;) {
    const [cursor] = await db.rows<{ ms: string }>(
      'SELECT toUnixTimestamp64Milli(max(verified_to)) AS ms FROM settlement_cursors LIMIT 1',
      {},
    );
    if (Number(cursor?.ms) >= Number(now?.ms)) break;
    if (Date.now() > deadline) throw new Error(`not verified:\n${running.map((one) => one.output()).join('\n')}`);
    await sleep(500);
  }
  // A pass that was under way when the cursor was written is finished by then.
  await sleep(3_000);
}

/** Writes batch after batch, each until it is stored: what is not acknowledged is sent again. */
async function send(projectId: string, batches: readonly (readonly SpanFixture[])[]): Promise<void> {
  const write = fixtureWriter(database, projectId);
  for (const batch of batches) {
    for (;;) {
      const isStored = await write.spans(...batch).then(
        () => true,
        () => false,
      );
      if (isStored) break;
      await sleep(100);
    }
    await sleep(20 * Math.random());
  }
  await write.close();
}

/**
 * Traces whose truth is known by how they are made: calls below an agent that sums them up, some in a wrapper, some seen by a
 * second instrumentation in a trace of its own; session and user on the root alone; spans late, twice and children first.
 */
function makeTraces(random: () => number): { batches: SpanFixture[][]; truth: Truth } {
  const truth: Truth = new Map();
  const arrivals: { at: number; span: SpanFixture }[] = [];
  const arrive = (span: SpanFixture) => {
    const at = random() * 100;
    arrivals.push({ at: random() < 0.2 ? at + 40 : at, span });
    if (random() < 0.05) arrivals.push({ at: at + random() * 50, span });
  };
  for (let trace = 0; trace < traceCount; trace += 1) {
    const traceId = `c1${trace.toString(16).padStart(30, '0')}`;
    const spanId = (n: number) => `${trace.toString(16).padStart(8, '0')}${n.toString(16).padStart(8, '0')}`;
    const who = { session: `s-${trace % 60}`, user: `u-${trace % 30}`, agent: `agent-${(trace % 60) % 3}` };
    const calls = 1 + Math.floor(random() * 3);
    let [total, totalOut] = [0, 0];
    for (let index = 0; index < calls; index += 1) {
      const [input, output] = [1000 + trace * 7 + index, 10 + index];
      total += input;
      totalOut += output;
      const columns = {
        kind: 'llm',
        name: 'chat',
        usage_scope: 'call',
        has_usage: true,
        provider: 'openai',
        request_model: 'gpt-4o-mini',
        response_model: 'gpt-4o-mini-2024-07-18',
        response_id: `r-${trace}-${index}`,
        service_name: 'shop',
        scope_name: 'one',
        input_tokens: BigInt(input),
        output_tokens: BigInt(output),
      } as const;
      const own = { traceId, spanId: spanId(10 + index), parentSpanId: spanId(1), at: trace + index, durationMs: 500 };
      arrive({ ...own, columns, input: [textMessage('user', `question ${trace}`)] });
      if (random() < 0.3) arrive({ ...own, spanId: spanId(20 + index), parentSpanId: spanId(10 + index), columns });
      if (random() < 0.3) {
        const copy = { ...columns, scope_name: 'two', input_tokens: BigInt(input), output_tokens: BigInt(output) };
        arrive({
          ...own,
          traceId: `c2${traceId.slice(2)}`,
          spanId: spanId(30 + index),
          parentSpanId: '0'.repeat(16),
          columns: copy,
        });
      }
      const key = `${who.session} ${who.user} ${who.agent}`;
      const sum = truth.get(key) ?? { calls: 0, input: 0, output: 0, picoUsd: 0n };
      truth.set(key, {
        calls: sum.calls + 1,
        input: sum.input + input,
        output: sum.output + output,
        // $0.15 and $0.60 per million tokens
        picoUsd: sum.picoUsd + BigInt(input) * 150_000n + BigInt(output) * 600_000n,
      });
    }
    arrive({
      traceId,
      spanId: spanId(1),
      at: trace - 1,
      durationMs: 5000,
      columns: {
        kind: 'agent',
        name: 'invoke_agent',
        agent_name: who.agent,
        session_id: who.session,
        user_id: who.user,
        usage_scope: 'aggregate',
        has_usage: true,
        input_tokens: BigInt(total),
        output_tokens: BigInt(totalOut),
      },
    });
  }
  arrivals.sort((a, b) => a.at - b.at);
  const batches: SpanFixture[][] = [];
  while (arrivals.length > 0) batches.push(arrivals.splice(0, 1 + Math.floor(random() * 20)).map(({ span }) => span));
  return { batches, truth: new Map([...truth].sort(([a], [b]) => (a < b ? -1 : 1))) };
}
