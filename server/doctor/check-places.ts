import { tables } from '../../migrations/schema.ts';
import { listSlices } from '../queries/doctor-facts.ts';
import { findMisplacedTraces, type MisplacedTrace } from '../queries/doctor-places.ts';
import { placeKey } from '../queries/settlement-changes.ts';
import { placeSlackMs } from '../settle/locate.ts';
import { type Doctor, findTwice } from './context.ts';
import { type CheckResult, countOf, Findings } from './report.ts';
import { settleAgain } from './settle-again.ts';

/** Traces of one slice that are read, and repaired, at once. */
const misplacedMax = 100_000;

/**
 * Settlement finds the spans of a trace where it noted that they lie. Answers also since when the traces arrived for which that
 * is wrong, so that the other checks find their spans.
 */
export async function checkPlaces(doctor: Doctor): Promise<{ result: CheckResult; firstMs: Map<string, number> }> {
  const { db, scope } = doctor;
  const findings = new Findings();
  const firstMs = new Map<string, number>();
  const slices = await listSlices(db, tables.skeletons);
  for (const slice of slices) {
    const request = {
      slice,
      projectId: scope.projectId,
      dueMs: Math.min(scope.dueMs, scope.toMs),
      keptDay: scope.keptDay,
      slackMs: placeSlackMs,
      limit: misplacedMax,
    };
    const found = await findTwice(doctor, () => findMisplacedTraces(db, request), placeKey);
    for (const trace of found) {
      firstMs.set(placeKey(trace), trace.firstMs);
      findings.add({ projectId: trace.projectId, traceId: trace.traceId, ...describe(trace) });
    }
    if (doctor.options.repair) await settleAgain(doctor, found);
    doctor.progress(`places: compared ${slice.slice + 1} of ${slices.length} slices`);
  }
  const result = findings.result('places', {
    ok: 'settlement knows where the spans of each trace lie',
    failed: `settlement does not know where the spans of ${countOf(findings.count, 'trace')} lie`,
  });
  return { result, firstMs };
}

function describe(trace: MisplacedTrace): { stored: string; expected: string } {
  const time = (ms: number) => new Date(ms).toISOString();
  const day = (number: number) => time(number * 86_400_000).slice(0, 10);
  const { storedFirstMs, storedLastMs, missingDays } = trace;
  const days = missingDays.length === 0 ? '' : ` on ${missingDays.map(day).join(', ')}`;
  const stored =
    storedFirstMs === null || storedLastMs === null
      ? 'no place'
      : `arrived from ${time(storedFirstMs)} to ${time(storedLastMs)}${days === '' ? '' : `, not${days}`}`;
  return { stored, expected: `arrived from ${time(trace.firstMs)} to ${time(trace.lastMs)}${days}` };
}
