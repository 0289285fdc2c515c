import { tables } from '../../migrations/schema.ts';
import { connectDatabase, type TestDatabase } from './database.ts';

export interface LedgerFill {
  /** Decisions; corrections come on top. */
  rows: number;
  /** Ends at `endMs`; rows are spread evenly. */
  days: number;
  endMs: number;
  /** Sessions fall on them evenly. */
  projects: readonly string[];
  sessions: number;
  users: number;
  agents: number;
  models: number;
}

/** Rows of one insert, as a large settlement pass would bring them. */
const passRows = 500_000;

/**
 * Fills the ledger with decisions as traffic leaves them: sessions of one user and project with a few traces each, agents that
 * mostly use one model; one in five does not count, one in thirty was corrected. The same numbers give the same rows.
 */
export async function fillLedger(database: TestDatabase, fill: LedgerFill): Promise<void> {
  const client = connectDatabase(database);
  try {
    for (let first = 0, pass = 1; first < fill.rows; first += passRows, pass += 1) {
      const count = Math.min(passRows, fill.rows - first);
      await client.command({
        query: fillSql,
        query_params: { ...fill, first, count, pass, perSession: Math.max(1, Math.ceil(fill.rows / fill.sessions)) },
        clickhouse_settings: { max_insert_block_size: '1048576', min_insert_block_size_rows: '1048576' },
      });
    }
  } finally {
    await client.close();
  }
}

const fillSql = `INSERT INTO ${tables.ledger} (
  project_id, trace_id, span_id, start_time, sign, environment, service_name, session_id, user_id, agent_name, labels,
  provider, model, request_model, kind, operation, usage_scope, counted, not_counted_because, status,
  model_calls, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  priced_calls, unpriced_calls, costed_rows, cost_usd, price, price_version, pass, shard, owner)
WITH
  intDiv(number, {perSession:UInt32}) AS session, number % {perSession:UInt32} AS step,
  intDiv(step, 5) AS trace, cityHash64(session, 's') AS sessionHash, cityHash64(number, 'n') AS rowHash,
  cityHash64(session, trace, 'a') % {agents:UInt32} AS agent,
  if(rowHash % 5 = 0, cityHash64(number, 'm') % {models:UInt32}, agent % {models:UInt32}) AS modelNumber,
  rowHash % 7 != 0 AND intDiv(rowHash, 7) % 20 != 0 AS isCounted,
  multiIf(intDiv(rowHash, 140) % 50 = 0, 'unpriced_model', intDiv(rowHash, 140) % 50 = 1, 'reported', 'priced') AS countedStatus,
  isCounted AND countedStatus != 'unpriced_model' AS isKnown,
  isCounted * sign AS amount
SELECT
  {projects:Array(String)}[1 + sessionHash % length({projects:Array(String)})],
  reinterpretAsFixedString(cityHash64(session, trace, 1)) || reinterpretAsFixedString(cityHash64(session, trace, 2)),
  reinterpretAsFixedString(rowHash),
  fromUnixTimestamp64Milli(toInt64({endMs:Int64} - {days:UInt32} * 86400000
    + cityHash64(session, 't') % ({days:UInt32} * 86400000 - 3600000) + step * 20000), 'UTC'),
  sign,
  ['production', 'production', 'production', 'staging'][1 + sessionHash % 4],
  concat('service-', toString(agent % 6)),
  concat('session-', toString(session)),
  concat('user-', toString(cityHash64(session, 'u') % {users:UInt32})),
  concat('agent-', toString(agent)),
  map('team', concat('team-', toString(agent % 5)), 'feature', concat('feature-', toString(sessionHash % 12))),
  ['openai', 'anthropic', 'google'][1 + modelNumber % 3],
  concat('model-', toString(modelNumber)),
  concat('model-', toString(modelNumber)),
  'llm', 'chat', 'call', isCounted, if(isCounted, '', 'wrapper'), if(isCounted, countedStatus, ''),
  amount,
  amount * (500 + rowHash % 8000), amount * (20 + rowHash % 900), amount * (rowHash % 400), 0, 0,
  isKnown * sign, (isCounted AND NOT isKnown) * sign, isKnown * sign,
  reinterpret(toInt64(isKnown * sign * (100000000 + rowHash % 90000000000)), 'Decimal(18, 12)'),
  if(isKnown, concat('{"source":"table","model":"model-', toString(modelNumber), '","parts":[{"usage":"input","tokens":',
    toString(500 + rowHash % 8000 - rowHash % 400), ',"perMillionUsd":"2.5"},{"usage":"cacheRead","tokens":',
    toString(rowHash % 400), ',"perMillionUsd":"0.25"}]}'), ''),
  if(isCounted, '2026-11-01', ''),
  {pass:UInt64}, 0, 'bench'
FROM (
  SELECT number, arrayJoin(if(cityHash64(number, 'c') % 30 = 0, [1, -1, 1], [1]))::Int8 AS sign
  FROM numbers({first:UInt64}, {count:UInt64})
)`;
