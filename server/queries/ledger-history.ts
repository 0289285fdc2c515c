import { tables } from '../../migrations/schema.ts';
import type { LedgerReply } from '../contract/costs.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Db } from './db.ts';
import { contentColumns, type LedgerEntryRow, toLedgerEntry } from './ledger-entries.ts';
import { ledgerConditions, ledgerParameters, type LedgerSelection } from './ledger-list.ts';

const cursorSort = 'ledger history';

/**
 * A page of what was written of one trace, in the order it was written: bookings and what took them back, amounts as stored. The
 * ledger only grows at its end, so a page begins after so many rows.
 */
export async function listLedgerHistory(
  db: Db,
  request: LedgerSelection & { traceId: string; limit: number; cursor: string | undefined },
): Promise<LedgerReply> {
  const { traceId, limit } = request;
  const cursor =
    request.cursor === undefined ? undefined : decodeCursor(request.cursor, { sort: cursorSort, idLength: 32 });
  const offset = Number(cursor?.value ?? 0);
  const rows = await db.rows<LedgerEntryRow>(historySql(request), {
    ...ledgerParameters(request),
    offset,
    limit: limit + 1,
  });
  const end = { sort: cursorSort, from: '0', to: '0', value: String(offset + limit), start: '0', id: traceId };
  return {
    entries: rows.slice(0, limit).map(toLedgerEntry),
    nextCursor: rows.length > limit ? encodeCursor(end) : null,
  };
}

export function historySql(selection: LedgerSelection & { traceId: string }): string {
  return `SELECT ${contentColumns('1')},
       sign, toString(pass) AS pass, toUnixTimestamp64Milli(booked_at) * 1000000 AS bookedAtNs
     FROM ${tables.ledger}
     WHERE ${ledgerConditions(selection).join(' AND ')} AND sign != 0
     ORDER BY ledger.pass, start_time, span_id, sign, cost_usd, price
     LIMIT {limit:UInt32} OFFSET {offset:UInt64}`;
}
