import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import { connectDb, type Db } from '../../../server/queries/db.ts';
import { SettlementWriter } from '../../../server/queries/settlement-writer.ts';
import { Settler, type SettlerOptions } from '../../../server/settle/settler.ts';
import type { TestDatabase } from '../../support/database.ts';

/** A settler of a test: by default it trusts arrivals after a moment and never stands by. */
export function settlerOf(database: TestDatabase, options: Partial<SettlerOptions> = {}) {
  const db = connectDb({ ...database, queryTimeoutMs: 30_000 });
  const writer = new SettlementWriter(database);
  const settler = new Settler({
    db,
    writer,
    book: loadPriceBook(undefined),
    log: pino({ level: 'silent' }),
    owner: randomUUID(),
    verifiedLagMs: 100,
    leaseMs: 0,
    ...options,
  });
  return {
    settler,
    db,
    /** Ticks until what had arrived is verified. */
    async settleAll(): Promise<void> {
      const [row] = await db.rows<{ nowMs: string }>('SELECT toUnixTimestamp64Milli(now64(3)) AS nowMs LIMIT 1', {});
      for (;;) {
        await settler.tick();
        if ((settler.verifiedToMs ?? 0) >= Number(row?.nowMs)) return;
        await sleep(60);
      }
    },
    async close(): Promise<void> {
      settler.stop();
      await Promise.all([db.close(), writer.close()]);
    },
  };
}

/** What is in force of a project's ledger, without what a pass adds; ordered, so that equal ledgers are equal. */
export async function readLedger(db: Db, projectId: string): Promise<Record<string, unknown>[]> {
  const rows = await db.rows<Record<string, unknown> & { sign: number }>(
    `SELECT * EXCEPT (pass, owner, shard, booked_at, project_id, trace_id, span_id, counted_instead_trace_id, counted_instead_span_id)
       REPLACE (toString(cost_usd) AS cost_usd, toString(reported_cost_usd) AS reported_cost_usd, toString(mapSort(labels)) AS labels),
       lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, lower(hex(counted_instead_trace_id)) AS insteadTraceId,
       lower(hex(counted_instead_span_id)) AS insteadSpanId
     FROM ledger WHERE project_id = {projectId:String} AND sign != 0
     ORDER BY traceId, spanId LIMIT 1000000`,
    { projectId },
  );
  const net = new Map<string, { row: Record<string, unknown>; count: number }>();
  for (const { sign, ...signed } of rows) {
    const row = Object.fromEntries(
      Object.entries(signed).map(([name, value]) => [name, sign < 0 && isAmount(name) ? unsigned(value) : value]),
    );
    const key = JSON.stringify(row);
    const known = net.get(key) ?? { row, count: 0 };
    net.set(key, { row, count: known.count + sign });
  }
  return [...net.values()].flatMap(({ row, count }) => Array.from({ length: Math.max(0, count) }, () => row));
}

function isAmount(name: string): boolean {
  return /_(calls|tokens|rows|usd)$/.test(name);
}

function unsigned(value: unknown): string {
  return String(value).replace('-', '');
}
