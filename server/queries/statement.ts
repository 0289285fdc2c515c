import { costFileRowsMax, type CostGroupName } from '../contract/costs.ts';
import { ApiError } from '../contract/errors.ts';
import type { StatementReply } from '../contract/statement.ts';
import { type CalendarMonth, monthBefore, windowOfMonth } from '../domain/calendar-month.ts';
import { buildStatement } from '../domain/statement.ts';
import { nsPerMs, type UnixNano } from '../domain/time.ts';
import { getCosts } from './costs.ts';
import type { Db } from './db.ts';
import { listOwnerRules } from './owners.ts';

/** What every cost centre spent in a month and in the one before: two sums of the ledger. */
export async function readStatement(
  db: Db,
  { projectId, month, nowMs }: { projectId: string; month: CalendarMonth; nowMs: number },
): Promise<StatementReply> {
  const owners = await listOwnerRules(db, projectId);
  const window = windowOfMonth(month);
  const sum = (of: typeof window, groupBy: readonly CostGroupName[]) =>
    getCosts(db, {
      ...{ projectId, window: of, groupBy, interval: undefined, limit: costFileRowsMax },
      filters: { values: {}, labels: new Map(), unattributed: [], owners },
    });
  const [costs, before] = await Promise.all([
    sum(window, ['costCentre', 'team', 'agent', 'model']),
    sum(windowOfMonth(monthBefore(month)), ['costCentre']),
  ]);
  if (costs.groupCount > costs.rows.length) {
    const message = `the statement would have ${costs.groupCount} lines, and ${costFileRowsMax} are allowed; fewer names of agents help`;
    throw new ApiError('query_too_large', message);
  }
  const { verifiedTo } = costs.booked;
  return {
    ...month,
    ...{ from: rfc3339(window.from), to: rfc3339(window.to) },
    isFinal: msOf(window.to) <= nowMs && verifiedTo !== null && BigInt(verifiedTo) >= window.to,
    ownerRules: owners.length,
    ...buildStatement({
      ...{ rows: costs.rows, totals: sumsOf(costs.totals) },
      ...{ previousRows: before.rows, previousTotals: sumsOf(before.totals) },
    }),
    booked: costs.booked,
  };
}

function sumsOf({ usage, cost }: Awaited<ReturnType<typeof getCosts>>['totals']) {
  return { usage, cost };
}

function rfc3339(time: UnixNano): string {
  return new Date(msOf(time)).toISOString();
}

function msOf(time: UnixNano): number {
  return Number(time / nsPerMs);
}
