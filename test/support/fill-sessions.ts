import { tables } from '../../migrations/schema.ts';
import { connectDatabase, type TestDatabase } from './database.ts';

export interface SessionsFill {
  spans: number;
  /** Sessions begin evenly over so many days before `endMs`. */
  days: number;
  endMs: number;
  projects: readonly string[];
}

const spansPerTrace = 10;
const tracesPerSession = 5;
const insertSpans = 500_000;
const settings = { max_insert_block_size: '1048576', min_insert_block_size_rows: '1048576' };

/**
 * Fills spans, messages, ledger and summaries as collector and settlement leave them: conversations of five turns, a trace
 * each, in which an agent calls the model five times and a tool four times. The same numbers give the same rows.
 */
export async function fillSessions(database: TestDatabase, fill: SessionsFill): Promise<{ sessions: number }> {
  const client = connectDatabase(database);
  const traces = Math.floor(fill.spans / spansPerTrace);
  const sessions = Math.floor(traces / tracesPerSession);
  const run = (query: string, first: number, count: number) =>
    client.command({
      query: query,
      query_params: { ...fill, first, count },
      clickhouse_settings: { ...settings, max_partitions_per_insert_block: '1000' },
    });
  try {
    await client.command({ query: 'DETACH TABLE spans_to_skeletons' }); // settlement has read them long ago
    for (let first = 0; first < fill.spans; first += insertSpans) {
      const count = Math.min(insertSpans, fill.spans - first);
      await run(spansSql, first, count);
      await run(ledgerSql, first, count);
      const perTrace = [first / spansPerTrace, count / spansPerTrace] as const;
      await run(tracesSql, ...perTrace);
      await run(sessionTracesSql, ...perTrace);
      const perSession = [perTrace[0] / tracesPerSession, perTrace[1] / tracesPerSession] as const;
      await run(sessionsSql, ...perSession);
      await run(messagesSql, ...perSession);
    }
  } finally {
    await client.command({ query: 'ATTACH TABLE spans_to_skeletons' });
    await client.close();
  }
  return { sessions };
}

/** The id of a session by its number, and its project's place in the list. */
export function filledSession(number: number): string {
  return `session-${number}`;
}

const ofSession = `
  {projects:Array(String)}[1 + session % length({projects:Array(String)})] AS project,
  concat('session-', toString(session)) AS sessionId,
  concat('user-', toString(cityHash64(session, 'user') % 2000)) AS userId,
  concat('agent-', toString(cityHash64(session, 'agent') % 20)) AS agent,
  ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5', 'gemini-2.5-flash'][1 + cityHash64(session, 'model') % 4] AS modelName,
  {endMs:Int64} - {days:UInt32} * 86400000 + cityHash64(session, 'start') % ({days:UInt32} * 86400000 - 3600000) AS sessionMs`;

const ofTrace = `
  intDiv(trace, ${tracesPerSession}) AS session, trace % ${tracesPerSession} AS turn, ${ofSession},
  reinterpretAsFixedString(cityHash64(trace, 1)) || reinterpretAsFixedString(cityHash64(trace, 2)) AS traceId,
  sessionMs + turn * 60000 AS traceMs`;

/** A message of a session: user and assistant in turns. */
const body = (number: string) => `concat('{"role":"', if(${number} % 2 = 0, 'user', 'assistant'),
  '","parts":[{"type":"text","content":"message ', toString(${number}), ' of conversation ', toString(session), ': ',
  repeat('where is my order and when will it come ', 1 + cityHash64(session, ${number}) % 12), '"}]}')`;
const hash = (number: string) => `CAST(substring(SHA256(${body(number)}), 1, 16), 'FixedString(16)')`;
const time = (ms: string) => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;

const ofSpan = `
  number % ${spansPerTrace} AS step, intDiv(number, ${spansPerTrace}) AS trace, ${ofTrace}, step % 2 = 1 AS isCall,
  500 + cityHash64(number, 'in') % 4000 AS input, 20 + cityHash64(number, 'out') % 600 AS output`;

const spansSql = `INSERT INTO ${tables.spans} (project_id, trace_id, span_id, parent_span_id, name, span_kind, start_time,
  duration_ns, status, service_name, environment, convention, kind, operation, session_id, user_id, agent_name, provider,
  request_model, response_model, usage_scope, has_usage, input_tokens, output_tokens, tool_name, input_preview,
  input_messages, output_messages, user_message_count, last_user_message)
WITH ${ofSpan}
SELECT project, traceId, reinterpretAsFixedString(cityHash64(number, 'span')),
  if(step = 0, toFixedString('', 8), reinterpretAsFixedString(cityHash64(trace * ${spansPerTrace}, 'span'))),
  multiIf(step = 0, concat('invoke_agent ', agent), isCall, concat('chat ', modelName), 'execute_tool lookup'), 1,
  ${time('traceMs + step * 900')}, if(step = 0, 9000000000, 800000000), 'unset', 'shop', 'production', 'otel-gen-ai',
  multiIf(step = 0, 'agent', isCall, 'llm', 'tool'), multiIf(step = 0, 'invoke_agent', isCall, 'chat', 'execute_tool'),
  sessionId, userId, if(step = 0, agent, ''), if(isCall, 'openai', ''), if(isCall, modelName, ''), if(isCall, modelName, ''),
  if(isCall, 'call', ''), isCall, if(isCall, input, 0), if(isCall, output, 0), if(step != 0 AND NOT isCall, 'lookup', ''),
  if(isCall, 'where is my order', ''),
  if(isCall, arrayMap(message -> ${hash('message')}, range(toUInt64(turn * 2 + 1))), []),
  if(isCall, [${hash('toUInt64(turn * 2 + 1)')}], []),
  if(isCall, turn + 1, 0), if(isCall, reinterpretAsUInt64(${hash('toUInt64(turn * 2)')}), 0)
FROM numbers({first:UInt64}, {count:UInt64})`;

const ledgerSql = `INSERT INTO ${tables.ledger} (project_id, trace_id, span_id, start_time, sign, environment, service_name,
  session_id, user_id, agent_name, provider, model, request_model, kind, operation, usage_scope, counted, status, model_calls,
  input_tokens, output_tokens, priced_calls, costed_rows, cost_usd, price, price_version, pass, shard, owner)
WITH ${ofSpan}
SELECT project, traceId, reinterpretAsFixedString(cityHash64(number, 'span')), ${time('traceMs + step * 900')}, 1,
  'production', 'shop', sessionId, userId, agent, 'openai', modelName, modelName, 'llm', 'chat', 'call', 1, 'priced', 1, input,
  output, 1, 1, reinterpret(toInt64(input * 2500000 + output * 10000000), 'Decimal(18, 12)'),
  '{"source":"table","parts":[]}', 'bench', 1 + intDiv({first:UInt64}, ${insertSpans}), 0, 'bench'
FROM numbers({first:UInt64}, {count:UInt64}) WHERE isCall`;

const summed = (traces: string) => `${traces} * 5, ${traces} * 5 * 2500, ${traces} * 5 * 300, 0, 0, 0, ${traces} * 5, 0,
  toDecimal64(${traces} * (0.01 + (cityHash64(session, 'cost') % 1000) / 10000), 12), 1, 0, 1`;
const summedNames = `model_calls, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  priced_calls, unpriced_calls, cost_usd, pass, is_deleted, digest`;
const names = `['agent', 'llm', 'tool'], ['shop'], ['production'], ['openai'], [agent], [modelName], ['lookup']`;

const tracesSql = `INSERT INTO ${tables.traces} (project_id, trace_id, start_time, end_time, first_span_start, last_span_start, name,
  status, span_count, error_count, kinds, services, environments, providers, agents, models, tools, session_id, user_id,
  input_preview, output_preview, ${summedNames})
WITH number AS trace, ${ofTrace}
SELECT project, traceId, ${time('traceMs')}, ${time('traceMs + 9000')}, ${time('traceMs')}, ${time('traceMs + 8100')},
  concat('invoke_agent ', agent), 'ok', ${spansPerTrace}, 0, ${names}, sessionId, userId, 'where is my order', 'on its way',
  ${summed('1')}
FROM numbers({first:UInt64}, {count:UInt64})`;

const sessionTracesSql = `INSERT INTO ${tables.sessionTraces} (project_id, session_id, trace_id, start_time, end_time,
  first_span_start, last_span_start, user_id, status, span_count, error_count, kinds, services, environments, providers,
  agents, models, tools, first_input, last_output, turns, ${summedNames})
WITH number AS trace, ${ofTrace}
SELECT project, sessionId, traceId, ${time('traceMs')}, ${time('traceMs + 9000')}, ${time('traceMs')}, ${time('traceMs + 8100')},
  userId, 'ok', ${spansPerTrace}, 0, ${names}, 'where is my order', 'on its way',
  concat('[{"startNs":"', toString(traceMs * 1000000), '","endNs":"', toString((traceMs + 9000) * 1000000),
    '","isError":false,"inputMessageCount":', toString(turn * 2 + 1), ',"userMessageCount":', toString(turn + 1),
    ',"lastUserMessage":"', toString(reinterpretAsUInt64(${hash('toUInt64(turn * 2)')})), '"}]'),
  ${summed('1')}
FROM numbers({first:UInt64}, {count:UInt64})`;

const sessionsSql = `INSERT INTO ${tables.sessions} (project_id, session_id, start_time, end_time, user_id, status, turn_count,
  trace_count, span_count, error_count, kinds, services, environments, providers, agents, models, tools, first_input,
  last_output, ${summedNames})
WITH number AS session, ${ofSession}
SELECT project, sessionId, ${time('sessionMs')}, ${time('sessionMs + 249000')}, userId, 'ok', ${tracesPerSession},
  ${tracesPerSession}, ${spansPerTrace * tracesPerSession}, 0, ${names}, 'where is my order', 'on its way',
  ${summed(String(tracesPerSession))}
FROM numbers({first:UInt64}, {count:UInt64})`;

const messagesSql = `INSERT INTO ${tables.messages} (project_id, week, conversation, hash, seen, role, body)
WITH number AS session, ${ofSession}, ${body('message')} AS text
SELECT project, toMonday(${time('sessionMs')}), sessionId, CAST(substring(SHA256(text), 1, 16), 'FixedString(16)'),
  ${time('sessionMs')}, if(message % 2 = 0, 'user', 'assistant'), text
FROM numbers({first:UInt64}, {count:UInt64}) ARRAY JOIN range(${tracesPerSession * 2}) AS message`;
