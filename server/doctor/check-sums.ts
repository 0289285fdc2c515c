import { sessionColumns, sessionTraceColumns, tables, traceColumns } from '../../migrations/schema.ts';
import { formatAmount, parseAmount } from '../domain/prices/amount.ts';
import { sessionTracesMax } from '../domain/settlement/summaries.ts';
import { listSlices, type Slice } from '../queries/doctor-facts.ts';
import { readLedgerTotals } from '../queries/doctor-ledger.ts';
import {
  findFuturePasses,
  findWrongSessionSums,
  findWrongTraceSums,
  readPartsOfSessions,
  readSummaryTotals,
  type SessionPart,
  type WrongSums,
} from '../queries/doctor-summaries.ts';
import { readLastPass } from '../queries/settlement-ledger.ts';
import { blankRow } from './blank-row.ts';
import { type Doctor, findTwice, shard } from './context.ts';
import { type CheckResult, countOf, Findings, formatCount } from './report.ts';
import { settleAgain, takePass } from './settle-again.ts';

/** Rows of one slice that are read, and repaired, at once. */
const wrongMax = 100_000;
/** So many numbers of passes are skipped at most. */
const passJumpMax = 1_000_000;
const dayNs = 86_400_000_000_000n;

/**
 * No summary names a later pass than the ledger has: it would win over everything that is settled. The repair goes on counting
 * after it, or deletes it where its number is absurd.
 */
export async function checkPasses(doctor: Doctor): Promise<CheckResult> {
  const { db, repairs, options } = doctor;
  const findings = new Findings();
  const candidates = await findFuturePasses(db, await readLastPass(db, shard));
  // What was just written is no later than the last pass of now.
  const lastPass = candidates.length === 0 ? 0 : await readLastPass(db, shard);
  const found = candidates.filter((rows) => rows.lastPass > lastPass);
  for (const rows of found) {
    findings.add({
      projectId: 'any',
      stored: `${countOf(rows.rowCount, 'row')} of ${rows.table} of passes up to ${formatCount(rows.lastPass)}`,
      expected: `passes up to ${formatCount(lastPass)}`,
    });
  }
  if (options.repair && found.length > 0) {
    const absurdPass = lastPass + passJumpMax;
    for (const rows of found.filter((one) => one.lastPass > absurdPass)) {
      await repairs.deletePasses({ ...rows, firstPass: absurdPass });
    }
    const left = await findFuturePasses(db, lastPass);
    const furthest = Math.max(lastPass, ...left.map((rows) => rows.lastPass));
    if (furthest > lastPass) await takePass(doctor, furthest);
  }
  return findings.result('passes', {
    ok: 'every summary is of a pass that there was',
    failed: `${countOf(findings.count, 'table')} have summaries of passes that the ledger does not have`,
  });
}

/** The sums of each trace are those of the ledger, and those of each session are those of its traces: summed up by ClickHouse. */
export async function checkSums(doctor: Doctor): Promise<CheckResult[]> {
  const { db, scope } = doctor;
  const traces = new Findings();
  const sessions = new Findings();
  let traceCount = 0;
  let cost = 0n;
  const slices = await listSlices(db, tables.skeletons);
  for (const slice of slices) {
    await checkTraceSums(doctor, slice, traces);
    const totals = await readSummaryTotals(db, { slice, projectId: scope.projectId });
    traceCount += totals.traceCount;
    cost += parseAmount(totals.costUsd);
    doctor.progress(`sums: compared ${slice.slice + 1} of ${slices.length} slices of traces`);
  }
  for (const slice of await listSlices(db, tables.sessionTraces)) await checkSessionSums(doctor, slice, sessions);
  const ledger = (await readLedgerTotals(db, scope.projectId)).reduce((sum, one) => sum + parseAmount(one.costUsd), 0n);
  const all = `${countOf(traceCount, 'trace')} cost ${formatAmount(cost)} dollars together, the ledger says ${formatAmount(ledger)}`;
  return [
    traces.result('sums of traces', {
      ok: all,
      failed: `${countOf(traces.count, 'trace')} have other sums than the ledger`,
    }),
    sessions.result('sums of sessions', {
      ok: 'every session has the sums of its traces',
      failed: `${countOf(sessions.count, 'session')} have other sums than their traces`,
    }),
  ];
}

async function checkTraceSums(doctor: Doctor, slice: Slice, findings: Findings): Promise<void> {
  const { db, scope } = doctor;
  const request = { ...requestOf(doctor, slice), dueMs: Math.min(scope.dueMs, scope.toMs) };
  const found = await findTwice(doctor, () => findWrongTraceSums(db, request), keyOf);
  for (const one of found) {
    const rows = one.storedStarts.length > 1 ? `${one.storedStarts.length} rows, ` : '';
    const expected = one.expected ?? 'none';
    findings.add({ projectId: one.projectId, traceId: one.id, stored: `${rows}${one.stored ?? 'none'}`, expected });
  }
  if (!doctor.options.repair || found.length === 0) return;
  await endSummaries(doctor, { traces: found });
  await settleAgain(
    doctor,
    found.map(({ projectId, id, storedStarts }) => ({ projectId, traceId: id, days: storedStarts.map(dayOf) })),
  );
}

async function checkSessionSums(doctor: Doctor, slice: Slice, findings: Findings): Promise<void> {
  const { db, options } = doctor;
  const request = { ...requestOf(doctor, slice), tracesMax: sessionTracesMax };
  const found = await findTwice(doctor, () => findWrongSessionSums(db, request), keyOf);
  for (const { projectId, id, stored, expected } of found) {
    findings.add({ projectId, sessionId: id, stored: stored ?? 'no row', expected: expected ?? 'none' });
  }
  if (!options.repair || found.length === 0) return;
  const parts = await readPartsOfSessions(
    db,
    found.map(({ projectId, id }) => ({ projectId, sessionId: id })),
  );
  await endSummaries(doctor, { sessions: found, parts });
  await settleAgain(
    doctor,
    parts.map(({ projectId, traceId, sessionId }) => ({ projectId, traceId, sessions: [sessionId] })),
  );
}

/**
 * Ends rows in force, so that what is settled after it is written whatever they said: settlement compares digests, and a row may
 * have the right digest and wrong sums.
 */
async function endSummaries(
  doctor: Doctor,
  { traces = [], sessions = [], parts = [] }: { traces?: WrongSums[]; sessions?: WrongSums[]; parts?: SessionPart[] },
): Promise<void> {
  const stamp = { pass: BigInt(await takePass(doctor)), is_deleted: 1 };
  const startOf = (start: string) => ({ start_time: BigInt(start), end_time: BigInt(start) });
  await doctor.writer.writeTraces(
    traces.flatMap(({ projectId, id, storedStarts }) =>
      storedStarts.map((start) => ({
        ...blankRow(traceColumns),
        ...{ project_id: projectId, trace_id: Buffer.from(id, 'hex'), ...startOf(start), ...stamp },
      })),
    ),
  );
  await doctor.writer.writeSessionTraces(
    parts.map(({ projectId, sessionId, traceId, startNs }) => ({
      ...blankRow(sessionTraceColumns),
      ...{ project_id: projectId, session_id: sessionId, trace_id: Buffer.from(traceId, 'hex') },
      ...{ ...startOf(startNs), ...stamp },
    })),
  );
  await doctor.writer.writeSessions(
    sessions.flatMap(({ projectId, id, storedStarts }) =>
      storedStarts.map((start) => ({
        ...blankRow(sessionColumns),
        ...{ project_id: projectId, session_id: id, ...startOf(start), ...stamp },
      })),
    ),
  );
}

function requestOf({ scope }: Doctor, slice: Slice) {
  return { slice, projectId: scope.projectId, keptDay: scope.keptDay, limit: wrongMax };
}

function keyOf({ projectId, id, stored, expected }: WrongSums): string {
  return JSON.stringify([projectId, id, stored, expected]);
}

function dayOf(startNs: string): number {
  return Number(BigInt(startNs) / dayNs);
}
