import { z } from '@hono/zod-openapi';
import { budgetPeriod } from './periods.ts';
import { filterValueLength, labelKeyMax, project, queryOf } from './requests.ts';
import { unixNano } from './values.ts';

export const budgetScopes = ['project', 'agent', 'user', 'session', 'label', 'costCentre', 'team'] as const;
export type BudgetScope = (typeof budgetScopes)[number];
/** In the order of how much they do. */
export const budgetActions = ['warn', 'downgrade', 'pause', 'block'] as const;
export type BudgetAction = (typeof budgetActions)[number];

export const budgetLimits = {
  /** Of one project, those that agents declare not counted. */
  budgetsMax: 200,
  nameLength: 100,
  thresholdsMax: 10,
  thresholdPercentMax: 1_000,
  channelsMax: 20,
  /** Accounts in one answer; those in most need are in it. */
  accountsMax: 500,
  /** Points of a burn-down, the whole window. */
  seriesPointsMax: 400,
  /** Of each dimension. */
  driversMax: 5,
  /** Unbooked calls of the runtime in one request. */
  callsMax: 1_000,
  /** Accounts that are asked for by id. */
  accountIdsMax: 500,
  /** Budgets of one agent's definition. */
  declaredMax: 20,
} as const;

/** A JSON body, every one of budgets. */
export const budgetBodyBytesMax = 1024 * 1024;

export function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${issue.keys.map((key) => `\`${key}\``).join(', ')}; allowed: ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}

function line(max: number) {
  const error = `must be 1 to ${max} characters, none of them a control character, and no space around them`;
  return z
    .string({ error })
    .min(1, { error })
    .max(max, { error })
    .regex(/^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u, { error });
}

export function value(max = filterValueLength) {
  const error = `must be 1 to ${max} characters`;
  return z.string({ error }).min(1, { error }).max(max, { error });
}

export const usd = z.string().openapi({ description: 'US dollars, exact.', example: '12.5' });
const rfc3339 = z.string().openapi({ format: 'date-time' });

const amountError = 'must be US dollars above 0 as text, with at most six digits before and twelve after the point';
const amountUsd = z
  .string({ error: amountError })
  .regex(/^\d{1,6}(\.\d{1,12})?$/, { error: amountError })
  .refine((text) => Number(text) > 0, { error: amountError })
  .openapi({ description: 'US dollars of each account and period, as text.', example: '250' });

const thresholdError = `must be percentages above 0 up to ${budgetLimits.thresholdPercentMax}, each once, at most ${budgetLimits.thresholdsMax}`;
const thresholds = z
  .array(
    z
      .number({ error: thresholdError })
      .gt(0, { error: thresholdError })
      .max(budgetLimits.thresholdPercentMax, { error: thresholdError }),
    { error: thresholdError },
  )
  .max(budgetLimits.thresholdsMax, { error: thresholdError })
  .refine((all) => new Set(all).size === all.length, { error: thresholdError })
  .transform((all) => all.toSorted((a, b) => a - b))
  .openapi({
    type: 'array',
    items: { type: 'number' },
    description: 'Per cent of the amount at which somebody is told.',
  });

const actionError = `must be one of ${budgetActions.join(', ')}`;
const scopeError = `must be one of ${budgetScopes.join(', ')}`;

const inputFields = {
  name: line(budgetLimits.nameLength),
  scope: z.enum(budgetScopes, { error: scopeError }).openapi({ description: 'What the money is spent by.' }),
  labelKey: value(labelKeyMax).nullable().default(null).openapi({ description: 'Of scope label: its key.' }),
  value: value().nullable().default(null).openapi({
    description: 'The agent, user, session, label value, cost centre or team; null: each has this amount.',
  }),
  amountUsd,
  period: budgetPeriod,
  thresholds: thresholds.default([50, 80, 100]),
  action: z.enum(budgetActions, { error: actionError }).default('warn').openapi({
    description:
      'When it is used up: only tell; use the last model of the chain; end turns until it is raised; refuse calls.',
  }),
  channelIds: z
    .array(value(64), { error: 'must be a list of channel ids' })
    .max(budgetLimits.channelsMax, { error: `must be at most ${budgetLimits.channelsMax} channels` })
    .default([]),
};

interface ScopeFields {
  scope: BudgetScope;
  labelKey: string | null;
  value: string | null;
}

function checkScope({ scope, labelKey, value: wanted }: ScopeFields, context: z.RefinementCtx): void {
  if (scope === 'label' && labelKey === null) {
    context.addIssue({ code: 'custom', path: ['labelKey'], message: 'must be the key of a label with scope label' });
  }
  if (scope !== 'label' && labelKey !== null) {
    context.addIssue({ code: 'custom', path: ['labelKey'], message: `must be null with scope ${scope}` });
  }
  if (scope === 'project' && wanted !== null) {
    context.addIssue({ code: 'custom', path: ['value'], message: 'must be null with scope project' });
  }
}

/** A budget as it is asked for. */
export const budgetInput = strict(inputFields).superRefine(checkScope).openapi('BudgetInput');
export type BudgetInput = z.infer<typeof budgetInput>;

const versionError = 'must be the version that was read, a whole number from 1';
export const budgetChange = strict({
  ...inputFields,
  version: z
    .number({ error: versionError })
    .int({ error: versionError })
    .min(1, { error: versionError })
    .openapi({ description: 'The version that was read: with another one stored nothing is changed (409).' }),
})
  .superRefine(checkScope)
  .openapi('BudgetChange');

export const budget = z
  .object({
    budgetId: z.string(),
    ...inputFields,
    thresholds: z.array(z.number()),
    source: z
      .enum(['api', 'definition'])
      .openapi({ description: '`definition`: declared in the file of an agent, and changed there.' }),
    agent: z.string().nullable().openapi({
      description: 'Of a declared one: the agent that declares it; it counts this agent’s spending alone.',
    }),
    missingChannels: z
      .array(z.string())
      .openapi({ description: 'Of a declared one: names that it gives and no channel of the project has.' }),
    version: z.number().int().openapi({ description: '0 of a declared one.' }),
    createdAt: rfc3339.nullable().openapi({ description: 'null of a declared one.' }),
    updatedAt: rfc3339.nullable(),
  })
  .openapi('Budget');
export type Budget = z.infer<typeof budget>;

const windowFields = z.object({
  key: z.string().openapi({ description: 'Another one when a new period has begun; `rolling` always is the same.' }),
  from: rfc3339,
  to: rfc3339.nullable().openapi({ description: 'null: it has no end.' }),
});

export const accountFields = {
  accountId: z.string().openapi({ description: 'Stable: the budget’s id, a colon and the value.' }),
  budgetId: z.string(),
  value: z.string().nullable(),
  amountUsd: usd,
  action: z.enum(budgetActions),
  thresholds: z.array(z.number()),
  window: windowFields,
  spentUsd: usd.openapi({ description: 'In the ledger.' }),
  unpricedCalls: z.number().int().openapi({ description: 'Calls without a known cost: they are not in `spentUsd`.' }),
};
export const accountState = z
  .enum(['ok', 'warned', 'exhausted'])
  .openapi({ description: 'By what is spent, in the ledger and pending; `warned` from the first threshold.' });

/** What one value has of a budget in the window that runs. */
export const budgetAccount = z
  .object({
    ...accountFields,
    pendingUsd: usd.openapi({ description: 'Settled in the runtime, not yet in the ledger.' }),
    reservedUsd: usd.openapi({ description: 'Held by calls that run.' }),
    remainingUsd: usd.openapi({ description: 'Of the amount, less all three; negative where it is overspent.' }),
    state: accountState,
  })
  .openapi('BudgetAccount');
export type BudgetAccount = z.infer<typeof budgetAccount>;

export const budgetProjection = z
  .object({
    usdAtEnd: usd.nullable().openapi({ description: 'When the window ends; null where it does not.' }),
    lowUsdAtEnd: usd.nullable(),
    highUsdAtEnd: usd.nullable(),
    exhaustedAt: rfc3339.nullable().openapi({ description: 'null: not before the window ends, or within a year.' }),
    earliestAt: rfc3339.nullable(),
    latestAt: rfc3339.nullable(),
  })
  .openapi('BudgetProjection', {
    description:
      'If it goes on as in this window so far. Four of five times the truth lies in the range, as far as one part of the window is ' +
      'like another.',
  });
export type BudgetProjection = z.infer<typeof budgetProjection>;

export const driverDimensions = ['agent', 'model', 'user', 'session'] as const;
export type DriverDimension = (typeof driverDimensions)[number];

export const budgetDriver = z
  .object({
    dimension: z.enum(driverDimensions),
    value: z.string().nullable().openapi({ description: 'null: what has none.' }),
    usd,
    share: z.number().openapi({ description: '0 to 1, of all that the account has spent.' }),
    previousUsd: usd.nullable().openapi({ description: 'In the same part of the window before; null: there is none.' }),
  })
  .openapi('BudgetDriver');
export type BudgetDriver = z.infer<typeof budgetDriver>;

export const fromRuntime = z.enum(['answered', 'unavailable', 'none']).openapi({
  description: 'Whether pending and reserved amounts are known: `none` means that there is no runtime.',
});
const booked = z.object({
  verifiedTo: unixNano.nullable().openapi({ description: 'What arrived before is in the ledger.' }),
});
const pausedCount = z.number().int().nullable().openapi({ description: 'null: not known.' });

export const budgetsQuery = queryOf({ project });
export const budgetQuery = queryOf({
  project,
  value: z
    .string({ error: 'must be given once' })
    .min(1, { error: 'must not be empty' })
    .max(filterValueLength, { error: `must be at most ${filterValueLength} characters` })
    .optional()
    .openapi({ description: 'The account to look at closely; default: the one in most need.' }),
});
export const budgetPath = z.object({
  budgetId: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,128}$/, { error: 'must be the id of a budget' })
    .openapi({ description: 'As the list of budgets has it.' }),
});

export const budgetsReply = z
  .object({
    budgets: z.array(
      budget.extend({
        account: budgetAccount.nullable().openapi({ description: 'In most need; null: no value has spent yet.' }),
        accountCount: z.number().int(),
        warnedCount: z.number().int(),
        exhaustedCount: z.number().int(),
        pausedSessions: pausedCount,
        projection: budgetProjection.nullable().openapi({ description: 'Of `account`; null: too little to tell.' }),
      }),
    ),
    runtime: fromRuntime,
    booked,
  })
  .openapi('Budgets');
export type BudgetsReply = z.infer<typeof budgetsReply>;

export const budgetReply = z
  .object({
    budget,
    accounts: z
      .array(budgetAccount.extend({ pausedSessions: pausedCount }))
      .openapi({ description: `Costliest first, at most ${budgetLimits.accountsMax}.` }),
    accountCount: z.number().int(),
    focus: z
      .object({
        account: budgetAccount,
        projection: budgetProjection.nullable(),
        series: z.array(z.object({ time: rfc3339, spentUsd: usd })).openapi({
          description: 'Spent since the window began, in the ledger, at the end of each step; the last is now.',
        }),
        drivers: z.array(budgetDriver),
        pausedSessions: z
          .array(
            z.object({ sessionId: z.string(), agent: z.string().nullable(), sinceMs: z.number().int().nullable() }),
          )
          .nullable(),
      })
      .nullable(),
    runtime: fromRuntime,
    booked,
  })
  .openapi('BudgetDetail');
export type BudgetReply = z.infer<typeof budgetReply>;

export const changedBudgetReply = z.object({ budget }).openapi('ChangedBudget');
