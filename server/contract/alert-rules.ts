import { z } from '@hono/zod-openapi';
import { type AlertDimension, alertDimensions, alertMetric, alertUnit } from './alert-values.ts';
import { timeZone } from './periods.ts';
import { filterValueLength, labelKeyMax } from './requests.ts';
import { unixNano } from './values.ts';

export const alertLimits = {
  /** Rules of a project: each is one query every half minute. */
  rulesMax: 200,
  /** Groups of one rule that are looked at; the largest. */
  groupsMax: 200,
  groupsDefault: 50,
  /** 31 days. */
  windowMinutesMax: 44_640,
  /** One day. */
  forSecondsMax: 86_400,
  renotifyMinutesMax: 43_200,
  silenceMinutesMax: 43_200,
  channelsMax: 10,
  nameLength: 100,
  backTestDaysMax: 31,
  minimumCountMax: 1_000_000,
} as const;

/** Names are shown in one line. */
const noControls = /^[^\p{Cc}\p{Cs}]+$/u;

export function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${issue.keys.map((key) => `\`${key}\``).join(', ')}; allowed: ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}

function wholeNumber({ min, max }: { min: number; max: number }) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

const limitError = 'must be a number, or null';
const limit = z.number({ error: limitError }).min(-1e12, { error: limitError }).max(1e12, { error: limitError });

const filterError = `must be 1 to ${filterValueLength} characters`;
const filter = z
  .string({ error: filterError })
  .min(1, { error: filterError })
  .max(filterValueLength, { error: filterError });

const filters = strict({
  agent: filter.optional(),
  model: filter.optional(),
  user: filter.optional(),
  session: filter.optional(),
  environment: filter.optional(),
  provider: filter.optional(),
  tool: filter.optional(),
  label: filter
    .regex(/^[^=]{1,128}=./s, { error: `must be KEY=VALUE, with a key of at most ${labelKeyMax} characters` })
    .optional(),
}).openapi({ description: 'All of them must hold.' });
export type AlertFilters = z.infer<typeof filters>;

export type AlertGroupName = AlertDimension | `label:${string}`;
const groupNames = `${alertDimensions.join(', ')} or label:KEY`;
const groupBy = z
  .string({ error: `must be one of ${groupNames}, or null` })
  .refine((name): name is AlertGroupName => isGroupName(name), { error: `must be one of ${groupNames}, or null` })
  .openapi({ type: 'string', description: `One of ${groupNames}; each value has a state of its own.` });

function isGroupName(name: string): boolean {
  if (name.startsWith('label:')) return name.length > 'label:'.length && name.length <= 'label:'.length + labelKeyMax;
  return (alertDimensions as readonly string[]).includes(name);
}

const window = z
  .discriminatedUnion(
    'kind',
    [
      strict({ kind: z.literal('rolling'), minutes: wholeNumber({ min: 1, max: alertLimits.windowMinutesMax }) }),
      strict({
        kind: z.literal('calendar'),
        unit: z.enum(['day', 'week', 'month'], { error: 'must be one of day, week, month' }),
        timeZone: timeZone.default('UTC'),
      }),
    ],
    { error: 'must be rolling (with minutes) or calendar (with unit day, week or month and timeZone)' },
  )
  .openapi({ description: 'The last minutes, or from the beginning of the day, the week (Monday) or the month on.' });
export type AlertWindow = z.infer<typeof window>;

const nameError = `must be 1 to ${alertLimits.nameLength} characters, none of them a control character`;
const fields = {
  name: z
    .string({ error: nameError })
    .min(1, { error: nameError })
    .max(alertLimits.nameLength, { error: nameError })
    .regex(noControls, { error: nameError }),
  metric: alertMetric,
  filters: filters.default({}),
  groupBy: groupBy.nullable().default(null),
  maxGroups: wholeNumber({ min: 1, max: alertLimits.groupsMax }).default(alertLimits.groupsDefault).openapi({
    description: 'The largest groups of the window are looked at; the answer says how many were left out.',
  }),
  window,
  operator: z.enum(['>', '<'], { error: 'must be > or <' }).default('>'),
  warning: limit.nullable().default(null),
  critical: limit.nullable().default(null),
  recovery: limit
    .nullable()
    .default(null)
    .openapi({ description: 'It is over when the value is back at this; null: at the limit itself.' }),
  forSeconds: wholeNumber({ min: 0, max: alertLimits.forSecondsMax })
    .default(0)
    .openapi({ description: 'So long it is pending before it fires.' }),
  renotifyMinutes: wholeNumber({ min: 5, max: alertLimits.renotifyMinutesMax })
    .nullable()
    .default(null)
    .openapi({ description: 'What goes on firing and is not acknowledged is told again after this; null: never.' }),
  noDataAs: z
    .enum(['ok', 'no_data', 'firing'], { error: 'must be ok, no_data or firing' })
    .default('ok')
    .openapi({ description: 'What a window without any value is.' }),
  minimumCount: wholeNumber({ min: 1, max: alertLimits.minimumCountMax })
    .default(1)
    .openapi({ description: 'A rate or a percentile of fewer samples than these is no data.' }),
  channelIds: z
    .array(
      z
        .string({ error: 'must be ids of channels' })
        .min(1, { error: 'must be ids of channels' })
        .max(100, { error: 'must be ids of channels' }),
      { error: 'must be a list of ids of channels' },
    )
    .max(alertLimits.channelsMax, { error: `must be at most ${alertLimits.channelsMax} channels` })
    .default([]),
  isEnabled: z.boolean({ error: 'must be true or false' }).default(true),
};

/** A rule as it is written. What its fields mean together is checked by `findRuleFault`. */
export const alertRuleInput = strict(fields).openapi('AlertRuleInput');
export type AlertRuleInput = z.infer<typeof alertRuleInput>;

export const alertRuleChange = strict({
  ...fields,
  version: wholeNumber({ min: 1, max: Number.MAX_SAFE_INTEGER })
    .optional()
    .openapi({ description: 'The version that was read: with another one stored, nothing is changed (409).' }),
}).openapi('AlertRuleChange');

export const alertRule = z
  .object({
    ruleId: z.string(),
    ...fields,
    unit: alertUnit.openapi({ description: 'Of its values and limits.' }),
    version: z.number().int(),
    author: z.string().openapi({ description: '`api` without a key, or the id of a key.' }),
    updatedUnixNano: unixNano,
  })
  .openapi('AlertRule');
export type AlertRule = z.infer<typeof alertRule>;
