import { z } from '@hono/zod-openapi';
import { bookingStatuses, costFilters } from './costs.ts';
import { limit, queryOf } from './requests.ts';
import { spanId, traceId, unixNano, usage } from './values.ts';

/** Groups of one answer; those with the most calls are in it, and `groupCount` says how many there are. */
export const unpricedLimits = { default: 100, max: 500 } as const;
/** Service tiers that one group names. */
export const serviceTiersMax = 20;

/** Why a call has no amount. */
export const missingKinds = [
  ...(['model', 'usage', 'class_price', 'class_count', 'service_tier'] as const),
  ...(['consistent_counts', 'plausible_counts'] as const),
] as const;
export type MissingKind = (typeof missingKinds)[number];

export const unpricedQuery = queryOf({ ...costFilters, limit: limit(unpricedLimits) });
export type UnpricedQuery = z.infer<typeof unpricedQuery>;

const override = z
  .object({
    entryIndex: z.number().int().nullable().openapi({
      description: 'The entry of the override file to add this to; `null`: a new entry, before the others.',
    }),
    text: z.string().openapi({
      example: '{ "provider": "vllm", "model": "acme/chat", "per_million": { "input": null, "output": null } }',
      description: 'JSON on one line; `null` stands for what is to be filled in.',
    }),
  })
  .openapi('PriceOverride');
export type PriceOverride = z.infer<typeof override>;

export const unpricedGroup = z
  .object({
    provider: z.string().nullable(),
    model: z.string().nullable().openapi({ description: 'Response model, else request model.' }),
    requestModel: z.string().nullable(),
    status: z.enum(bookingStatuses),
    missing: z.enum(missingKinds).openapi({
      description:
        '`model`: nobody has a price for it; `usage`: no tokens were reported; `class_price`: tokens of a class without a price; ' +
        '`class_count`: billed by something that spans do not count; `service_tier`: a batch or a tier without a price; the ' +
        'other two: the counts cannot be true.',
    }),
    usageClass: z.string().nullable().openapi({ description: 'The class of usage, the count or the service tier.' }),
    serviceTiers: z.array(z.string()).openapi({ description: `At most ${serviceTiersMax} that the calls name.` }),
    batchCalls: z.number().int(),
    sums: z.number().int().openapi({ description: 'Spans that are the sum of calls which did not arrive.' }),
    usage,
    cacheWrite5mTokens: z.number().int(),
    cacheWrite1hTokens: z.number().int(),
    inputAudioTokens: z.number().int(),
    outputAudioTokens: z.number().int(),
    firstSeenUnixNano: unixNano.openapi({ description: 'To the hour where bookings were corrected.' }),
    lastSeenUnixNano: unixNano,
    example: z.object({ traceId, spanId }).openapi({ description: 'The latest of them.' }),
    pricedNow: z.string().nullable().openapi({
      description: 'Version of the price that the example would have today: booked again, these calls are priced.',
    }),
    override: override.nullable().openapi({
      description: 'What would price them; `null` where no price can, or where they have one by now.',
    }),
  })
  .openapi('UnpricedGroup');
export type UnpricedGroup = z.infer<typeof unpricedGroup>;

const volume = z.object({
  modelCalls: z.number().int(),
  inputTokens: z.number().int(),
  outputTokens: z.number().int(),
});

export const unpricedReply = z
  .object({
    groups: z.array(unpricedGroup).openapi({ description: 'Most calls first, then most tokens.' }),
    groupCount: z
      .number()
      .int()
      .openapi({ description: 'Groups there are; more than `groups` holds when they were cut.' }),
    unpriced: volume.openapi({ description: 'Of all groups, also those that were cut.' }),
    all: volume.openapi({ description: 'Of everything that counts in the window.' }),
    prices: z.object({
      version: z.string().openapi({ description: 'Of the price table and the override file in use.' }),
      hasFile: z.boolean(),
    }),
    booked: z.object({ verifiedTo: unixNano.nullable() }).openapi({
      description: 'Every span that arrived before `verifiedTo` is in these sums; null before the first pass.',
    }),
  })
  .openapi('Unpriced');
export type UnpricedReply = z.infer<typeof unpricedReply>;
