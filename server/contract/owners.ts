import { z } from '@hono/zod-openapi';
import { labelKeyMax, project, queryOf, text, time } from './requests.ts';
import { cost, unixNano, usage } from './values.ts';

export const ownerLimits = {
  /** Rules of a project: every sum by cost centre asks all of them. */
  rulesMax: 200,
  patternLength: 200,
  nameLength: 100,
  priorityMax: 1_000_000,
  /** Groups that a preview names. */
  previewGroups: 50,
} as const;

/** Names and patterns are shown in one line and bound to queries. */
const noControls = /^[^\p{Cc}\p{Cs}]+$/u;

function line(max: number) {
  const error = `must be 1 to ${max} characters, none of them a control character, and no space around them`;
  return z
    .string({ error })
    .min(1, { error })
    .max(max, { error })
    .regex(noControls, { error })
    .refine((given) => given.trim() === given, { error });
}

const patternError = `must be 1 to ${ownerLimits.patternLength} characters; * stands for any characters`;
const pattern = z
  .string({ error: patternError })
  .min(1, { error: patternError })
  .max(ownerLimits.patternLength, { error: patternError })
  .regex(noControls, { error: patternError })
  .openapi({ description: 'The whole value, as it is written; `*` stands for any characters.', example: 'support-*' });

function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${issue.keys.map((key) => `\`${key}\``).join(', ')}; allowed: ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}

const dateError = 'must be a day from 2000-01-01 to 2148-12-31 such as 2026-11-01';
/** Every such day is a ClickHouse `Date`. */
const date = z.iso
  .date({ error: dateError })
  .refine((day) => day >= '2000-01-01' && day <= '2148-12-31', { error: dateError });

const match = strict({
  agent: pattern.optional(),
  user: pattern.optional(),
  label: strict({
    key: z
      .string({ error: `must be 1 to ${labelKeyMax} characters` })
      .min(1, { error: `must be 1 to ${labelKeyMax} characters` })
      .max(labelKeyMax, { error: `must be 1 to ${labelKeyMax} characters` }),
    pattern,
  }).optional(),
})
  .refine(({ agent, user, label }) => agent !== undefined || user !== undefined || label !== undefined, {
    error: 'must have at least one of agent, user and label',
  })
  .openapi({ description: 'All of them must match. What has no agent, user or label matches no pattern for it.' });

const priorityError = `must be a whole number from 0 to ${ownerLimits.priorityMax}`;
const ownerFields = {
  match,
  team: line(ownerLimits.nameLength),
  costCentre: line(ownerLimits.nameLength),
  validFrom: date.openapi({ description: 'The first day (UTC, by the start of the call) that the rule owns.' }),
  validTo: date.nullable().default(null).openapi({ description: 'The last day that the rule owns; null: it goes on.' }),
  priority: z
    .number({ error: priorityError })
    .int({ error: priorityError })
    .min(0, { error: priorityError })
    .max(ownerLimits.priorityMax, { error: priorityError })
    .default(100)
    .openapi({ description: 'Of several rules that match, the one with the smallest number owns; then by id.' }),
};

const isForward = {
  check: ({ validFrom, validTo }: { validFrom: string; validTo: string | null }) =>
    validTo === null || validTo >= validFrom,
  params: { path: ['validTo'], error: 'must not be before validFrom' },
};

/** A rule as it is written. */
export const ownerInput = strict(ownerFields).refine(isForward.check, isForward.params).openapi('OwnerInput');
export type OwnerInput = z.infer<typeof ownerInput>;

const versionError = 'must be the version that was read';
export const ownerChange = strict({
  ...ownerFields,
  version: z
    .number({ error: versionError })
    .int({ error: versionError })
    .min(1, { error: versionError })
    .optional()
    .openapi({ description: 'The version that was read: with another one stored, nothing is changed (409).' }),
})
  .refine(isForward.check, isForward.params)
  .openapi('OwnerChange');

/** Who pays for what matches. */
const ownerRule = z
  .object({
    ownerId: z.string(),
    ...ownerFields,
    version: z.number().int(),
    author: z.string().openapi({ description: '`api` without a key, or the id of a key.' }),
    updatedUnixNano: unixNano,
  })
  .openapi('OwnerRule');
export type OwnerRule = z.infer<typeof ownerRule>;

export const ownersQuery = queryOf({ project });
export const ownerPath = z.object({
  ownerId: z
    .string()
    .regex(/^[0-9a-z-]{1,64}$/, { error: 'must be the id of an owner rule' })
    .openapi({ description: 'As the list of rules has it.' }),
});
export const ownersReply = z
  .object({ owners: z.array(ownerRule).openapi({ description: 'In the order in which they are asked.' }) })
  .openapi('Owners');
export type OwnersReply = z.infer<typeof ownersReply>;
export const ownerReply = z.object({ owner: ownerRule }).openapi('OwnerReply');
export type OwnerReply = z.infer<typeof ownerReply>;

const once = 'must be given once';
export const ownerPreviewQuery = queryOf({
  project,
  from: time('Inclusive, by the start of the call; default: 30 days before `to`.'),
  to: time('Exclusive; default: now.'),
  agent: pattern.optional(),
  user: pattern.optional(),
  label: text('A label pattern as `KEY=PATTERN`.')
    .refine((labels) => labels === undefined || (labels.length === 1 && /^[^=]{1,128}=./s.test(labels[0] ?? '')), {
      error: `must be given once, as KEY=PATTERN, with a key of at most ${labelKeyMax} characters`,
    })
    .openapi({ description: 'A label as `KEY=PATTERN`.' }),
  validFrom: date.default('2000-01-01').openapi({ description: 'The first day of the rule; default: any.' }),
  validTo: date.optional().openapi({ description: 'The last day of the rule; default: it goes on.' }),
  priority: z
    .string({ error: once })
    .regex(/^\d{1,7}$/, { error: priorityError })
    .transform(Number)
    .default(100)
    .openapi({ type: 'integer', description: 'As of a rule.' }),
  ownerId: z
    .string({ error: once })
    .regex(/^[0-9a-z-]{1,64}$/, { error: 'must be the id of an owner rule' })
    .optional()
    .openapi({ description: 'The rule that this would replace.' }),
});
export type OwnerPreviewQuery = z.infer<typeof ownerPreviewQuery>;

const sums = z.object({ usage, cost });
/** What a rule would do, by what is in the ledger now. */
export const ownerPreviewReply = z
  .object({
    matched: sums.openapi({ description: 'All that its patterns and days match.' }),
    owned: sums.openapi({ description: 'Of that, what no rule before it takes.' }),
    newlyAllocated: sums.openapi({ description: 'Of what it would own, what nobody owns now.' }),
    groups: z
      .array(
        sums.extend({
          agent: z.string().nullable(),
          user: z.string().nullable(),
          label: z.string().nullable().openapi({ description: 'The value of the label that the rule looks at.' }),
        }),
      )
      .openapi({ description: 'What matches, by the values that the rule looks at; the costliest first.' }),
    groupCount: z.number().int(),
  })
  .openapi('OwnerPreview');
export type OwnerPreviewReply = z.infer<typeof ownerPreviewReply>;
