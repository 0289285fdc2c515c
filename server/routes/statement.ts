import { createRoute, z } from '@hono/zod-openapi';
import { ApiError } from '../contract/errors.ts';
import { type StatementReply, statementQuery, statementReply } from '../contract/statement.ts';
import { type CalendarMonth, findTimeZone, monthBefore, monthOf } from '../domain/calendar-month.ts';
import { formatStatementCsv } from '../domain/csv-statement.ts';
import type { Db } from '../queries/db.ts';
import { readStatement } from '../queries/statement.ts';
import { createRouter, errorReplies, replies } from './api.ts';

/** `now` is milliseconds since 1970. */
export function statementRoutes({ now }: { now: () => number }) {
  return createRouter()
    .openapi(statementRoute, async (c) => c.json(await read(c.var.db, c.req.valid('query'), now()), 200))
    .openapi(statementFileRoute, async (c) => {
      const statement = await read(c.var.db, c.req.valid('query'), now());
      c.header('content-disposition', `attachment; filename="statement-${statement.month}.csv"`);
      return c.body(formatStatementCsv(statement), 200, { 'content-type': 'text/csv; charset=utf-8' });
    });
}

function read(db: Db, query: z.infer<typeof statementQuery>, nowMs: number): Promise<StatementReply> {
  const timeZone = findTimeZone(query.timeZone);
  if (timeZone === undefined) {
    throw new ApiError('invalid_request', '`timeZone` must be the name of a time zone such as Europe/Berlin or UTC');
  }
  const month: CalendarMonth =
    query.month === undefined ? monthBefore(monthOf(nowMs, timeZone)) : { month: query.month, timeZone };
  return readStatement(db, { projectId: query.project, month, nowMs });
}

const statementRoute = createRoute({
  method: 'get',
  path: '/statement',
  tags: ['Owners'],
  summary: 'What each cost centre spent in a month, in whole cents that add up',
  description:
    'Sums of the ledger by the start of the call, allocated by the owner rules as they are now; what no rule owns is ' +
    'unallocated. Amounts are rounded once: the total half up, its parts by the largest remainder.',
  request: { query: statementQuery },
  responses: replies(statementReply, 'The statement.'),
});

const statementFileRoute = createRoute({
  method: 'get',
  path: '/statement.csv',
  tags: ['Owners'],
  summary: 'The lines of `/statement` as a CSV file',
  request: { query: statementQuery },
  responses: {
    200: { description: 'The file.', content: { 'text/csv': { schema: z.string() } } },
    ...errorReplies([
      ...(['invalid_request', 'foreign_origin', 'wrong_host', 'unsupported_media_type'] as const),
      ...(['query_too_large', 'internal', 'database_unavailable', 'query_timeout'] as const),
    ]),
  },
});
