import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import {
  type Columns,
  ledgerColumns,
  type LedgerRow,
  type Row,
  sessionColumns,
  type SessionRow,
  sessionTraceColumns,
  type SessionTraceRow,
  settlementCursorColumns,
  tables,
  traceColumns,
  tracePlaceColumns,
  type TracePlaceRow,
  type TraceRow,
} from '../../migrations/schema.ts';
import { rowEncoder } from '../../migrations/row-binary.ts';
import type { SignedEntry } from '../domain/settlement/booking.ts';
import type { DbConnection } from './db.ts';

/** Both sides give up an insert after this long; the verified cursor stays further behind. */
export const insertTimeoutMs = 20_000;

/** What a pass is written under. */
export interface PassStamp {
  shard: number;
  pass: number;
  /** Who wrote it: one attempt of one settler. */
  owner: string;
}

const encoders = {
  ledger: rowEncoder(ledgerColumns),
  places: rowEncoder(tracePlaceColumns),
  traces: rowEncoder(traceColumns),
  sessionTraces: rowEncoder(sessionTraceColumns),
  sessions: rowEncoder(sessionColumns),
  cursors: rowEncoder(settlementCursorColumns),
};

/** Writes what settlement decided. Every method throws when ClickHouse did not say that the rows are stored. */
export class SettlementWriter {
  readonly #client: ReturnType<typeof createClient>;

  constructor({ url, secret }: DbConnection) {
    this.#client = createClient({
      url,
      request_timeout: insertTimeoutMs,
      max_open_connections: 4,
      application: 'sightglass-settlement',
      log: { level: ClickHouseLogLevel.OFF }, // errors are thrown, and logged where they are handled
      ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
      clickhouse_settings: {
        async_insert: 0,
        max_execution_time: insertTimeoutMs / 1000,
        // A pass is one block of the ledger: the token counts once.
        max_insert_block_size: '4194304',
        min_insert_block_size_rows: '4194304',
        min_insert_block_size_bytes: '4294967296',
        max_partitions_per_insert_block: '1000',
      },
    });
  }

  /**
   * Writes a pass as one block under the token of its number, so that of several rivals one is stored; a pass without
   * differences is one row that books nothing. The caller reads back who won.
   */
  async writePass(stamp: PassStamp, entries: readonly SignedEntry[]): Promise<number> {
    const rows = entries.length === 0 ? [markerRow(stamp)] : entries.map((entry) => toLedgerRow(entry, stamp));
    const token = `${String(stamp.shard)}:${String(stamp.pass)}`;
    await this.#insert(tables.ledger, ledgerColumns, encoders.ledger(rows), token);
    return rows.length;
  }

  async writePlaces(rows: readonly TracePlaceRow[]): Promise<void> {
    if (rows.length > 0) await this.#insert(tables.tracePlaces, tracePlaceColumns, encoders.places(rows));
  }

  async writeTraces(rows: readonly TraceRow[]): Promise<void> {
    if (rows.length > 0) await this.#insert(tables.traces, traceColumns, encoders.traces(rows));
  }

  async writeSessionTraces(rows: readonly SessionTraceRow[]): Promise<void> {
    if (rows.length > 0) await this.#insert(tables.sessionTraces, sessionTraceColumns, encoders.sessionTraces(rows));
  }

  async writeSessions(rows: readonly SessionRow[]): Promise<void> {
    if (rows.length > 0) await this.#insert(tables.sessions, sessionColumns, encoders.sessions(rows));
  }

  async writeCursor({ shard, pass, owner }: PassStamp, verifiedToMs: number): Promise<void> {
    const row: Row<typeof settlementCursorColumns> = {
      shard,
      verified_to: BigInt(verifiedToMs),
      pass: BigInt(pass),
      owner,
    };
    await this.#insert(tables.settlementCursors, settlementCursorColumns, encoders.cursors([row]));
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #insert(table: string, columns: Columns, rows: Buffer, token?: string): Promise<void> {
    const reply = await this.#client.exec({
      query: `INSERT INTO ${table} (${Object.keys(columns).join(', ')}) FORMAT RowBinary`,
      values: Readable.from([rows], { objectMode: false }),
      // Without a token of its own a block would be dropped as a repetition of an equal one.
      clickhouse_settings: token === undefined ? { insert_deduplicate: 0 } : { insert_deduplication_token: token },
    });
    await finished(reply.stream.resume());
  }
}

function toLedgerRow({ sign, entry }: SignedEntry, stamp: PassStamp): LedgerRow {
  const signed = (amount: bigint) => (sign < 0 ? -amount : amount);
  return {
    project_id: entry.projectId,
    trace_id: idBytes(entry.traceId, 16),
    span_id: idBytes(entry.spanId, 8),
    start_time: entry.startNs,
    sign,
    environment: entry.environment,
    service_name: entry.serviceName,
    session_id: entry.sessionId,
    user_id: entry.userId,
    agent_name: entry.agentName,
    agent_version: entry.agentVersion,
    labels: new Map(entry.labels),
    provider: entry.provider,
    model: entry.model,
    request_model: entry.requestModel,
    kind: entry.kind,
    operation: entry.operation,
    service_tier: entry.serviceTier,
    is_batch: entry.isBatch,
    is_error: entry.isError,
    usage_scope: entry.usageScope,
    counted: entry.counted,
    not_counted_because: entry.notCountedBecause,
    counted_instead_trace_id: idBytes(entry.countedInsteadTraceId, 16),
    counted_instead_span_id: idBytes(entry.countedInsteadSpanId, 8),
    status: entry.status,
    model_calls: signed(entry.modelCalls),
    input_tokens: signed(entry.inputTokens),
    output_tokens: signed(entry.outputTokens),
    cache_read_tokens: signed(entry.cacheReadTokens),
    cache_write_tokens: signed(entry.cacheWriteTokens),
    cache_write_5m_tokens: signed(entry.cacheWrite5mTokens),
    cache_write_1h_tokens: signed(entry.cacheWrite1hTokens),
    reasoning_tokens: signed(entry.reasoningTokens),
    input_audio_tokens: signed(entry.inputAudioTokens),
    output_audio_tokens: signed(entry.outputAudioTokens),
    priced_calls: signed(entry.pricedCalls),
    unpriced_calls: signed(entry.unpricedCalls),
    costed_rows: signed(entry.costedRows),
    cost_usd: signed(entry.cost),
    reported_cost_usd: signed(entry.reportedCost),
    price: entry.price,
    price_version: entry.priceVersion,
    pass: BigInt(stamp.pass),
    shard: stamp.shard,
    owner: stamp.owner,
  };
}

/** Books nothing: it takes the number of the pass, by which summaries are ordered. */
function markerRow(stamp: PassStamp): LedgerRow {
  const nothing = Object.fromEntries(
    Object.entries(ledgerColumns).map(([name, type]) => [name, emptyValue(type)]),
  ) as unknown as LedgerRow;
  return { ...nothing, pass: BigInt(stamp.pass), shard: stamp.shard, owner: stamp.owner };
}

function emptyValue(type: string): unknown {
  if (type.startsWith('FixedString')) return new Uint8Array(Number(/\d+/.exec(type)?.[0]));
  if (type.startsWith('Map')) return new Map();
  if (type === 'Bool') return false;
  if (type.endsWith('String)') || type === 'String') return '';
  return /^U?Int(8|16|32)$/.test(type) ? 0 : 0n;
}

function idBytes(hex: string, length: number): Uint8Array {
  return hex === '' ? new Uint8Array(length) : Buffer.from(hex, 'hex');
}
