import { z } from '@hono/zod-openapi';
import { project, queryOf } from './requests.ts';
import { cost, unixNano, usage } from './values.ts';

/** Lines of one cost centre; what costs less comes as one line, the rest. */
export const statementLinesMax = 500;
const timeZoneLength = 64;

const monthError = 'must be a month from 2000-01 to 2148-12 such as 2026-10';
export const statementQuery = queryOf({
  project,
  month: z
    .string({ error: monthError })
    .regex(/^(20\d\d|21[0-3]\d|214[0-8])-(0[1-9]|1[0-2])$/, { error: monthError })
    .optional()
    .openapi({ description: 'The month; default: the last whole one.', example: '2026-10' }),
  timeZone: z
    .string({ error: 'must be given once' })
    .min(1, { error: 'must be the name of a time zone such as Europe/Berlin' })
    .max(timeZoneLength, { error: `must be at most ${timeZoneLength} characters` })
    .default('UTC')
    .openapi({ description: 'Where the month begins and ends; owners go by UTC days.', example: 'Europe/Berlin' }),
});

const amountUsd = z.string().openapi({
  description: 'In whole cents: amounts add up to the amount of what they are part of. What is not known is not in it.',
});

/** What something spent in the month and in the one before. */
const amounts = {
  usage,
  cost,
  amountUsd,
  previousAmountUsd: z.string().openapi({
    description: 'Of the month before, in whole cents, as its own statement has it by the owner rules of now.',
  }),
  previousCost: cost,
};

const statementLine = z
  .object({
    team: z.string().nullable(),
    agent: z.string().nullable(),
    model: z.string().nullable(),
    ...amounts,
  })
  .openapi('StatementLine');
export type StatementLine = z.infer<typeof statementLine>;

const statementCentre = z
  .object({
    costCentre: z.string().nullable().openapi({ description: 'null: unallocated.' }),
    teams: z.array(z.string()),
    ...amounts,
    lines: z.array(statementLine).openapi({
      description: 'By team, agent and model, the costliest first; last those that only the month before had.',
    }),
    rest: z
      .object({ lineCount: z.number().int(), ...amounts })
      .nullable()
      .openapi({ description: `Lines beyond the costliest ${statementLinesMax}, together.` }),
  })
  .openapi('StatementCentre');
export type StatementCentre = z.infer<typeof statementCentre>;

/** What each cost centre spent in a month. */
export const statementReply = z
  .object({
    month: z.string(),
    timeZone: z.string(),
    from: z.string().openapi({ description: 'RFC 3339, inclusive.' }),
    to: z.string().openapi({ description: 'RFC 3339, exclusive.' }),
    isFinal: z.boolean().openapi({
      description: 'The month is over and all that arrived until its end is booked; late spans may still come.',
    }),
    ownerRules: z.number().int().openapi({ description: 'Rules that were asked, as they are now.' }),
    total: z.object({
      ...amounts,
      cost: cost.openapi({ description: 'Exact: the sum of the ledger.' }),
      amountUsd: z.string().openapi({ description: 'The exact sum, rounded half up to cents.' }),
    }),
    centres: z.array(statementCentre).openapi({
      description:
        'Costliest first, unallocated last; also those that spent only in the month before. Amounts add up to that of `total` ' +
        'by the largest remainder: each is cut to cents, and the missing cents go to those that lost most.',
    }),
    booked: z.object({ verifiedTo: unixNano.nullable() }),
  })
  .openapi('Statement');
export type StatementReply = z.infer<typeof statementReply>;
