import { costFileRowsMax, type CostsReply } from '../contract/costs.ts';
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
  const sum = (of: typeof window) =>
    getCosts(db, {
      ...{ projectId, window: of, interval: undefined, limit: costFileRowsMax },
      groupBy: ['costCentre', 'team', 'agent', 'model'],
      filters: { values: {}, labels: new Map(), unattributed: [], owners },
    });
  const [costs, before] = await Promise.all([sum(window), sum(windowOfMonth(monthBefore(month)))]);
  for (const { groupCount, rows } of [costs, before]) {
    if (groupCount <= rows.length) continue;
    const message = `the statement would have ${groupCount} lines, and ${costFileRowsMax} are allowed; fewer names of agents help`;
    throw new ApiError('query_too_large', message);
  }
  const { verifiedTo } = costs.booked;
  return {
    ...month,
    ...{ from: rfc3339(window.from), to: rfc3339(window.to) },
    isFinal: msOf(window.to) <= nowMs && verifiedTo !== null && BigInt(verifiedTo) >= window.to,
    ownerRules: owners.length,
    ...buildStatement(sumsOf(costs), sumsOf(before)),
    booked: costs.booked,
  };
}

function sumsOf({ rows, totals: { usage, cost } }: CostsReply) {
  return { rows, totals: { usage, cost } };
}

function rfc3339(time: UnixNano): string {
  return new Date(msOf(time)).toISOString();
}

function msOf(time: UnixNano): number {
  return Number(time / nsPerMs);
}
