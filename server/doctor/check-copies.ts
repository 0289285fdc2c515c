import {
  type CopiedRow,
  type CopiedTable,
  type CopyScope,
  type DayOfProject,
  findLoneCopies,
  findMissingCopies,
  listPartitions,
  readPrints,
} from '../queries/doctor-spans.ts';
import { type Doctor, findTwice } from './context.ts';
import { type CheckResult, countOf, Findings, formatCount } from './report.ts';
import { settleAgain } from './settle-again.ts';

/** Rows of a day that are compared one by one at a time. */
const sliceRows = 500_000;
/** Missing rows of one slice that are read, and repaired, at once. */
const missingMax = 200_000;

interface Words {
  check: string;
  row: string;
  copy: string;
  place: string;
}

/**
 * Every row of a table has its skeleton. Fingerprints of whole days are compared first; only days that differ are compared row
 * by row, in slices that fit into memory.
 */
export async function checkCopies(doctor: Doctor, table: CopiedTable, words: Words): Promise<CheckResult[]> {
  const { scope } = doctor;
  const copyScope: CopyScope = {
    projectId: scope.projectId,
    fromMs: scope.fromMs,
    toMs: scope.toMs,
    keptDay: scope.keptDay,
  };
  const [source, copy] = [
    await sumPrints(doctor, { table, side: 'source', copyScope, words }),
    await sumPrints(doctor, { table, side: 'copy', copyScope, words }),
  ];
  const missing = new Findings();
  const lone = new Findings();
  for (const [key, day] of new Map([...source, ...copy])) {
    const [original, copied] = [source.get(key), copy.get(key)];
    if (original?.fingerprint === copied?.fingerprint && original?.rowCount === copied?.rowCount) continue;
    await compareDay(doctor, { table, copyScope, day, missing, lone, words });
  }
  const total = [...source.values()].reduce((sum, { rowCount }) => sum + rowCount, 0);
  const result = missing.result(words.check, {
    ok: `${countOf(total, words.row)} ${total === 1 ? 'has its' : 'have their'} ${words.copy}`,
    failed: `${formatCount(missing.count)} of ${countOf(total, words.row)} have no ${words.copy}, or one that says something else`,
  });
  if (lone.count === 0) return [result];
  const note = `${countOf(lone.count, words.copy)} without a ${words.row}: what it cost is booked, what it said is gone`;
  return [result, { check: words.check, status: 'note', summary: note, count: 0, cases: lone.cases }];
}

interface DayTotal {
  projectId: string;
  day: number;
  rowCount: number;
  fingerprint: bigint;
}

async function sumPrints(
  doctor: Doctor,
  options: { table: CopiedTable; side: 'source' | 'copy'; copyScope: CopyScope; words: Words },
): Promise<Map<string, DayTotal>> {
  const { table, side, copyScope, words } = options;
  const totals = new Map<string, DayTotal>();
  const partitions = await listPartitions(doctor.db, table, side);
  for (const [index, partition] of partitions.entries()) {
    for (const print of await readPrints(doctor.db, { table, side, partition, scope: copyScope })) {
      const key = `${String(print.day)} ${print.projectId}`;
      const total = totals.get(key) ?? { ...print, rowCount: 0, fingerprint: 0n };
      total.rowCount += print.rowCount;
      total.fingerprint = BigInt.asUintN(64, total.fingerprint + print.fingerprint);
      totals.set(key, total);
    }
    doctor.progress(`${words.check}: read ${index + 1} of ${partitions.length} partitions of ${table[side]}`);
  }
  return totals;
}

async function compareDay(
  doctor: Doctor,
  options: {
    table: CopiedTable;
    copyScope: CopyScope;
    day: DayTotal;
    missing: Findings;
    lone: Findings;
    words: Words;
  },
): Promise<void> {
  const { table, copyScope, day, missing, lone, words } = options;
  const slices = Math.max(1, Math.ceil(day.rowCount / sliceRows));
  const keyOf = ({ traceId, spanId, eventId }: CopiedRow) => traceId + spanId + eventId;
  for (let slice = 0; slice < slices; slice += 1) {
    const part: DayOfProject = { projectId: day.projectId, day: day.day, slice, slices };
    const request = { table, day: part, scope: copyScope, limit: missingMax };
    const found = await findTwice(doctor, () => findMissingCopies(doctor.db, request), keyOf);
    for (const { traceId, spanId, isOther } of found) {
      const stored = isOther ? `a ${words.copy} that says something else` : `no ${words.copy}`;
      missing.add({ projectId: day.projectId, traceId, spanId, stored, expected: `that of ${words.place}` });
    }
    if (doctor.options.repair) await repair(doctor, { table, part, found });
    for (const { traceId, spanId } of await findTwice(doctor, () => findLoneCopies(doctor.db, request), keyOf)) {
      lone.add({ projectId: day.projectId, traceId, spanId, stored: `a ${words.copy}`, expected: `a ${words.row}` });
    }
  }
}

async function repair(
  doctor: Doctor,
  { table, part, found }: { table: CopiedTable; part: DayOfProject; found: readonly CopiedRow[] },
): Promise<void> {
  await doctor.repairs.copyRows(table, part, found);
  // Whoever settles sees them as they arrive; but maybe nobody does.
  const traceIds = new Set(found.map(({ traceId }) => traceId));
  await settleAgain(
    doctor,
    [...traceIds].map((traceId) => ({ projectId: part.projectId, traceId })),
  );
}
