import { countArrivals } from '../queries/doctor-facts.ts';
import { readClock } from '../queries/settlement-changes.ts';
import { readCursor } from '../queries/settlement-cursor.ts';
import { readLastPass } from '../queries/settlement-ledger.ts';
import { type Doctor, shard } from './context.ts';
import { type CheckResult, countOf, formatCount, formatDuration } from './report.ts';

/** A cursor that did not move for so long: settlement stands still, or the server is stopped. */
const staleMs = 60_000;

/** How far settlement has come, in words; what waits for it is not due. */
export async function checkSettlement({ db, scope }: Doctor): Promise<CheckResult> {
  const [nowMs, cursor, pass] = await Promise.all([readClock(db), readCursor(db, shard), readLastPass(db, shard)]);
  const verifiedToMs = cursor?.verifiedToMs ?? 0;
  const waiting = await countArrivals(db, { fromMs: verifiedToMs, toMs: nowMs, projectId: scope.projectId });
  const left = `${countOf(waiting, 'arrival')} since ${waiting === 1 ? 'is' : 'are'} not due yet`;
  const result = (status: 'ok' | 'note', summary: string): CheckResult => ({
    ...{ check: 'settlement', status, summary },
    ...{ count: 0, cases: [] },
  });
  if (cursor === undefined)
    return result('note', `nothing is verified yet; ${countOf(waiting, 'arrival')} wait for it`);
  const lag = formatDuration(nowMs - cursor.verifiedToMs);
  const upTo = `everything up to ${new Date(cursor.verifiedToMs).toISOString()} is booked, ${lag} ago, in ${formatCount(pass)} passes`;
  if (cursor.ageMs <= staleMs) return result('ok', `${upTo}; ${left}`);
  return result(
    'note',
    `it has not moved for ${formatDuration(cursor.ageMs)} (is the server stopped?): ${upTo}; ${left}`,
  );
}
