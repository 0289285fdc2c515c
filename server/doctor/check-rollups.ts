import {
  findPartsWithout,
  type Projection,
  readRollup,
  type Rollup,
  type RollupDay,
  rollups,
} from '../queries/doctor-rollups.ts';
import type { Doctor } from './context.ts';
import { type CheckResult, countOf, Findings, formatCount } from './report.ts';

/**
 * Each roll-up has what the rows of the ledger sum up to, day by day, and every part of the ledger has each roll-up. Days on
 * which something is being booked are read again: the rows are read before the roll-up and after it.
 */
export async function checkRollups(doctor: Doctor): Promise<CheckResult> {
  const findings = new Findings();
  const broken = new Set<Projection>();
  for (const { name, partCount, rowCount } of await findPartsWithout(doctor.db)) {
    const rows = countOf(rowCount, 'row');
    findings.add({
      projectId: 'any',
      stored: `${countOf(partCount, 'part')} of the ledger, ${rows}, without ${name}`,
      expected: `${name} in every part`,
    });
    broken.add(name);
  }
  let dayCount = 0;
  for (const rollup of rollups) {
    // What a part lacks is read from its rows; where no part has it, there is nothing to compare.
    const { days, differing } = broken.has(rollup.name) ? await noDays() : await compareRollup(doctor, rollup);
    dayCount = Math.max(dayCount, days);
    for (const { projectId, day, stored, expected } of differing) {
      const show = (one: RollupDay | undefined) =>
        one === undefined ? 'nothing' : `${formatCount(Number(one.modelCalls))} calls, ${one.costUsd} dollars`;
      findings.add({ projectId, stored: `${rollup.name} of ${day}: ${show(stored)}`, expected: show(expected) });
      broken.add(rollup.name);
    }
    doctor.progress(`roll-ups: compared ${rollup.name}`);
  }
  if (doctor.options.repair) for (const name of broken) await doctor.repairs.rebuildProjection(name);
  return findings.result('roll-ups', {
    ok: `${rollups.length} roll-ups of ${countOf(dayCount, 'day')} are what the ledger sums up to`,
    failed: `${countOf(findings.count, 'difference')} between roll-ups and ledger`,
  });
}

interface DifferingDay {
  projectId: string;
  day: string;
  stored: RollupDay | undefined;
  expected: RollupDay | undefined;
}

function noDays(): Promise<{ days: number; differing: DifferingDay[] }> {
  return Promise.resolve({ days: 0, differing: [] });
}

async function compareRollup(
  { rowsDb, projectionDb, scope }: Doctor,
  rollup: Rollup,
): Promise<{ days: number; differing: DifferingDay[] }> {
  const byDay = (days: readonly RollupDay[]) => new Map(days.map((one) => [`${one.day} ${one.projectId}`, one]));
  const before = byDay(await readRollup(rowsDb, rollup, scope.projectId));
  if (before.size === 0) return noDays();
  const rolled = byDay(await readRollup(projectionDb, rollup, scope.projectId));
  const after = byDay(await readRollup(rowsDb, rollup, scope.projectId));
  const differing: DifferingDay[] = [];
  for (const [key, day] of new Map([...after, ...rolled])) {
    const [expected, stored] = [after.get(key), rolled.get(key)];
    const isStill = before.get(key)?.fingerprint === expected?.fingerprint;
    if (!isStill || expected?.fingerprint === stored?.fingerprint) continue;
    differing.push({ projectId: day.projectId, day: day.day, stored, expected });
  }
  return { days: new Set([...after.values()].map(({ day }) => day)).size, differing };
}
