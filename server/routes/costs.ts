import { createRoute, z } from '@hono/zod-openapi';
import { costFileQuery, costFileRowsMax, costQuery, costsReply } from '../contract/costs.ts';
import { ApiError } from '../contract/errors.ts';
import { noQuery } from '../contract/requests.ts';
import { settlementStatus } from '../contract/settlement.ts';
import { formatCostsCsv } from '../domain/csv-costs.ts';
import type { TimeWindow } from '../domain/filters.ts';
import { msPerDay, nsPerMs } from '../domain/time.ts';
import { getCosts } from '../queries/costs.ts';
import { getSessionCosts } from '../queries/session-costs.ts';
import { getSettlementStatus } from '../queries/settlement-status.ts';
import { createRouter, errorReplies, replies } from './api.ts';
import { readCostFilters } from './cost-filters.ts';
import { readWindow } from './filters.ts';
import { windowBefore } from './window-before.ts';

/** The window of money where none is asked for. */
export const costWindowMs = 30 * msPerDay;

/** `now` is milliseconds since 1970. */
export function costRoutes({ now }: { now: () => number }) {
  return createRouter()
    .openapi(costsRoute, async (c) => {
      const query = c.req.valid('query');
      const { project: projectId, groupBy, interval, limit } = query;
      const window = readWindow(query, now(), costWindowMs);
      const filters = await readCostFilters(c.var.db, query, groupBy);
      return c.json(await getCosts(c.var.db, { projectId, window, filters, groupBy, interval, limit }), 200);
    })
    .openapi(costsFileRoute, async (c) => {
      const query = c.req.valid('query');
      const { project: projectId, groupBy, interval, limit } = query;
      const window = readWindow(query, now(), costWindowMs);
      const filters = await readCostFilters(c.var.db, query, groupBy);
      for (const name of ['compare', 'sessions'] as const) {
        if (query[name] === undefined || interval === undefined) continue;
        throw new ApiError('invalid_request', `\`${name}\` and \`interval\` do not go together`);
      }
      const request = { projectId, window, filters, groupBy, interval, limit: limit ?? costFileRowsMax };
      const [{ rows, totals, groupCount }, before, sessions] = await Promise.all([
        getCosts(c.var.db, request),
        query.compare === undefined
          ? undefined
          : getCosts(c.var.db, { ...request, window: windowBefore(window, 'previous'), limit: costFileRowsMax }),
        query.sessions === undefined
          ? undefined
          : getSessionCosts(c.var.db, { projectId, window, filters, groupBy, limit: costFileRowsMax }),
      ]);
      if (limit === undefined && groupCount > rows.length) throw tooManyRows(groupCount);
      if (before !== undefined && before.groupCount > before.rows.length) throw tooManyRows(before.groupCount);
      if (sessions !== undefined && sessions.groupCount > sessions.rows.length) throw tooManyRows(sessions.groupCount);
      c.header('content-disposition', `attachment; filename="${fileName(window)}"`);
      const file = { rows, totals, groupBy, interval, metric: query.metric, before: before?.rows, sessions };
      return c.body(formatCostsCsv(file), 200, { 'content-type': 'text/csv; charset=utf-8' });
    })
    .openapi(settlementRoute, async (c) => c.json(await getSettlementStatus(c.var.db), 200));
}

function tooManyRows(count: number): ApiError {
  const message = `the file would have ${count} rows, and ${costFileRowsMax} are allowed; a shorter time range, more filters or \`limit\` help`;
  return new ApiError('query_too_large', message);
}

/** With the first and the last day (UTC) of the window. */
function fileName({ from, to }: TimeWindow): string {
  const day = (ns: bigint) => new Date(Number(ns / nsPerMs)).toISOString().slice(0, 10);
  return `costs-${day(from)}-to-${day(to > from ? to - 1n : to)}.csv`;
}

const costsRoute = createRoute({
  method: 'get',
  path: '/costs',
  tags: ['Costs'],
  summary: 'Sums usage and cost of a time window by up to three dimensions and by hour, day or month',
  description:
    'Every figure is an exact sum of the ledger over counted model calls, by the start of the call. The rows add up to the ' +
    'totals. `usd` is null where no cost is known; `unpricedCalls` says how many calls it leaves out.',
  request: { query: costQuery },
  responses: replies(costsReply, 'Totals and rows.'),
});

const costsFileRoute = createRoute({
  method: 'get',
  path: '/costs.csv',
  tags: ['Costs'],
  summary: 'The rows of `/costs` as a CSV file',
  description:
    'RFC 4180, UTF-8, a header line whose names end with their unit, exact decimals, an empty cell for what is unknown. ' +
    'Text that a spreadsheet would take for a formula begins with an apostrophe.',
  request: { query: costFileQuery },
  responses: {
    200: { description: 'The file.', content: { 'text/csv': { schema: z.string() } } },
    ...errorReplies([
      ...(['invalid_request', 'foreign_origin', 'wrong_host', 'unsupported_media_type'] as const),
      ...(['query_too_large', 'internal', 'database_unavailable', 'query_timeout'] as const),
    ]),
  },
});

const settlementRoute = createRoute({
  method: 'get',
  path: '/settlement',
  tags: ['Costs'],
  summary: 'How far settlement has come: what arrived before is booked',
  request: { query: noQuery },
  responses: replies(settlementStatus, 'The state of settlement.'),
});
