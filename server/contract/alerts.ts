import { z } from '@hono/zod-openapi';
import { alertLimits, alertRule, alertRuleInput, strict } from './alert-rules.ts';
import { alertLink, alertMetric, alertSeverity, alertStateName, alertUnit, alertWindow } from './alert-values.ts';
import { cursor, limit, project, queryOf, time } from './requests.ts';
import { nextCursor } from './values.ts';

const ms = z.number().int().openapi({ description: 'Milliseconds since 1970.' });

/** How one group of a rule is. */
export const alertState = z
  .object({
    ruleId: z.string(),
    group: z.string().nullable().openapi({ description: 'null: the rule has no groups.' }),
    state: alertStateName,
    severity: alertSeverity.nullable(),
    value: z.number().nullable().openapi({ description: 'null: no data.' }),
    unit: alertUnit,
    limit: z.number().nullable().openapi({ description: 'The limit that it is over, or would be over first.' }),
    sinceMs: ms,
    acknowledgedBy: z.string().nullable(),
    silencedUntilMs: ms.nullable(),
    window: alertWindow,
    links: z.array(alertLink),
  })
  .openapi('AlertState');
export type AlertState = z.infer<typeof alertState>;

const cause = z.object({
  dimension: z.string().openapi({ description: 'agent, model, user, session or tool.' }),
  value: z.string(),
  amount: z.number(),
  unit: alertUnit,
  change: z
    .number()
    .nullable()
    .openapi({ description: 'Against the window before: 0.35 is 35 % more; null: it had none.' }),
});
export type AlertCause = z.infer<typeof cause>;

const change = z.object({
  what: z.enum(['agent revision', 'model']),
  agent: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  atMs: ms,
});
export type AlertChange = z.infer<typeof change>;

/** One thing to tell: a change of state, a reminder, or a threshold of a budget. Never prompt text. */
export const alertEvent = z
  .object({
    eventId: z.string().openapi({ description: 'The same thing has the same id, whoever found it and how often.' }),
    projectId: z.string(),
    source: z.enum(['rule', 'budget']),
    ruleId: z.string().nullable(),
    budgetId: z.string().nullable(),
    name: z.string().openapi({ description: 'Of the rule or the budget.' }),
    metric: alertMetric,
    unit: alertUnit,
    group: z.string().nullable(),
    groupBy: z.string().nullable(),
    from: alertStateName,
    to: alertStateName,
    isReminder: z.boolean().openapi({ description: 'It goes on; the state is the one that was told before.' }),
    severity: alertSeverity.nullable(),
    value: z.number().nullable(),
    limit: z.number().nullable(),
    window: alertWindow,
    sinceMs: ms,
    atMs: ms,
    action: z.enum(['warn', 'downgrade', 'pause', 'block']).nullable().openapi({ description: 'Of a budget.' }),
    budget: z
      .object({
        accountId: z.string(),
        value: z.string().nullable(),
        windowKey: z.string(),
        threshold: z.number(),
        spentUsd: z.string().openapi({ description: 'In the ledger, and on its way there.' }),
        amountUsd: z.string(),
        pendingUsd: z.string().optional().openapi({ description: 'Of `spentUsd`, what the ledger does not have yet.' }),
        waitingSessions: z.number().int().optional().openapi({ description: 'Sessions that wait until it is raised.' }),
      })
      .nullable(),
    projection: z.object({ exhaustedAtMs: ms.nullable(), usdAtEnd: z.string().nullable() }).nullable(),
    causes: z.array(cause).max(3),
    changes: z.array(change),
    links: z.array(alertLink),
    channelIds: z.array(z.string()).openapi({ description: 'Empty while it is silenced.' }),
    isSilenced: z.boolean(),
    isTest: z.boolean(),
  })
  .openapi('AlertEvent');
export type AlertEvent = z.infer<typeof alertEvent>;

export const alertsQuery = queryOf({ project });
export const alertRulePath = z.object({
  ruleId: z
    .string()
    .regex(/^[0-9a-z-]{1,64}$/, { error: 'must be the id of an alert rule' })
    .openapi({ description: 'As the list of rules has it.' }),
});
export const alertRulesReply = z
  .object({
    rules: z.array(
      alertRule.extend({
        lastFiredMs: ms.nullable(),
        firingGroups: z.number().int(),
      }),
    ),
  })
  .openapi('AlertRules');
export type AlertRulesReply = z.infer<typeof alertRulesReply>;
export const alertRuleReply = z.object({ rule: alertRule }).openapi('AlertRuleReply');

export const alertStatesReply = z
  .object({
    states: z.array(alertState).openapi({ description: 'What fires first, then by rule and value.' }),
    rules: z
      .array(
        z.object({
          ruleId: z.string(),
          groupCount: z.number().int().openapi({ description: 'That the window had.' }),
          omittedGroups: z.number().int().openapi({ description: 'That were left out, being the smallest.' }),
          failure: z.string().nullable().openapi({ description: 'Why its last query gave nothing; its states stay.' }),
        }),
      )
      .openapi({ description: 'How each rule was read.' }),
    evaluatedAtMs: ms.nullable().openapi({ description: 'When rules were last looked at; null: never yet.' }),
    evaluatedToMs: ms.nullable().openapi({
      description: 'Where their windows ended: earlier than `evaluatedAtMs` while settlement is behind.',
    }),
    evaluationLagMs: z.number().int().nullable().openapi({ description: 'Since `evaluatedToMs`.' }),
    settlementLagMs: z.number().int().nullable().openapi({ description: 'How old the verified cursor is.' }),
  })
  .openapi('AlertStates');
export type AlertStatesReply = z.infer<typeof alertStatesReply>;

const group = z
  .string({ error: 'must be a value of the rule’s groupBy, or null' })
  .max(1_000, { error: 'must be at most 1000 characters' })
  .nullable();

export const acknowledgeRequest = strict({
  group: group.default(null).openapi({ description: 'Of a rule without groups null.' }),
}).openapi('AcknowledgeRequest');
export const silenceRequest = strict({
  group: group.default(null).openapi({ description: 'null: all groups of the rule.' }),
  minutes: z
    .number({ error: `must be a whole number from 0 to ${alertLimits.silenceMinutesMax}; 0 ends it` })
    .int({ error: `must be a whole number from 0 to ${alertLimits.silenceMinutesMax}; 0 ends it` })
    .min(0, { error: `must be a whole number from 0 to ${alertLimits.silenceMinutesMax}; 0 ends it` })
    .max(alertLimits.silenceMinutesMax, {
      error: `must be a whole number from 0 to ${alertLimits.silenceMinutesMax}; 0 ends it`,
    }),
}).openapi('SilenceRequest');
export const silencedReply = z
  .object({ ruleId: z.string(), group: z.string().nullable(), silencedUntilMs: ms.nullable() })
  .openapi('Silenced');
export const acknowledgedReply = z
  .object({ ruleId: z.string(), group: z.string().nullable(), acknowledgedBy: z.string(), sinceMs: ms })
  .openapi('Acknowledged');

const daysError = `must be a whole number from 1 to ${alertLimits.backTestDaysMax}`;
export const backTestRequest = strict({
  rule: alertRuleInput,
  days: z
    .number({ error: daysError })
    .int({ error: daysError })
    .min(1, { error: daysError })
    .max(alertLimits.backTestDaysMax, { error: daysError })
    .default(14),
}).openapi('BackTestRequest');

/** When a rule would have fired. */
export const backTestReply = z
  .object({
    fromMs: ms,
    toMs: ms,
    stepMs: z.number().int().openapi({ description: 'Between two looks at the rule.' }),
    measured: z.string().openapi({ description: 'What the values are of.' }),
    unit: alertUnit,
    firedCount: z.number().int(),
    fired: z
      .array(
        z.object({
          group: z.string().nullable(),
          severity: alertSeverity.openapi({ description: 'The highest it came to.' }),
          fromMs: ms,
          toMs: ms.nullable().openapi({ description: 'null: it still fires.' }),
          peak: z.number().nullable(),
        }),
      )
      .openapi({ description: 'The latest first.' }),
    messages: z.number().int().openapi({ description: 'Events in all, reminders and recoveries included.' }),
    series: z
      .array(
        z.object({
          group: z.string().nullable(),
          points: z.array(z.object({ atMs: ms, value: z.number().nullable() })),
        }),
      )
      .openapi({ description: 'For a chart: the groups that came closest to the limit, worst first.' }),
    groupCount: z.number().int(),
    omittedGroups: z.number().int(),
  })
  .openapi('BackTest');
export type BackTestReply = z.infer<typeof backTestReply>;

const one = (what: string) =>
  z
    .string({ error: 'must be given once' })
    .min(1, { error: 'must not be empty' })
    .max(1_000, { error: 'must be at most 1000 characters' })
    .optional()
    .openapi({ description: what });
export const alertEventsQuery = queryOf({
  project,
  event: one('Only this event, at any time.'),
  rule: one('Id of a rule.'),
  budget: one('Id of a budget.'),
  group: one('A value of the rule’s `groupBy`.'),
  state: alertStateName.optional().openapi({ description: 'The state that it came to.' }),
  from: time('Inclusive; default: 30 days before `to`.'),
  to: time('Exclusive; default: now.'),
  limit: limit({ default: 50, max: 200 }),
  cursor,
});
export const alertEventsReply = z
  .object({ events: z.array(alertEvent).openapi({ description: 'The newest first.' }), nextCursor })
  .openapi('AlertEvents');
export type AlertEventsReply = z.infer<typeof alertEventsReply>;
