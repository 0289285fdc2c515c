import { z } from '@hono/zod-openapi';
import {
  accountFields,
  accountState,
  budgetAccount,
  budgetActions,
  budgetLimits,
  budgetScopes,
  fromRuntime,
  strict,
  usd,
  value,
} from './budgets.ts';
import { filterValueLength, labelKeyMax } from './requests.ts';
import { spanId, traceId } from './values.ts';

const callerError = `must be at most ${filterValueLength} characters`;
const caller = z
  .string({ error: callerError })
  .max(filterValueLength, { error: callerError })
  .nullable()
  .default(null)
  .transform((name) => (name === '' ? null : name))
  .openapi({ type: ['string', 'null'], description: 'null or empty: nobody that is known.' });

/** Who makes a call. */
const callFields = {
  agent: caller,
  user: caller,
  session: caller,
  labels: z
    .record(value(labelKeyMax), z.string().max(filterValueLength), { error: 'must be an object of texts' })
    .default({}),
};

const tokensError = 'must be a whole number from 0 to 1000000000';
const tokens = z
  .number({ error: tokensError })
  .int({ error: tokensError })
  .min(0, { error: tokensError })
  .max(1_000_000_000, { error: tokensError });

export const checkRequest = strict({
  ...callFields,
  model: value().optional(),
  provider: value().optional(),
  inputTokens: tokens.optional(),
  maxOutputTokens: tokens.optional(),
  estimatedUsd: z
    .string({ error: 'must be US dollars as text such as 0.02' })
    .regex(/^\d{1,6}(\.\d{1,12})?$/, { error: 'must be US dollars as text such as 0.02' })
    .optional()
    .openapi({ description: 'What the call may cost; left out: from the price of `model` and the tokens.' }),
}).openapi('BudgetCheckRequest');
export type CheckRequest = z.infer<typeof checkRequest>;

export const checkReply = z
  .object({
    allowed: z.boolean(),
    action: z
      .enum(['allow', ...budgetActions])
      .openapi({ description: 'What the strictest budget that has no room asks for.' }),
    reason: z.string().nullable().openapi({ description: 'In one line; null: nothing stands in the way.' }),
    estimatedUsd: usd.nullable().openapi({ description: 'What the call was counted with; null: nothing told.' }),
    budgets: z.array(
      budgetAccount.extend({
        name: z.string(),
        fits: z.boolean().openapi({ description: 'The estimate is no more than what remains.' }),
      }),
    ),
    runtime: fromRuntime,
  })
  .openapi('BudgetCheck');
export type CheckReply = z.infer<typeof checkReply>;

/** As a definition file declares it, read by the runtime. */
export const declaredBudget = z.object({
  scope: z.string().regex(/^(agent|user|session|label:.{1,128})$/s, {
    error: 'must be agent, user, session or label:KEY',
  }),
  usd: z.string().regex(/^\d{1,9}(\.\d{1,12})?$/, { error: 'must be US dollars as text' }),
  period: z.enum(['hour', 'day', 'week', 'month', 'total']),
  timezone: z.string().max(64).default('UTC'),
  notifyAt: z.array(z.number()).max(budgetLimits.thresholdsMax).default([80, 100]),
  notify: z.array(z.string().max(budgetLimits.nameLength)).max(budgetLimits.channelsMax).default([]),
  action: z.enum(budgetActions).default('block'),
});
export type DeclaredBudget = z.infer<typeof declaredBudget>;

export const resolveRequest = strict({
  ...callFields,
  declared: z
    .array(declaredBudget, { error: 'must be the budgets that the agent declares' })
    .max(budgetLimits.declaredMax, { error: `must be at most ${budgetLimits.declaredMax}` })
    .default([]),
  calls: z
    .array(z.object({ traceId, spanId }), { error: 'must be a list of calls' })
    .max(budgetLimits.callsMax, { error: `must be at most ${budgetLimits.callsMax} calls` })
    .default([])
    .openapi({ description: 'Calls that the runtime has settled and does not know to be booked.' }),
  accounts: z
    .array(z.string().min(1).max(1_024), { error: 'must be a list of account ids' })
    .max(budgetLimits.accountIdsMax, { error: `must be at most ${budgetLimits.accountIdsMax} accounts` })
    .optional()
    .openapi({
      description:
        'Exactly these, whoever calls; ids that no budget has are left out. Without it, those that a call of this agent, user, ' +
        'session and these labels falls on.',
    }),
  channels: z
    .boolean({ error: 'must be true or false' })
    .default(false)
    .openapi({ description: 'Also what the channels of the project are called.' }),
}).openapi('BudgetResolveRequest');
export type ResolveRequest = z.infer<typeof resolveRequest>;

export const resolvedAccount = z
  .object({
    ...accountFields,
    name: z.string(),
    scope: z.enum(budgetScopes),
    labelKey: z.string().nullable(),
    state: accountState,
    isStopping: z.boolean().openapi({ description: 'A call that does not fit must not be made.' }),
    priceRequired: z.boolean().openapi({ description: 'A call whose price is not known must not be made.' }),
  })
  .openapi('ResolvedBudgetAccount');
export type ResolvedAccount = z.infer<typeof resolvedAccount>;

export const resolveReply = z
  .object({
    accounts: z.array(resolvedAccount),
    bookedCalls: z.array(z.object({ traceId, spanId })).openapi({
      description: 'Of `calls` those that were in the ledger when the sums were read: of the same moment.',
    }),
    revision: z.string().openapi({
      description:
        'Another one whenever calls may fall on other accounts than before; empty: the project has no budget.',
    }),
    channels: z.array(z.string()).nullable().openapi({ description: 'By name; null: they were not asked for.' }),
    nowMs: z.number().int().openapi({ description: 'The database’s clock when the ledger was read.' }),
  })
  .openapi('BudgetResolution');
export type ResolveReply = z.infer<typeof resolveReply>;

/** What the runtime holds of accounts: `GET /v1/budgets`. */
export const runtimeBudgets = z.object({
  accounts: z.array(
    z.object({
      accountId: z.string(),
      windowKey: z.string(),
      reservedUsd: usd,
      pendingUsd: usd,
      spentUsd: usd.optional().openapi({ description: 'By the ledger, when it was last asked which calls it has.' }),
      pausedSessions: z.number().int(),
      refused: z
        .object({ amountUsd: usd, atMs: z.number().int() })
        .nullable()
        .default(null)
        .openapi({ description: 'When a call last did not fit, and into which amount.' }),
    }),
  ),
  paused: z
    .array(
      z.object({
        sessionId: z.string(),
        accountId: z.string(),
        agent: z.string().nullable(),
        sinceMs: z.number().int().nullable(),
      }),
    )
    .default([]),
});
export type RuntimeBudgets = z.infer<typeof runtimeBudgets>;
