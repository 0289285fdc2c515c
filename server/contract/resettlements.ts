import { z } from '@hono/zod-openapi';
import { limit, project, queryOf } from './requests.ts';
import { cost, unixNano } from './values.ts';

const time = (description: string) =>
  z.iso
    .datetime({ offset: true, error: 'must be an RFC 3339 time such as 2026-11-22T12:00:00Z' })
    .openapi({ type: 'string', format: 'date-time', description, example: '2026-11-22T12:00:00Z' });

export const resettlementProject = queryOf({ project });
export const resettlementListQuery = queryOf({ project, limit: limit({ default: 20, max: 100 }) });
export const resettlementId = z.object({
  id: z
    .uuid({ error: 'must be the id of a re-settlement' })
    .openapi({ description: 'As the request that started it answered.' }),
});

/** What is asked for. */
export const resettlementRequest = z
  .strictObject(
    {
      from: time('Calls that start at or after this time.'),
      to: time('Calls that start before this time.'),
      commit: z
        .boolean({ error: 'must be true or false' })
        .default(false)
        .openapi({ description: 'Without it nothing is written: the answer says what would change.' }),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `unknown field ${issue.keys.map((key) => `\`${key}\``).join(', ')}; allowed: from, to, commit`
          : undefined,
    },
  )
  .openapi('ResettlementRequest');

const change = z
  .object({
    day: z.string().openapi({ description: 'UTC.', example: '2026-11-20' }),
    provider: z.string(),
    model: z.string(),
    before: cost,
    after: cost,
    changedCount: z.number().int().openapi({ description: 'Decisions whose amount or status differs.' }),
  })
  .openapi('PriceChange');

/** Rows of one result; the totals are of all. */
export const changeRowsMax = 5_000;

/** One re-settlement of a window of a project. */
export const resettlement = z
  .object({
    id: z.uuid(),
    status: z.enum(['running', 'done', 'failed']),
    commit: z.boolean(),
    from: unixNano,
    to: unixNano,
    actor: z.string().openapi({
      description: '`command` for the command line, `api` for a request without a key, else the id of the key.',
    }),
    startedAt: unixNano,
    finishedAt: unixNano.nullable(),
    priceVersion: z.string().nullable().openapi({ description: 'Of the price table that was used.' }),
    error: z.string().nullable(),
    progress: z
      .object({ daysDone: z.number().int(), dayCount: z.number().int(), traceCount: z.number().int() })
      .nullable(),
    result: z
      .object({
        before: cost,
        after: cost,
        changedCount: z.number().int(),
        traceCount: z.number().int(),
        expiredCount: z.number().int().openapi({
          description: 'Traces that are booked and of which no span is left; their amounts stay.',
        }),
        changes: z.array(change).max(changeRowsMax),
        changeCount: z
          .number()
          .int()
          .openapi({ description: `Rows that there are; \`changes\` holds ${changeRowsMax}.` }),
      })
      .nullable(),
  })
  .openapi('Resettlement');
export type Resettlement = z.infer<typeof resettlement>;
export type ResettlementOutcome = NonNullable<Resettlement['result']>;

export const resettlementReply = z.object({ resettlement });
export const resettlementsReply = z.object({ resettlements: z.array(resettlement) });
