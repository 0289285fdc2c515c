import { recordCopies, spanCopies } from '../queries/doctor-spans.ts';
import { checkCopies } from './check-copies.ts';
import { checkLoneRows } from './check-lone.ts';
import { checkPlaces } from './check-places.ts';
import { checkRollups } from './check-rollups.ts';
import { checkSettlement } from './check-settlement.ts';
import { checkPasses, checkSums } from './check-sums.ts';
import { checkTraces } from './check-traces.ts';
import type { Doctor } from './context.ts';
import type { CheckResult, DoctorReport } from './report.ts';

type Print = (result: CheckResult) => void;

/**
 * Proves that spans, skeletons, ledger, roll-ups and summaries agree, and hands each result to `print` as it comes. A repair
 * mends each fault where it is found, in the order of the data path, and all is checked once more.
 */
export async function examineDatabase(
  doctor: Doctor,
  { print, onRepaired }: { print: Print; onRepaired: () => Promise<Doctor> },
): Promise<DoctorReport> {
  const checks = await runChecks(doctor, print);
  const isSound = checks.every(({ status }) => status !== 'failed');
  if (isSound) return { status: 'agree', checks };
  if (!doctor.options.repair) return { status: 'differ', checks };
  const afterRepair = await runChecks(await onRepaired(), print);
  const isRepaired = afterRepair.every(({ status }) => status !== 'failed');
  return { status: isRepaired ? 'repaired' : 'not repaired', checks, afterRepair };
}

async function runChecks(doctor: Doctor, print: Print): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const add = (...found: readonly CheckResult[]) => {
    for (const result of found) print(result);
    results.push(...found);
  };
  add(await checkSettlement(doctor));
  add(...(await checkCopies(doctor, spanCopies, { check: 'spans', row: 'span', copy: 'skeleton', place: 'the span' })));
  add(
    ...(await checkCopies(doctor, recordCopies, {
      check: 'log records',
      row: 'log record',
      copy: 'skeleton',
      place: 'the log record',
    })),
  );
  add(await checkPasses(doctor));
  const places = await checkPlaces(doctor);
  add(places.result);
  add(...(await checkTraces(doctor, places.firstMs)));
  add(...(await checkLoneRows(doctor)));
  add(...(await checkSums(doctor)));
  add(await checkRollups(doctor));
  return results;
}
