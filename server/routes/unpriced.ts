import { createRoute } from '@hono/zod-openapi';
import { unpricedQuery, unpricedReply } from '../contract/unpriced.ts';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import { findVerifiedTo } from '../queries/settlement-status.ts';
import { listUnpriced, type Volume } from '../queries/unpriced.ts';
import { createRouter, replies } from './api.ts';
import { readCostFilters } from './cost-filters.ts';
import { costWindowMs } from './costs.ts';
import { readWindow } from './filters.ts';
import { toUnpricedGroup } from './unpriced-group.ts';

/** `now` is milliseconds since 1970. */
export function unpricedRoutes({ priceBook, now }: { priceBook: PriceBook; now: () => number }) {
  return createRouter().openapi(unpricedRoute, async (c) => {
    const query = c.req.valid('query');
    const { project: projectId, limit } = query;
    const window = readWindow(query, now(), costWindowMs);
    const verifiedTo = await findVerifiedTo(c.var.db);
    const filters = await readCostFilters(c.var.db, query);
    const found = await listUnpriced(c.var.db, { projectId, window, filters, limit });
    const reply = {
      groups: found.rows.map((row) => toUnpricedGroup(row, { projectId, priceBook })),
      groupCount: found.rowCount,
      ...{ unpriced: toVolume(found.unpriced), all: toVolume(found.all) },
      prices: { version: priceBook.version, hasFile: priceBook.hasFile },
      booked: { verifiedTo },
    };
    return c.json(reply, 200);
  });
}

function toVolume({ modelCalls, inputTokens, outputTokens }: Volume) {
  return {
    modelCalls: Number(modelCalls),
    inputTokens: Number(inputTokens),
    outputTokens: Number(outputTokens),
  };
}

const unpricedRoute = createRoute({
  method: 'get',
  path: '/unpriced',
  tags: ['Prices'],
  summary: 'Lists models and usage without a price, with their volume and what would price them',
  description:
    'The calls are those that `/costs` counts as unpriced with the same filters. What the emitter priced itself is not among ' +
    'them. Put the entry into the override file, fill in its blanks, start again, and book the window again.',
  request: { query: unpricedQuery },
  responses: replies(unpricedReply, 'Groups, most calls first.'),
});
