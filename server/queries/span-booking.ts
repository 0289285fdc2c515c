import { tables } from '../../migrations/schema.ts';
import type { LedgerEntryReply } from '../contract/costs.ts';
import { shift, unixNano } from '../domain/time.ts';
import type { Db } from './db.ts';
import { contentColumns, type LedgerEntryRow, toLedgerEntry } from './ledger-entries.ts';
import { copySpreadMs } from './span-decisions.ts';
import { ofTraceDays } from './trace-days.ts';

/** The ledger entry in force on one span, with the price behind it; null where there is none (yet). By day and trace id. */
export async function findBooking(
  db: Db,
  span: { projectId: string; traceId: string; spanId: string; startNs: string },
): Promise<LedgerEntryReply | null> {
  const { projectId, traceId, spanId } = span;
  const start = unixNano(span.startNs);
  const window = { from: shift(start, -copySpreadMs), to: shift(start, copySpreadMs) };
  const { condition, parameters } = ofTraceDays([{ traceId, window }]);
  const [row] = await db.rows<Omit<LedgerEntryRow, 'sign'>>(
    `SELECT ${contentColumns('sign')}, toString(maxIf(pass, sign = 1)) AS pass,
       toUnixTimestamp64Milli(maxIf(booked_at, sign = 1)) * 1000000 AS bookedAtNs
     FROM ${tables.ledger}
     WHERE project_id = {projectId:String} AND ${condition}
       AND span_id = toFixedString(unhex({spanId:String}), 8)
     GROUP BY ALL
     HAVING sum(sign) > 0
     ORDER BY max(ledger.pass) DESC
     LIMIT 1`,
    { ...parameters, projectId, spanId },
  );
  return row === undefined ? null : toLedgerEntry({ ...row, sign: 1 });
}
