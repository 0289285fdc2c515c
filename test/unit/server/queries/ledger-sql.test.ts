import { describe, expect, it } from 'vitest';
import { unixNano } from '../../../../server/domain/time.ts';
import { historySql } from '../../../../server/queries/ledger-history.ts';
import {
  bookingsSql,
  entriesSql,
  ledgerParameters,
  type LedgerSelection,
} from '../../../../server/queries/ledger-list.ts';

const evil = "'); DROP TABLE ledger; --";
const selection: LedgerSelection = {
  projectId: evil,
  window: { from: unixNano(1n), to: unixNano(2n) },
  filters: { values: { agent: [evil] }, labels: new Map([[evil, [evil]]]), unattributed: ['user'] },
  traceId: undefined,
  status: undefined,
  counted: 'true',
};
const ofTrace = { ...selection, traceId: evil, status: 'priced', counted: 'false' } as const;

describe('the queries for rows of the ledger', () => {
  it.each([
    ['bookings by time, first page', bookingsSql(selection, { sort: '-startTime', isFirst: true })],
    ['bookings by cost, later page', bookingsSql(selection, { sort: '-cost', isFirst: false })],
    ['bookings of a trace', bookingsSql(ofTrace, { sort: '-startTime', isFirst: true })],
    ['entries in force', entriesSql(selection, '-cost')],
    ['history', historySql(ofTrace)],
  ])('of %s', (_name, sql) => {
    expect(sql).toMatchSnapshot();
    expect(sql.toLowerCase()).not.toContain('drop');
    const named = [...sql.matchAll(/\{(\w+):[\w()]+\}/g)].map((match) => match[1] ?? '');
    const ofPage = ['limit', 'offset', 'afterValue', 'afterNs', 'afterTraceId', 'afterSpanId'];
    const bound = [...Object.keys(ledgerParameters(ofTrace)), ...ofPage, ...['days', 'traceIds', 'spanIds']];
    expect(named.filter((name) => !bound.includes(name))).toEqual([]);
  });
});
