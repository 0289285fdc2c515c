import { z } from '@hono/zod-openapi';
import { costDimensions, costFilters, groupBy } from './costs.ts';
import { limit, queryOf } from './requests.ts';
import { cost, unixNano, usage } from './values.ts';

/** Movers of one dimension in one answer. */
const moverLimits = { default: 5, max: 50 } as const;

const names = groupBy
  .transform((given) => (given.length === 0 ? (['agent', 'model', 'user'] as const) : given))
  .openapi({
    type: 'string',
    description: `Names separated by commas, each looked at by itself: ${costDimensions.join(', ')} or label:KEY; default: agent,model,user.`,
  });

export const moversQuery = queryOf({
  ...costFilters,
  dimensions: names,
  against: z
    .enum(['previous', 'week'], { error: 'must be previous or week' })
    .default('previous')
    .openapi({ description: '`previous`: as long, just before. `week`: the same hours seven days earlier.' }),
  limit: limit(moverLimits).openapi({ description: 'Of each dimension.' }),
});

const period = z.object({ usage, cost });
const changeUsd = z.string().nullable().openapi({
  description: 'Of what is known in both periods; null where a period has calls and no known cost.',
});
const rfc3339 = z.string().openapi({ description: 'RFC 3339.' });

const mover = z
  .object({
    value: z.string().nullable().openapi({ description: 'null: has none.' }),
    now: period,
    before: period,
    changeUsd,
  })
  .openapi('CostMover');
export type CostMover = z.infer<typeof mover>;

export const moversReply = z
  .object({
    window: z.object({ from: rfc3339, to: rfc3339 }),
    before: z.object({ from: rfc3339, to: rfc3339 }),
    totals: z.object({ now: period, before: period, changeUsd }),
    dimensions: z.array(
      z.object({
        name: z.string(),
        movers: z.array(mover).openapi({ description: 'The largest change first, up or down.' }),
        groupCount: z.number().int().openapi({ description: 'Values there are in either period.' }),
        restUsd: z
          .string()
          .nullable()
          .openapi({ description: 'The change of all other values together; with the movers, that of `totals`.' }),
      }),
    ),
    booked: z.object({ verifiedTo: unixNano.nullable() }),
  })
  .openapi('CostMovers');
export type MoversReply = z.infer<typeof moversReply>;

const timeZone = z
  .string({ error: 'must be given once' })
  .min(1, { error: 'must be the name of a time zone such as Europe/Berlin' })
  .max(64, { error: 'must be at most 64 characters' })
  .default('UTC');

const { from: _from, to: _to, ...filtersOnly } = costFilters;
export const forecastQuery = queryOf({
  ...filtersOnly,
  timeZone: timeZone.openapi({ description: 'Where days and the month begin and end.', example: 'Europe/Berlin' }),
});

export const forecastReply = z
  .object({
    month: z.string().openapi({ example: '2026-11' }),
    timeZone: z.string(),
    from: rfc3339,
    to: rfc3339,
    spent: cost.openapi({ description: 'From the beginning of the month until now: exact.' }),
    forecast: z
      .object({
        usd: z.string().openapi({ description: 'Of the whole month, in what is spent and what is still to come.' }),
        lowUsd: z.string(),
        highUsd: z.string(),
        confidence: z.number().openapi({ description: 'How often the month ends within the range, 0 to 1.' }),
        dailyUsd: z.string().openapi({ description: 'An average day as it looks now.' }),
        historyDays: z.number().int().openapi({ description: 'Whole days that it rests on.' }),
        isWeekdayAware: z.boolean(),
      })
      .nullable(),
    missing: z
      .enum(['history', 'prices'])
      .nullable()
      .openapi({ description: 'Why there is no forecast: fewer than seven whole days, or no call has a price.' }),
    booked: z.object({ verifiedTo: unixNano.nullable() }),
  })
  .openapi('CostForecast');
export type ForecastReply = z.infer<typeof forecastReply>;

/** Groups of one answer. */
const sessionGroupLimits = { default: 200, max: 1_000 } as const;

export const sessionCostsQuery = queryOf({
  ...costFilters,
  groupBy: groupBy
    .refine((given) => given.length <= 2, { error: 'must be at most 2 names' })
    .openapi({
      type: 'string',
      description: 'Names separated by commas, as of `/costs`; a session may be in several groups.',
    }),
  limit: limit(sessionGroupLimits),
});

const usdPer = z.string().nullable().openapi({
  description: 'Rounded half up to twelve digits; null without such sessions, or without a known cost.',
});
const sessionSums = {
  sessions: z.number().int().openapi({ description: 'Sessions with a counted model call here.' }),
  successful: z.number().int().openapi({ description: 'Of these, those of which no trace failed.' }),
  failed: z.number().int(),
  cost: cost.openapi({ description: 'Of these sessions’ calls in the window.' }),
  usdPerSession: usdPer,
  usdPerSuccessfulSession: usdPer.openapi({
    description: 'All that was spent in sessions, failed ones included, for each that succeeded.',
  }),
};

export const sessionCostsReply = z
  .object({
    totals: z.object(sessionSums),
    rows: z
      .array(
        z.object({
          values: z.array(z.string().nullable()).openapi({ description: 'In the order of `groupBy`; null: has none.' }),
          ...sessionSums,
        }),
      )
      .openapi({ description: 'The costliest groups; none without `groupBy`.' }),
    groupCount: z.number().int(),
  })
  .openapi('SessionCosts');
export type SessionCostsReply = z.infer<typeof sessionCostsReply>;

export const cacheSavingsQuery = queryOf(costFilters);

export const cacheSavingsReply = z
  .object({
    savedUsd: z.string().nullable().openapi({
      description: '`uncachedUsd` less `cachedUsd`; below 0 where writing the cache cost more than reading it saved.',
    }),
    cachedUsd: z
      .string()
      .nullable()
      .openapi({ description: 'What tokens that were read from a cache, or written to one, cost.' }),
    uncachedUsd: z.string().nullable().openapi({
      description: 'What the same tokens would have cost as plain input, by the prices in their ledger rows.',
    }),
    tokens: z.object({
      read: z.number().int(),
      written: z.number().int(),
      inferred: z
        .number()
        .int()
        .openapi({
          description:
            'Of these, tokens of calls without any uncached input: their plain price is that of calls of the same model, price ' +
            'version and cached prices.',
        }),
      unknown: z.number().int().openapi({
        description: 'Cached tokens that are in no figure here: their calls have no price, or no plain price is known.',
      }),
    }),
    isExact: z.boolean().openapi({ description: 'No token is inferred or unknown.' }),
  })
  .openapi('CacheSavings');
export type CacheSavingsReply = z.infer<typeof cacheSavingsReply>;
