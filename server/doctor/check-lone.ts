import { sessionTraceColumns, tables, traceColumns } from '../../migrations/schema.ts';
import { listSlices, type Slice } from '../queries/doctor-facts.ts';
import {
  findLoneDecisions,
  findLoneParts,
  findLoneTraces,
  findMiscounted,
  type LoneRow,
  type MiscountedSpan,
} from '../queries/doctor-ledger.ts';
import { blankRow } from './blank-row.ts';
import { type Doctor, findTwice } from './context.ts';
import { type CheckResult, countOf, Findings } from './report.ts';
import { settleAgain, takePass } from './settle-again.ts';

/** Rows of one slice that are read, and repaired, at once. */
const loneMax = 100_000;
const dayNs = 86_400_000_000_000n;

/**
 * Nothing is booked or summed up of a span that there is no skeleton of, and no decision is in force twice. Settlement starts
 * from skeletons: it would never look at such rows.
 */
export async function checkLoneRows(doctor: Doctor): Promise<CheckResult[]> {
  const decisions = new Findings();
  const summaries = new Findings();
  const slices = await listSlices(doctor.db, tables.skeletons);
  for (const slice of slices) {
    await checkDecisions(doctor, slice, decisions);
    await checkSummaries(doctor, slice, summaries);
    doctor.progress(`booked once: compared ${slice.slice + 1} of ${slices.length} slices`);
  }
  return [
    decisions.result('booked once', {
      ok: 'every decision in force is of a span that is there, and in force once',
      failed: `${countOf(decisions.count, 'span')} are booked twice, less than never, or without being there`,
    }),
    summaries.result('summed up once', {
      ok: 'every summary is of a trace that is there',
      failed: `${countOf(summaries.count, 'summary', 'summaries')} are of traces or sessions that are not there`,
    }),
  ];
}

async function checkDecisions(doctor: Doctor, slice: Slice, findings: Findings): Promise<void> {
  const { db } = doctor;
  const request = requestOf(doctor, slice);
  const spanOf = ({ projectId, traceId, spanId }: MiscountedSpan | LoneRow) => traceId + spanId + projectId;
  const miscounted = await findTwice(doctor, () => findMiscounted(db, request), spanOf);
  for (const { projectId, traceId, spanId, net } of miscounted) {
    findings.add({ projectId, traceId, spanId, stored: `in force ${net} times`, expected: 'once at most' });
  }
  const known = new Set(miscounted.map(spanOf));
  const lone = await findTwice(doctor, () => findLoneDecisions(db, request), spanOf);
  for (const row of lone) {
    if (known.has(spanOf(row))) continue;
    const { projectId, traceId, spanId, costUsd } = row;
    findings.add({ projectId, traceId, spanId, stored: `a decision of ${costUsd ?? 0} dollars`, expected: 'none' });
  }
  if (!doctor.options.repair) return;
  const all = [...miscounted, ...lone.map((row) => ({ ...row, days: [dayOf(row)] }))];
  const byTrace = Map.groupBy(all, ({ projectId, traceId }) => traceId + projectId);
  await settleAgain(
    doctor,
    [...byTrace.values()].flatMap((rows) => {
      const [first] = rows;
      if (first === undefined) return [];
      const { projectId, traceId } = first;
      return [{ projectId, traceId, days: [...new Set(rows.flatMap(({ days }) => days))] }];
    }),
  );
}

async function checkSummaries(doctor: Doctor, slice: Slice, findings: Findings): Promise<void> {
  const { db } = doctor;
  const request = requestOf(doctor, slice);
  const keyOf = ({ projectId, traceId, sessionId, startNs }: LoneRow) =>
    JSON.stringify([projectId, traceId, sessionId, String(startNs)]);
  const traces = await findTwice(doctor, () => findLoneTraces(db, request), keyOf);
  const parts = await findTwice(doctor, () => findLoneParts(db, request), keyOf);
  for (const { projectId, traceId, sessionId, costUsd } of [...traces, ...parts]) {
    const place = sessionId === '' ? { projectId, traceId } : { projectId, traceId, sessionId };
    findings.add({ ...place, stored: `a summary with ${costUsd ?? 'unknown'} dollars`, expected: 'none' });
  }
  if (!doctor.options.repair || traces.length + parts.length === 0) return;
  const stamp = { pass: BigInt(await takePass(doctor)), is_deleted: 1 };
  const keys = ({ projectId, traceId, startNs }: LoneRow) => ({
    project_id: projectId,
    trace_id: Buffer.from(traceId, 'hex'),
    start_time: startNs,
    end_time: startNs,
  });
  await doctor.writer.writeTraces(traces.map((row) => ({ ...blankRow(traceColumns), ...keys(row), ...stamp })));
  await doctor.writer.writeSessionTraces(
    parts.map((row) => ({ ...blankRow(sessionTraceColumns), ...keys(row), session_id: row.sessionId, ...stamp })),
  );
  // What is there after all, under another key, is written again.
  await settleAgain(
    doctor,
    parts.map(({ projectId, traceId, sessionId }) => ({ projectId, traceId, sessions: [sessionId] })),
  );
  await settleAgain(
    doctor,
    traces.map(({ projectId, traceId }) => ({ projectId, traceId })),
  );
}

function requestOf({ scope }: Doctor, slice: Slice) {
  return { slice, projectId: scope.projectId, keptDay: scope.keptDay, limit: loneMax };
}

function dayOf({ startNs }: LoneRow): number {
  return Number(startNs / dayNs);
}
