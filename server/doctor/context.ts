import { setTimeout as sleep } from 'node:timers/promises';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import type { Db } from '../queries/db.ts';
import type { DoctorWriter } from '../queries/doctor-writer.ts';
import type { SettlementWriter } from '../queries/settlement-writer.ts';
import type { PassWriter } from '../settle/write-pass.ts';
import type { DoctorOptions } from './arguments.ts';

/** Settlement's only shard of this release. */
export const shard = 0;

/** What a check works with. */
export interface Doctor {
  db: Db;
  /** As `db`, but sums of the ledger come from its rows, or from its projections and nowhere else. */
  rowsDb: Db;
  projectionDb: Db;
  writer: SettlementWriter;
  passes: PassWriter;
  repairs: DoctorWriter;
  book: PriceBook;
  owner: string;
  options: Pick<DoctorOptions, 'repair'>;
  scope: DoctorScope;
  /** A pass writes the ledger first and summaries after it; what is found is looked at again after so long. */
  confirmMs: number;
  /** Says how far a long check is. */
  progress: (line: string) => void;
}

/** What is looked at, found out before the first check. */
export interface DoctorScope {
  /** '' = every project. */
  projectId: string;
  /** Arrivals: from exclusive, to inclusive. */
  fromMs: number;
  toMs: number;
  /** What arrived until then is booked by now: the verified cursor. */
  dueMs: number;
  /** Somebody settles right now. */
  isSettling: boolean;
  /** Days since 1970: what started or arrived until then may have expired. */
  keptDay: number;
  /** Of spans that started until then, previews may have expired. */
  contentDay: number;
}

/** What is found twice, a moment apart: what a pass is just writing, or an insert, is not found again. */
export async function findTwice<Found>(
  doctor: Doctor,
  find: () => Promise<Found[]>,
  keyOf: (found: Found) => string,
): Promise<Found[]> {
  const first = await find();
  if (first.length === 0 || !doctor.scope.isSettling) return first;
  await sleep(doctor.confirmMs);
  const known = new Set(first.map(keyOf));
  return (await find()).filter((found) => known.has(keyOf(found)));
}
