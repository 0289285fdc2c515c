import { createClient } from '@clickhouse/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newProjectId, type OwnDatabase, startDatabase } from '../../support/database.ts';
import { settlerOf } from './settle-fixture.ts';

/** More than a batch holds: settled by itself, slice by slice. */
const spanCount = 150_000;

let database: OwnDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.stop());

it('settles a trace that is too large to hold, with what its leaves inherit and sums that tie out', async () => {
  const projectId = newProjectId();
  const client = createClient({
    url: database.url,
    http_headers: { 'x-sightglass-secret': database.secret },
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  // A root with the session, agents below it, and below each a wrapper over a call, and tools.
  await client.command({
    query: `INSERT INTO spans (project_id, trace_id, span_id, parent_span_id, name, start_time, duration_ns, status, kind,
        session_id, user_id, agent_name, usage_scope, has_usage, provider, request_model, response_model, input_tokens,
        output_tokens, tool_name)
      SELECT '${projectId}', unhex('e1000000000000000000000000000001'), reinterpretAsFixedString(byteSwap(toUInt64(number + 1))),
        multiIf(number = 0, toFixedString('', 8), number % 5 = 1, reinterpretAsFixedString(byteSwap(toUInt64(1))),
          number % 5 = 3, reinterpretAsFixedString(byteSwap(toUInt64(number))),
          reinterpretAsFixedString(byteSwap(toUInt64(number - (number % 5) + 2)))),
        'span', fromUnixTimestamp64Nano(toInt64(1795000000000000000 + number * 1000), 'UTC'), 500,
        if(number % 1000 = 4, 'error', 'unset'), multiIf(number = 0, 'agent', number % 5 IN (2, 3), 'llm', number % 5 = 1, 'agent', 'tool'),
        if(number = 0, 'session', ''), if(number = 0, 'user', ''), if(number % 5 = 1, concat('agent-', toString(number % 3)), ''),
        if(number % 5 IN (2, 3) AND number != 0, 'call', ''), number % 5 IN (2, 3),
        if(number % 5 IN (2, 3), 'openai', ''), if(number % 5 IN (2, 3), 'gpt-4o-mini', ''), '',
        if(number % 5 IN (2, 3), 1000 + intDiv(number, 5) % 7, 0), if(number % 5 IN (2, 3), 10, 0), if(number % 5 IN (0, 4), 'search', '')
      FROM numbers(${spanCount})`,
  });
  const settlement = settlerOf(database);
  const read = async () => {
    const reply = await client.query({
      query: `SELECT (SELECT toString(sum(cost_usd)) FROM ledger WHERE project_id = '${projectId}') AS ledgerCost,
        (SELECT sum(model_calls) FROM ledger WHERE project_id = '${projectId}' AND session_id = 'session' AND user_id = 'user') AS calls,
        (SELECT sum(input_tokens) FROM ledger WHERE project_id = '${projectId}') AS input,
        (SELECT count() FROM ledger WHERE project_id = '${projectId}') AS entries,
        (SELECT any(toString(cost_usd)) FROM traces FINAL WHERE project_id = '${projectId}') AS traceCost,
        (SELECT any(span_count) FROM traces FINAL WHERE project_id = '${projectId}') AS spans,
        (SELECT any(error_count) FROM traces FINAL WHERE project_id = '${projectId}') AS errors,
        (SELECT any(tools) FROM traces FINAL WHERE project_id = '${projectId}') AS tools,
        (SELECT any(toString(cost_usd)) FROM sessions FINAL WHERE project_id = '${projectId}') AS sessionCost`,
      format: 'JSONEachRow',
    });
    return (await reply.json<Record<string, unknown>>())[0];
  };
  const deadline = Date.now() + 90_000;
  let found = await read();
  while (found?.['sessionCost'] === null && Date.now() < deadline) {
    await settlement.settler.tick();
    await sleep(200);
    found = await read();
  }
  const calls = spanCount / 5;
  let input = 0n;
  for (let index = 0; index < calls; index += 1) input += BigInt(1000 + (index % 7));
  const picoUsd = input * 150_000n + BigInt(calls) * 10n * 600_000n;
  const cost = `${String(picoUsd / 10n ** 12n)}.${String(picoUsd % 10n ** 12n).padStart(12, '0')}`.replace(/0+$/, '');
  expect(found).toEqual({
    ledgerCost: cost,
    calls: String(calls),
    input: String(input),
    entries: String(2 * calls),
    traceCost: cost,
    spans: String(spanCount),
    errors: String(spanCount / 1000),
    tools: ['search'],
    sessionCost: cost,
  });
  await settlement.settleAll();
  expect(await read()).toEqual(found);
  await settlement.close();
  await client.close();
}, 180_000);
