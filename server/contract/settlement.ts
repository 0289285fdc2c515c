import { z } from '@hono/zod-openapi';
import { unixNano } from './values.ts';

/** How far settlement has come, for all projects together. */
export const settlementStatus = z
  .object({
    verifiedTo: unixNano
      .nullable()
      .openapi({ description: 'Every span that arrived before is booked; null before the first pass.' }),
    lagMs: z.number().int().nullable().openapi({ description: 'How long ago that was, by the clock of the database.' }),
    lastPass: z.string().nullable().openapi({ description: 'Number of the latest pass that wrote to the ledger.' }),
    lastBookedAt: unixNano.nullable().openapi({ description: 'When it did, as Unix nanoseconds.' }),
  })
  .openapi('SettlementStatus');
export type SettlementStatus = z.infer<typeof settlementStatus>;
