import { z } from '@hono/zod-openapi';
import { cursor, label, labelKeyMax, limit, project, queryOf, text, time, wholeNumber } from './requests.ts';
import { cost, nextCursor, spanId, traceId, unixNano, usage } from './values.ts';

/** What costs are grouped and filtered by; `label:KEY` is one more for every key. */
export const costDimensions = [
  'agent',
  'model',
  'user',
  'session',
  'provider',
  'environment',
  'service',
  'revision',
  'costCentre',
  'team',
] as const;
export type CostDimension = (typeof costDimensions)[number];
export const costIntervals = ['hour', 'day', 'month'] as const;
export type CostInterval = (typeof costIntervals)[number];
export const bookingStatuses = ['priced', 'reported', 'unpriced_model', 'unpriced_usage'] as const;
export type BookingStatus = (typeof bookingStatuses)[number];
/** Dimensions of one answer. */
export const groupByMax = 3;
/** Rows of one answer; the costliest are in it, and `groupCount` says how many there are. */
export const costRowLimits = { default: 1_000, max: 10_000 } as const;
/** Rows of a file, about a hundred bytes each. */
export const costFileRowsMax = 100_000;
export const ledgerLimits = { default: 100, max: 1_000 } as const;

const groupByNames = `${costDimensions.join(', ')} or label:KEY`;
/** Dimensions to group by, in order. */
export const groupBy = z
  .string({ error: 'must be given once, names separated by commas' })
  .transform((names) => names.split(',').filter((name) => name !== ''))
  .refine((names): names is CostGroupName[] => names.every(isGroupName), {
    error: `must be names from ${groupByNames}, separated by commas`,
  })
  .refine((names) => names.length <= groupByMax, { error: `must be at most ${groupByMax} names` })
  .refine((names) => new Set(names).size === names.length, { error: 'must name each dimension once' })
  .default([])
  .openapi({ type: 'string', description: `Names separated by commas: ${groupByNames}.`, example: 'agent,model' });

export type CostGroupName = CostDimension | `label:${string}`;

function isGroupName(name: string): name is CostGroupName {
  if (name.startsWith('label:')) return name.length > 'label:'.length && name.length <= 'label:'.length + labelKeyMax;
  return (costDimensions as readonly string[]).includes(name);
}

/** Filters of money: they select ledger rows. A value of `''` cannot be asked for; `unattributed` asks for what has none. */
export const costFilters = {
  project,
  from: time('Inclusive, by the start of the call; default: 30 days before `to`.'),
  to: time('Exclusive; default: now.'),
  agent: text('Agent name.'),
  revision: text('Revision of an agent, as its spans have it: `gen_ai.agent.version`.'),
  model: text('Model that was priced.'),
  user: text('User id.'),
  session: text('Session id.'),
  provider: text('Provider.'),
  environment: text('`deployment.environment.name` of the resource.'),
  service: text('`service.name` of the resource.'),
  label,
  costCentre: text('Cost centre, by the owner rules of the project.'),
  team: text('Team, by the owner rules of the project.'),
  unattributed: text('A dimension.')
    .refine((names) => names === undefined || names.every(isGroupName), { error: `must be one of ${groupByNames}` })
    .openapi({
      description: `Only what has no value here: one of ${groupByNames}. Repeat it for what has none in several.`,
    }),
};
export type CostFilterQuery = Pick<
  CostQuery,
  | 'agent'
  | 'revision'
  | 'model'
  | 'user'
  | 'session'
  | 'provider'
  | 'environment'
  | 'service'
  | 'label'
  | 'costCentre'
  | 'team'
  | 'unattributed'
>;

const costParameters = {
  ...costFilters,
  groupBy,
  interval: z
    .enum(costIntervals, { error: `must be one of ${costIntervals.join(', ')}` })
    .optional()
    .openapi({
      description: 'Adds a row for every interval (UTC) that has any; without it, a row is the whole window.',
    }),
};

export const costQuery = queryOf({
  ...costParameters,
  limit: limit(costRowLimits).openapi({ description: 'Rows at most; the costliest of all are in them.' }),
});
export type CostQuery = z.infer<typeof costQuery>;

const costFileMetrics = ['cost', 'tokens', 'calls'] as const;
export type CostFileMetric = (typeof costFileMetrics)[number];

/** The same questions as a file; it holds every row, unless `limit` says otherwise. */
export const costFileQuery = queryOf({
  ...costParameters,
  metric: z
    .enum(costFileMetrics, { error: `must be one of ${costFileMetrics.join(', ')}` })
    .default('cost')
    .openapi({ description: 'What shares and changes are of.' }),
  compare: z.literal('previous', { error: 'must be previous' }).optional().openapi({
    description: 'Adds the period before, as long, and the change; not together with `interval`.',
  }),
  sessions: z.literal('true', { error: 'must be true' }).optional().openapi({
    description: 'Adds how many sessions a group has, and what each costs; not together with `interval`.',
  }),
  limit: wholeNumber({ min: 1, max: costFileRowsMax })
    .optional()
    .openapi({
      type: 'integer',
      minimum: 1,
      maximum: costFileRowsMax,
      description: `Only the costliest rows. Left out, all of them; more than ${costFileRowsMax} are refused.`,
    }),
});

const callsByStatus = z
  .object({
    priced: z.number().int(),
    reported: z.number().int(),
    unpricedModel: z.number().int(),
    unpricedUsage: z.number().int(),
  })
  .openapi({
    description: 'Counted model calls by how they were booked; the first two are `pricedCalls` of the cost.',
  });

export const costRow = z
  .object({
    time: z.string().optional().openapi({ description: 'Start of the interval, RFC 3339 (UTC).' }),
    agent: z.string().nullable().optional(),
    revision: z.string().nullable().optional(),
    model: z.string().nullable().optional(),
    user: z.string().nullable().optional(),
    session: z.string().nullable().optional(),
    provider: z.string().nullable().optional(),
    environment: z.string().nullable().optional(),
    service: z.string().nullable().optional(),
    costCentre: z.string().nullable().optional().openapi({ description: 'null: unallocated.' }),
    team: z.string().nullable().optional(),
    labels: z
      .record(z.string(), z.string().nullable())
      .optional()
      .openapi({ description: 'Values of the `label:KEY` dimensions, by key.' }),
    usage,
    cost,
  })
  .openapi('CostRow');
export type CostRow = z.infer<typeof costRow>;

export const costsReply = z
  .object({
    totals: z
      .object({ usage, cost, callsByStatus })
      .openapi({ description: 'The sum of all rows, also of those that were cut.' }),
    rows: z.array(costRow).openapi({ description: 'By time, then costliest first; `null` is what has no such value.' }),
    groupCount: z.number().int().openapi({
      description:
        'Rows there are. More than `rows` holds when they were cut: it has the costliest, what is missing is the difference to `totals`.',
    }),
    booked: z.object({ verifiedTo: unixNano.nullable() }).openapi({
      description: 'Every span that arrived before `verifiedTo` is in these sums; null before the first pass.',
    }),
  })
  .openapi('Costs');
export type CostsReply = z.infer<typeof costsReply>;

export const ledgerSorts = ['-startTime', '-cost'] as const;
export type LedgerSort = (typeof ledgerSorts)[number];

export const ledgerQuery = queryOf({
  ...costFilters,
  traceId: z
    .string({ error: 'must be given once' })
    .regex(/^[0-9a-f]{32}$/, { error: 'must be 32 lower-case hex digits' })
    .optional()
    .openapi({ description: 'Only this trace, at any time.' }),
  status: z
    .enum(bookingStatuses, { error: `must be one of ${bookingStatuses.join(', ')}` })
    .optional()
    .openapi({ description: 'How the call was booked.' }),
  counted: z
    .enum(['true', 'false', 'all'], { error: 'must be true, false or all' })
    .default('true')
    .openapi({ description: '`true`: what is in the sums; `false`: what was left out, with the reason; `all`: both.' }),
  history: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false').openapi({
    description:
      '`true`: also what was booked and taken back, as it was written and in that order, amounts with their sign; needs `traceId`.',
  }),
  sort: z
    .enum(ledgerSorts, { error: `must be one of ${ledgerSorts.join(', ')}` })
    .default('-startTime')
    .openapi({ description: 'Order; `-` is descending. Unknown costs come last. A history has its own order.' }),
  limit: limit(ledgerLimits),
  cursor,
});
export type LedgerQuery = z.infer<typeof ledgerQuery>;

/** One decision of settlement: what of a span is in the sums, at which price, and if not, why. */
export const ledgerEntry = z
  .object({
    traceId,
    spanId,
    startTimeUnixNano: unixNano,
    sign: z
      .union([z.literal(1), z.literal(-1)])
      .openapi({ description: '-1 takes an earlier row back (`history` only).' }),
    agent: z.string().nullable(),
    agentVersion: z.string().nullable(),
    session: z.string().nullable(),
    user: z.string().nullable(),
    environment: z.string().nullable(),
    service: z.string().nullable(),
    labels: z.record(z.string(), z.string()),
    provider: z.string().nullable(),
    model: z
      .string()
      .nullable()
      .openapi({ description: 'The model that was priced: response model, else request model.' }),
    requestModel: z.string().nullable(),
    kind: z.string(),
    operation: z.string().nullable(),
    serviceTier: z.string().nullable(),
    isBatch: z.boolean(),
    isError: z.boolean(),
    counted: z.boolean(),
    notCountedBecause: z.enum(['aggregate', 'wrapper', 'duplicate', 'not_a_model_call']).nullable(),
    countedInstead: z
      .object({ traceId, spanId })
      .nullable()
      .openapi({ description: 'Of a wrapper or duplicate: the span that stands in the sums for it.' }),
    status: z.enum(bookingStatuses).nullable(),
    usage,
    cacheWrite5mTokens: z.number().int(),
    cacheWrite1hTokens: z.number().int(),
    inputAudioTokens: z.number().int(),
    outputAudioTokens: z.number().int(),
    costUsd: z.string().nullable().openapi({ description: 'null: unknown.' }),
    reportedCostUsd: z
      .string()
      .nullable()
      .openapi({ description: 'What the emitter said; beside our own, never added.' }),
    price: z.unknown().openapi({
      description: 'Unit prices behind the amount, or what is missing for one; null where nothing was priced.',
    }),
    priceVersion: z.string().nullable(),
    pass: z.string().openapi({ description: 'Number of the settlement pass that wrote the row.' }),
    bookedAtUnixNano: unixNano,
  })
  .openapi('LedgerEntry');
export type LedgerEntryReply = z.infer<typeof ledgerEntry>;

export const ledgerReply = z.object({ entries: z.array(ledgerEntry), nextCursor }).openapi('Ledger');
export type LedgerReply = z.infer<typeof ledgerReply>;
