import { randomUUID } from 'node:crypto';
import { connect } from '../../../collector/write/clickhouse.ts';
import { rowEncoder } from '../../../migrations/row-binary.ts';
import { ledgerColumns, settlementCursorColumns, tables } from '../../../migrations/schema.ts';
import type { Columns, LedgerRow, Row } from '../../../migrations/schema.ts';
import type { TestDatabase } from '../../support/database.ts';
import { noonNs } from './fixtures.ts';

export interface BookingFixture {
  /** 32 and 16 hex digits. */
  traceId: string;
  spanId: string;
  /** Seconds after noon, or the time itself. */
  at?: number;
  startNs?: bigint;
  agent?: string;
  model?: string;
  user?: string;
  session?: string;
  provider?: string;
  environment?: string;
  service?: string;
  labels?: Readonly<Record<string, string>>;
  /** Dollars as a decimal string; null or left out: unknown. */
  costUsd?: string | null;
  inputTokens?: number;
  outputTokens?: number;
  /** By default `priced` where the cost is known, else `unpriced_model`. */
  status?: 'priced' | 'reported' | 'unpriced_model' | 'unpriced_usage';
  /** Set: the span is not counted, and has no amounts. */
  notCountedBecause?: 'aggregate' | 'wrapper' | 'duplicate' | 'not_a_model_call';
  pass?: number;
  /** Columns as settlement would write them; of a reversal, before their sign is turned. */
  columns?: Partial<LedgerRow>;
}

/** The amounts of a booking: stored signed. */
const amounts = [
  ...(['model_calls', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens'] as const),
  ...(['cache_write_5m_tokens', 'cache_write_1h_tokens', 'reasoning_tokens'] as const),
  ...(['input_audio_tokens', 'output_audio_tokens', 'priced_calls', 'unpriced_calls', 'costed_rows'] as const),
  ...(['cost_usd', 'reported_cost_usd'] as const),
];

/** Rows of the ledger of one project, written the way settlement writes them; one call is one insert. */
export function ledgerWriter(database: TestDatabase, projectId: string) {
  const inserter = connect(database);
  const write = async <Table extends Columns>(table: string, columns: Table, rows: readonly Row<Table>[]) => {
    const token = randomUUID();
    const outcome = await inserter.insert({
      table,
      columns,
      format: 'RowBinary',
      data: [rowEncoder(columns)(rows)],
      token,
    });
    if (outcome.status !== 'stored') throw outcome.error;
  };
  const book = (fixtures: readonly BookingFixture[]) =>
    write(
      tables.ledger,
      ledgerColumns,
      fixtures.map((fixture) => ledgerRow(projectId, fixture)),
    );
  return {
    book: (...fixtures: readonly BookingFixture[]) => book(fixtures),
    bookAll: book,
    /** Takes the same bookings back. */
    reverse: (...fixtures: readonly BookingFixture[]) =>
      write(
        tables.ledger,
        ledgerColumns,
        fixtures.map((fixture) => reversed(ledgerRow(projectId, fixture))),
      ),
    /** The cursor is of the whole database, not of the project. */
    verifyTo: (verifiedToMs: number, { shard = 0, pass = 1 }: { shard?: number; pass?: number } = {}) =>
      write(tables.settlementCursors, settlementCursorColumns, [
        { shard, verified_to: BigInt(verifiedToMs), pass: BigInt(pass), owner: 'test' },
      ]),
    close: () => inserter.close(),
  };
}

/** One row with sign +1. */
export function ledgerRow(projectId: string, fixture: BookingFixture): LedgerRow {
  const { notCountedBecause, costUsd = null } = fixture;
  const counted = notCountedBecause === undefined;
  const isKnown = costUsd !== null;
  const startNs = fixture.startNs ?? noonNs + BigInt(Math.round((fixture.at ?? 0) * 1e6)) * 1_000n;
  return {
    ...emptyRow,
    project_id: projectId,
    trace_id: Buffer.from(fixture.traceId, 'hex'),
    span_id: Buffer.from(fixture.spanId, 'hex'),
    start_time: startNs,
    environment: fixture.environment ?? '',
    service_name: fixture.service ?? '',
    session_id: fixture.session ?? '',
    user_id: fixture.user ?? '',
    agent_name: fixture.agent ?? '',
    labels: new Map(Object.entries(fixture.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))),
    provider: fixture.provider ?? '',
    model: fixture.model ?? '',
    request_model: fixture.model ?? '',
    counted,
    not_counted_because: notCountedBecause ?? '',
    ...(counted
      ? {
          status: fixture.status ?? (isKnown ? 'priced' : 'unpriced_model'),
          model_calls: 1n,
          input_tokens: BigInt(fixture.inputTokens ?? 0),
          output_tokens: BigInt(fixture.outputTokens ?? 0),
          priced_calls: isKnown ? 1n : 0n,
          unpriced_calls: isKnown ? 0n : 1n,
          costed_rows: isKnown ? 1n : 0n,
          cost_usd: picodollars(costUsd ?? '0'),
        }
      : {}),
    pass: BigInt(fixture.pass ?? 1),
    ...fixture.columns,
  };
}

/** The opposite of a row. */
export function reversed(row: LedgerRow): LedgerRow {
  return { ...row, sign: -1, ...Object.fromEntries(amounts.map((name) => [name, -row[name]])) };
}

/** 10^-12 dollars. */
export function picodollars(usd: string): bigint {
  const [whole = '', fraction = ''] = usd.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}

const emptyRow: LedgerRow = {
  project_id: '',
  trace_id: new Uint8Array(16),
  span_id: new Uint8Array(8),
  start_time: 0n,
  sign: 1,
  environment: '',
  service_name: '',
  session_id: '',
  user_id: '',
  agent_name: '',
  agent_version: '',
  labels: new Map(),
  provider: '',
  model: '',
  request_model: '',
  kind: 'llm',
  operation: 'chat',
  service_tier: '',
  is_batch: false,
  is_error: false,
  usage_scope: 'call',
  counted: true,
  not_counted_because: '',
  counted_instead_trace_id: new Uint8Array(16),
  counted_instead_span_id: new Uint8Array(8),
  status: '',
  model_calls: 0n,
  input_tokens: 0n,
  output_tokens: 0n,
  cache_read_tokens: 0n,
  cache_write_tokens: 0n,
  cache_write_5m_tokens: 0n,
  cache_write_1h_tokens: 0n,
  reasoning_tokens: 0n,
  input_audio_tokens: 0n,
  output_audio_tokens: 0n,
  priced_calls: 0n,
  unpriced_calls: 0n,
  costed_rows: 0n,
  cost_usd: 0n,
  reported_cost_usd: 0n,
  price: '',
  price_version: '',
  pass: 1n,
  shard: 0,
  owner: 'test',
};
