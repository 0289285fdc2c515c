import { randomUUID } from 'node:crypto';
import { connect } from '../../../collector/write/clickhouse.ts';
import { rowEncoder } from '../../../migrations/row-binary.ts';
import { tables, traceColumns, type TraceRow } from '../../../migrations/schema.ts';
import type { TestDatabase } from '../../support/database.ts';
import { noonNs } from './fixtures.ts';
import { picodollars } from './ledger-fixtures.ts';

export interface SummaryFixture {
  traceId: string;
  /** Seconds after noon. */
  at?: number;
  durationMs?: number;
  /** Dollars as a decimal string; null or left out: unknown. */
  costUsd?: string | null;
  pass?: number;
  isDeleted?: boolean;
  /** Columns as settlement would write them. */
  columns?: Partial<TraceRow>;
}

/** Trace summaries of one project, written the way settlement writes them; one call is one insert. */
export function summaryWriter(database: TestDatabase, projectId: string) {
  const inserter = connect(database);
  return {
    async traces(...fixtures: readonly SummaryFixture[]): Promise<void> {
      const rows = rowEncoder(traceColumns)(fixtures.map((fixture) => traceRow(projectId, fixture)));
      const outcome = await inserter.insert({
        table: tables.traces,
        columns: traceColumns,
        format: 'RowBinary',
        data: [rows],
        token: randomUUID(),
      });
      if (outcome.status !== 'stored') throw outcome.error;
    },
    close: () => inserter.close(),
  };
}

function traceRow(projectId: string, fixture: SummaryFixture): TraceRow {
  const { at = 0, durationMs = 100, costUsd = null, pass = 1, isDeleted = false } = fixture;
  const startNs = noonNs + BigInt(Math.round(at * 1e6)) * 1_000n;
  return {
    ...emptySummary,
    project_id: projectId,
    trace_id: Buffer.from(fixture.traceId, 'hex'),
    start_time: startNs,
    end_time: startNs + BigInt(durationMs) * 1_000_000n,
    first_span_start: startNs,
    last_span_start: startNs,
    cost_usd: costUsd === null ? null : picodollars(costUsd),
    pass: BigInt(pass),
    is_deleted: isDeleted ? 1 : 0,
    ...fixture.columns,
  };
}

const emptySummary: TraceRow = {
  project_id: '',
  trace_id: new Uint8Array(16),
  start_time: 0n,
  end_time: 0n,
  first_span_start: 0n,
  last_span_start: 0n,
  name: 'span',
  root_span_id: new Uint8Array(8),
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
  session_id: '',
  user_id: '',
  labels: new Map(),
  input_preview: '',
  output_preview: '',
  model_calls: 0n,
  input_tokens: 0n,
  output_tokens: 0n,
  cache_read_tokens: 0n,
  cache_write_tokens: 0n,
  reasoning_tokens: 0n,
  priced_calls: 0n,
  unpriced_calls: 0n,
  cost_usd: null,
  last_ingested_at: 0n,
  pass: 0n,
  is_deleted: 0,
  digest: 0n,
};
