import { randomUUID } from 'node:crypto';
import { connect } from '../../../collector/write/clickhouse.ts';
import { rowEncoder } from '../../../migrations/row-binary.ts';
import {
  sessionColumns,
  type SessionRow,
  sessionTraceColumns,
  type SessionTraceRow,
  tables,
} from '../../../migrations/schema.ts';
import { encodeTurns } from '../../../server/domain/settlement/turns-json.ts';
import type { TraceTurn } from '../../../server/domain/settlement/turns.ts';
import type { TestDatabase } from '../../support/database.ts';
import { noonNs } from './fixtures.ts';

export interface SessionFixture {
  sessionId: string;
  /** Seconds after noon. */
  at?: number;
  durationMs?: number;
  /** Columns as settlement would write them. */
  columns?: Partial<SessionRow>;
}

export interface SessionTraceFixture {
  sessionId: string;
  traceId: string;
  at?: number;
  durationMs?: number;
  turns?: readonly TraceTurn[];
  columns?: Partial<SessionTraceRow>;
}

/** Rows of one project, written the way settlement writes them. */
export function sessionWriter(database: TestDatabase, projectId: string) {
  const inserter = connect(database);
  const write = async (table: string, columns: Parameters<typeof inserter.insert>[0]['columns'], rows: Buffer) => {
    const outcome = await inserter.insert({ table, columns, format: 'RowBinary', data: [rows], token: randomUUID() });
    if (outcome.status !== 'stored') throw outcome.error;
  };
  return {
    async sessions(...fixtures: readonly SessionFixture[]): Promise<void> {
      const rows = fixtures.map((fixture) => sessionRow(projectId, fixture));
      await write(tables.sessions, sessionColumns, rowEncoder(sessionColumns)(rows));
    },
    async sessionTraces(...fixtures: readonly SessionTraceFixture[]): Promise<void> {
      const rows = fixtures.map((fixture) => sessionTraceRow(projectId, fixture));
      await write(tables.sessionTraces, sessionTraceColumns, rowEncoder(sessionTraceColumns)(rows));
    },
    close: () => inserter.close(),
  };
}

function sessionRow(projectId: string, { sessionId, at = 0, durationMs = 1_000, columns }: SessionFixture): SessionRow {
  return {
    ...noNames,
    ...nothingSummed,
    ...timesOf(at, durationMs),
    project_id: projectId,
    session_id: sessionId,
    turn_count: 1n,
    trace_count: 1n,
    ...columns,
  };
}

function sessionTraceRow(projectId: string, fixture: SessionTraceFixture): SessionTraceRow {
  const { sessionId, traceId, at = 0, durationMs = 1_000, turns = [], columns } = fixture;
  const times = timesOf(at, durationMs);
  return {
    ...noNames,
    ...nothingSummed,
    ...times,
    project_id: projectId,
    session_id: sessionId,
    trace_id: Buffer.from(traceId, 'hex'),
    first_span_start: times.start_time,
    last_span_start: times.end_time,
    turns: encodeTurns(turns),
    ...columns,
  };
}

function timesOf(at: number, durationMs: number) {
  const start = noonNs + BigInt(Math.round(at * 1e3)) * 1_000_000n;
  return { start_time: start, end_time: start + BigInt(durationMs) * 1_000_000n };
}

const noNames = {
  user_id: '',
  status: 'ok',
  span_count: 1n,
  error_count: 0n,
  kinds: [],
  services: [],
  environments: [],
  providers: [],
  agents: [],
  models: [],
  tools: [],
  labels: new Map<string, string>(),
  first_input: '',
  last_output: '',
  pass: 1n,
  is_deleted: 0,
  digest: 0n,
};

const nothingSummed = {
  model_calls: 0n,
  input_tokens: 0n,
  output_tokens: 0n,
  cache_read_tokens: 0n,
  cache_write_tokens: 0n,
  reasoning_tokens: 0n,
  priced_calls: 0n,
  unpriced_calls: 0n,
  cost_usd: null,
};
