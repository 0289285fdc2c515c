// How long do questions about budgets take, with ROWS (default 4000000) decisions of 90 days of one project in the ledger?
import { readFileSync } from 'node:fs';
import type { Budget } from '../../server/contract/budgets.ts';
import type { BudgetPeriod } from '../../server/contract/periods.ts';
import { accountsByIds } from '../../server/domain/budgets/applicable.ts';
import { seriesSteps } from '../../server/domain/budgets/series.ts';
import { windowAt, windowBefore } from '../../server/domain/calendar.ts';
import { readDrivers, readSpendSeries } from '../../server/queries/budget-course.ts';
import { readLedgerMoment } from '../../server/queries/budget-resolve.ts';
import { readBudgetSpends } from '../../server/queries/budget-spend.ts';
import { connectDb } from '../../server/queries/db.ts';
import { budgetOf } from '../support/budget-of.ts';
import { connectDatabase, startDatabase, waitForMerges } from '../support/database.ts';
import { fillLedger } from '../support/fill-ledger.ts';

const rows = Number(process.env['ROWS'] ?? 4_000_000);
const rounds = Number(process.env['ROUNDS'] ?? 15);
const days = 90;
const endMs = Date.parse('2026-11-20T00:00:00Z');
const nowMs = endMs - 1_234_567;
const projectId = 'shop';
const berlin: BudgetPeriod = { kind: 'calendar', unit: 'month', timeZone: 'Europe/Berlin' };
const total: BudgetPeriod = { kind: 'total' };

const budgets = {
  project: budgetOf({ budgetId: 'project', scope: 'project', period: berlin }),
  agents: budgetOf({ budgetId: 'agents', scope: 'agent', period: berlin }),
  users: budgetOf({ budgetId: 'users', scope: 'user' }),
  usersOfAgent: budgetOf({ budgetId: 'users-of-agent', scope: 'user', agent: 'agent-3', source: 'definition' }),
  rolling: budgetOf({ budgetId: 'rolling', scope: 'agent', period: { kind: 'rolling', hours: 24 } }),
  labels: budgetOf({ budgetId: 'labels', scope: 'label', labelKey: 'team' }),
  sessions: budgetOf({ budgetId: 'sessions', scope: 'session', period: total }),
};

const database = await startDatabase();
const client = connectDatabase(database);
const db = connectDb(database);
try {
  const fill = { days, endMs, users: 2_000, agents: 20, models: 10, sessions: rows / 20 };
  await fillLedger(database, { ...fill, rows, projects: [projectId] });
  await waitForMerges(client);
  console.log(`${rows} decisions over ${days} days in one project`);
  console.log('question                                   p50 ms   p95 ms   CPU ms (ClickHouse and this process)');
  for (const [name, budget] of Object.entries(budgets)) {
    await measure(`accounts: ${name}`, () => readBudgetSpends(db, { ...requestOf(budget), limit: 500 }));
  }
  for (const name of ['project', 'users', 'labels'] as const) {
    const request = { ...requestOf(budgets[name]), value: valueOf(budgets[name], 7) };
    const steps = seriesSteps(request.window, nowMs);
    const previous = windowBefore(request.budget.period, request.window);
    await measure(`burn-down: ${name}`, () => readSpendSeries(db, request, steps));
    await measure(`drivers: ${name}`, () => readDrivers(db, { ...request, previous }));
  }
  for (const [name, count] of [
    ['project', 1],
    ['users', 100],
    ['sessions', 1],
    ['sessions', 100],
    ['labels', 5],
  ] as const) {
    await measure(`resolve: ${count} of ${name}`, (round) => resolve([budgets[name]], { count, round }));
  }
  await measure('resolve: one of each budget', (round) => resolve(Object.values(budgets), { count: 1, round }));
} finally {
  await Promise.all([db.close(), client.close()]);
  await database.stop();
}

function requestOf(budget: Budget) {
  return { projectId, budget, window: windowAt(budget.period, nowMs), owners: [] };
}

function valueOf({ scope }: Budget, i: number): string | null {
  if (scope === 'project') return null;
  return scope === 'label' ? `team-${i % 5}` : `${scope}-${i}`;
}

function resolve(of: readonly Budget[], { count, round }: { count: number; round: number }) {
  const ids = of.flatMap((budget) =>
    Array.from({ length: count }, (_, i) => `${budget.budgetId}:${valueOf(budget, round * 131 + i) ?? ''}`),
  );
  const accounts = accountsByIds(of, ids);
  return readLedgerMoment(db, { projectId, accounts, calls: [], owners: [], nowMs });
}

async function measure(name: string, ask: (round: number) => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  let cpuMs = 0;
  for (let round = -2; round < rounds; round += 1) {
    if (round === 0) cpuMs = usedCpuMs(); // the first two warm up
    const began = performance.now();
    await ask(Math.abs(round));
    if (round >= 0) took.push(performance.now() - began);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => (took[Math.floor(took.length * share)] ?? 0).toFixed(1).padEnd(8);
  console.log(`${name.padEnd(42)} ${at(0.5)} ${at(0.95)} ${((usedCpuMs() - cpuMs) / rounds).toFixed(0)}`);
}

/** What a question costs, however busy the machine is. NaN where there is no /proc. */
function usedCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + clickHouseCpuMs();
}

function clickHouseCpuMs(): number {
  if (process.platform !== 'linux') return Number.NaN;
  // After the name in brackets: state, ten more, then user and system time in hundredths of a second.
  const [, fields = ''] = readFileSync(`/proc/${database.pid}/stat`, 'utf8').split(') ');
  const [userTicks, systemTicks] = fields.split(' ').slice(11, 13);
  return (Number(userTicks) + Number(systemTicks)) * 10;
}
