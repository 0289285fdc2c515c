import { createRoute } from '@hono/zod-openapi';
import { ledgerQuery, ledgerReply } from '../contract/costs.ts';
import { ApiError } from '../contract/errors.ts';
import { listLedgerHistory } from '../queries/ledger-history.ts';
import { listLedger } from '../queries/ledger-list.ts';
import { createRouter, replies } from './api.ts';
import { readCostFilters } from './cost-filters.ts';
import { costWindowMs } from './costs.ts';
import { readWindow } from './filters.ts';

/** `now` is milliseconds since 1970. */
export function ledgerRoutes({ now }: { now: () => number }) {
  return createRouter().openapi(ledgerRoute, async (c) => {
    const query = c.req.valid('query');
    const { project: projectId, traceId, status, counted, history, sort, limit, cursor } = query;
    const selection = {
      ...{ projectId, traceId, status, counted },
      window: readWindow(query, now(), costWindowMs),
      filters: await readCostFilters(c.var.db, query),
    };
    if (history === 'true') {
      if (traceId === undefined) throw new ApiError('invalid_request', '`history` needs a `traceId`');
      return c.json(await listLedgerHistory(c.var.db, { ...selection, traceId, limit, cursor }), 200);
    }
    const isDefaultWindow = query.from === undefined && query.to === undefined;
    return c.json(await listLedger(c.var.db, { ...selection, sort, limit, cursor, isDefaultWindow }), 200);
  });
}

const ledgerRoute = createRoute({
  method: 'get',
  path: '/ledger',
  tags: ['Costs'],
  summary: 'Lists the rows behind a sum: one a decision, with its price',
  description:
    'With the filters of a row of `/costs`, the entries add up to that row. Only what is in force, unless `history` is `true`.',
  request: { query: ledgerQuery },
  responses: replies(ledgerReply, 'A page of entries.', ['invalid_cursor']),
});
