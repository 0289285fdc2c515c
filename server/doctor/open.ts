import { randomUUID } from 'node:crypto';
import { loadPriceBook } from '../load-price-book.ts';
import { connectDb, type DbConnection, type DbSettings } from '../queries/db.ts';
import { readKeptDays } from '../queries/doctor-facts.ts';
import { DoctorWriter } from '../queries/doctor-writer.ts';
import { readClock } from '../queries/settlement-changes.ts';
import { readCursor } from '../queries/settlement-cursor.ts';
import { SettlementWriter } from '../queries/settlement-writer.ts';
import { PassWriter } from '../settle/write-pass.ts';
import type { DoctorOptions } from './arguments.ts';
import { type Doctor, type DoctorScope, shard } from './context.ts';

/** A check may read a whole column of a large table. */
const queryTimeoutMs = 600_000;
/** A cursor that was written so lately: somebody settles. Longer than a settler with nothing to do leaves it. */
const settlingMs = 60_000;
/** Far longer than a pass takes from its first row to its last. */
const defaultConfirmMs = 3_000;
const dayMs = 86_400_000;

/** Connects the doctor and finds out what is to be looked at; `close` ends its connections. */
export async function openDoctor(
  connection: DbConnection,
  options: DoctorOptions,
  more: { pricesFile: string | undefined; confirmMs?: number; progress: (line: string) => void },
): Promise<Doctor & { close: () => Promise<void> }> {
  const connect = (settings: DbSettings = {}) => connectDb({ ...connection, queryTimeoutMs, settings });
  const db = connect();
  const rowsDb = connect({ optimize_use_projections: 0 });
  const projectionDb = connect({ optimize_use_projections: 1, force_optimize_projection: 1 });
  const writer = new SettlementWriter(connection);
  const repairs = new DoctorWriter(connection);
  const owner = `doctor-${randomUUID()}`;
  const monotonicMs = () => performance.now();
  return {
    ...{ db, rowsDb, projectionDb, writer, repairs, owner, options },
    passes: new PassWriter({ db, writer, shard, owner, monotonicMs }),
    book: loadPriceBook(more.pricesFile),
    scope: await readScope(db, options),
    confirmMs: more.confirmMs ?? defaultConfirmMs,
    progress: more.progress,
    close: async () => {
      await Promise.all([db, rowsDb, projectionDb, writer, repairs].map((one) => one.close()));
    },
  };
}

/** What is to be looked at, and what of it is due now. */
export async function readScope(db: Doctor['db'], options: DoctorOptions): Promise<DoctorScope> {
  const [nowMs, cursor, kept] = await Promise.all([readClock(db), readCursor(db, shard), readKeptDays(db)]);
  const isSettling = cursor !== undefined && cursor.ageMs < settlingMs;
  const today = Math.floor(nowMs / dayMs);
  const dayBefore = (days: number | undefined) => Math.max(0, days === undefined ? 0 : today - days + 1);
  return {
    projectId: options.projectId ?? '',
    fromMs: (options.fromMs ?? 1) - 1,
    toMs: (options.toMs ?? nowMs + 1) - 1,
    dueMs: cursor?.verifiedToMs ?? 0,
    isSettling,
    keptDay: dayBefore(kept.retentionDays),
    contentDay: dayBefore(kept.contentDays),
  };
}
