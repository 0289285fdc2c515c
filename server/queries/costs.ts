import type { CostRow, CostsReply } from '../contract/costs.ts';
import { labelKeyOf } from '../domain/cost-filters.ts';
import type { CostPiece } from '../domain/cost-plan.ts';
import { costPieces } from './cost-pieces.ts';
import { costParameters, type CostRequest, costsSql, statusSql } from './costs-sql.ts';
import type { Db } from './db.ts';
import { findVerifiedTo } from './settlement-status.ts';
import { toUsageAndCost } from './summary-sums.ts';

/** Sums and statuses come from two reads; a pass may be booked in between. After this many times rows alone are read, once. */
const attemptsMax = 3;

type SumRow = Record<
  | 'modelCalls'
  | 'inputTokens'
  | 'outputTokens'
  | 'cacheReadTokens'
  | 'cacheWriteTokens'
  | 'reasoningTokens'
  | 'pricedCalls'
  | 'unpricedCalls',
  string
> & { costUsd: string | null };
type GroupRow = SumRow & { time: string } & Partial<Record<`g${number}`, string>>;
type StatusRow = Record<'priced' | 'reported' | 'unpricedModel' | 'unpricedUsage', string>;

interface Sums {
  totals: SumRow;
  statuses: StatusRow;
  rows: GroupRow[];
  groupCount: number;
}

/**
 * Usage and cost of a window by up to three dimensions and time; every figure is a plain sum of the ledger. Totals and rows are
 * of one moment, and of everything that arrived before `booked.verifiedTo`. From rollups where they can answer, else from the
 * project's rows of the window.
 */
export async function getCosts(db: Db, request: CostRequest): Promise<CostsReply> {
  const pieces = costPieces(request);
  const verifiedTo = await findVerifiedTo(db);
  const sums = pieces.length === 0 ? nothing : await readSums(db, request, pieces);
  const { totals, statuses, groupCount } = sums;
  return {
    totals: {
      ...toUsageAndCost(totals),
      callsByStatus: {
        priced: Number(statuses.priced),
        reported: Number(statuses.reported),
        unpricedModel: Number(statuses.unpricedModel),
        unpricedUsage: Number(statuses.unpricedUsage),
      },
    },
    rows: sums.rows
      // The database answers by cost; sorting keeps that order within a time.
      .toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
      .map((row) => toCostRow(row, request)),
    groupCount,
    booked: { verifiedTo },
  };
}

async function readSums(db: Db, request: CostRequest, pieces: readonly CostPiece[]): Promise<Sums> {
  if (pieces.some(({ source }) => source !== 'rows')) {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const sums = await readRolledUp(db, request, pieces);
      if (isOfOneMoment(sums)) return sums;
    }
  }
  const rows: CostPiece[] = [{ source: 'rows', windows: [request.window] }];
  const sql = costsSql(request, rows, { withStatus: true });
  const answer = await db.rowsWithTotals<GroupRow & StatusRow>(sql, costParameters(request, rows));
  return { ...answer, statuses: answer.totals, groupCount: answer.rowCount };
}

async function readRolledUp(db: Db, request: CostRequest, pieces: readonly CostPiece[]): Promise<Sums> {
  const parameters = costParameters(request, pieces);
  const [answer, [statuses]] = await Promise.all([
    db.rowsWithTotals<GroupRow>(costsSql(request, pieces, { withStatus: false }), parameters),
    db.rows<StatusRow>(statusSql(request), parameters),
  ]);
  return { ...answer, statuses: statuses ?? nothing.statuses, groupCount: answer.rowCount };
}

function isOfOneMoment({ totals, statuses }: Sums): boolean {
  return (
    BigInt(statuses.priced) + BigInt(statuses.reported) === BigInt(totals.pricedCalls) &&
    BigInt(statuses.unpricedModel) + BigInt(statuses.unpricedUsage) === BigInt(totals.unpricedCalls)
  );
}

function toCostRow(row: GroupRow, { groupBy, interval }: CostRequest): CostRow {
  const values = groupBy.map((name, i) => [name, row[`g${i}`] === '' ? null : (row[`g${i}`] ?? null)] as const);
  const labels = values.flatMap(([name, value]) => {
    const key = labelKeyOf(name);
    return key === undefined ? [] : [[key, value] as const];
  });
  return {
    ...(interval === undefined ? {} : { time: rfc3339Of(row.time) }),
    ...Object.fromEntries(values.filter(([name]) => labelKeyOf(name) === undefined)),
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    ...toUsageAndCost(row),
  };
}

/** From what ClickHouse writes for a `Date` or a `DateTime`, both UTC. */
function rfc3339Of(time: string): string {
  return `${time.slice(0, 10)}T${time.length > 10 ? time.slice(11) : '00:00:00'}Z`;
}

const nothing: Sums = {
  totals: {
    ...{ modelCalls: '0', inputTokens: '0', outputTokens: '0', cacheReadTokens: '0', cacheWriteTokens: '0' },
    ...{ reasoningTokens: '0', pricedCalls: '0', unpricedCalls: '0', costUsd: null },
  },
  statuses: { priced: '0', reported: '0', unpricedModel: '0', unpricedUsage: '0' },
  rows: [],
  groupCount: 0,
};
