import { z } from '@hono/zod-openapi';
import { unixNano } from './values.ts';

export const pricesFileLimits = { entries: 10_000, nameLength: 512, noteLength: 1_000, tiers: 20 };
/** A factor or price in scientific notation may be this small. */
const smallestDecimal = 1e-12;

/** An unknown name is an error that lists the known ones: a typing error must not leave a price out. */
function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has unknown ${issue.keys.join(', ')}; allowed: ${known}`
        : `must be an object with ${known}`,
  });
}

function decimal(description: string) {
  const error = 'must be a decimal number from 0 to below 1000000000, such as 0.25 or "0.25"';
  return z
    .union(
      [
        z.string().regex(/^\d{1,9}(\.\d{1,18})?$/, { error }),
        z
          .number({ error })
          .min(0, { error })
          .lt(1_000_000_000, { error })
          .refine((value) => value === 0 || value >= smallestDecimal, { error }),
      ],
      { error },
    )
    .describe(description);
}

function name(description: string) {
  const error = `must be text of 1 to ${pricesFileLimits.nameLength} characters`;
  return z.string({ error }).min(1, { error }).max(pricesFileLimits.nameLength, { error }).describe(description);
}

function day(description: string) {
  const error =
    'must be a date such as 2026-07-01 (midnight UTC) or an RFC 3339 time such as 2026-07-01T09:00:00Z, from 1970 to 2261';
  return z
    .union([z.iso.date({ error }), z.iso.datetime({ offset: true, error })], { error })
    .refine((text) => text >= '1970-01-02' && text < '2262', { error })
    .describe(description);
}

const perMillion = strict({
  input: decimal('Input that is neither cached nor, with `input_audio`, audio.').optional(),
  cache_read: decimal('Input read from the provider’s cache.').optional(),
  cache_write: decimal('Input written to the cache for the usual time (five minutes).').optional(),
  cache_write_1h: decimal('Input written to the cache for an hour.').optional(),
  input_audio: decimal('Audio input; left out along with `output_audio`, audio costs what text costs.').optional(),
  output: decimal('Output.').optional(),
  reasoning: decimal('Reasoning; left out, it costs what output costs.').optional(),
  output_audio: decimal('Audio output.').optional(),
}).describe('US dollars per million tokens by class; tokens of a class that is left out make a call unpriced.');

const tier = strict({
  above_input_tokens: z
    .number({ error: 'must be a whole number of tokens' })
    .int({ error: 'must be a whole number of tokens' })
    .min(0, { error: 'must be a whole number of tokens' })
    .describe('For the whole of every call whose input, cached tokens included, is larger than this.'),
  per_million: perMillion,
});

const entry = strict({
  provider: name(
    'As spans have it (`openai`, `aws.bedrock`, `gcp.vertex_ai`), as the price table has it (`aws`, `google`), or `*` for any.',
  ),
  model: name('Response or request model; `*` stands for any characters: `gpt-4o-2024*`. Case does not matter.'),
  effective_from: day('Inclusive; a call goes by its start. Left out: from the beginning.').optional(),
  effective_to: day('Exclusive. Left out: no end.').optional(),
  per_million: perMillion.optional(),
  per_request: decimal('US dollars per call, besides its tokens.').optional(),
  tiers: z
    .array(tier, { error: 'must be a list of tiers' })
    .max(pricesFileLimits.tiers, { error: `must be at most ${pricesFileLimits.tiers} tiers` })
    .optional()
    .describe('Ascending; a class that a tier leaves out costs what it costs in the tier below.'),
  batch: decimal('Factor on everything of a batch call; left out, batch calls are unpriced.').optional(),
  service_tiers: z
    .record(name('Service tier, such as `flex` or `priority`.'), decimal('Factor on everything of such a call.'), {
      error: 'must be an object of service tiers and their factors',
    })
    .optional()
    .describe('A tier that is left out is unpriced, except the standard one.'),
  multiplier: decimal('Factor on everything: a negotiated discount, a mark-up.').optional(),
  note: z
    .string({ error: 'must be text' })
    .max(pricesFileLimits.noteLength, { error: `must be at most ${pricesFileLimits.noteLength} characters` })
    .optional()
    .describe('Kept beside every amount that comes from this entry.'),
});

/** `SIGHTGLASS_PRICES_FILE`. Of the entries that match a call the first counts, and it wins over the price table. */
export const pricesFile = strict({
  $schema: z.string({ error: 'must be text' }).optional().describe('For editors.'),
  prices: z
    .array(
      entry
        .refine((one) => one.per_million !== undefined || isAdjustment(one), {
          error: 'needs per_million; or, to adjust what the price table says, multiplier, batch or service_tiers',
        })
        .refine((one) => one.per_million !== undefined || (one.tiers ?? one.per_request) === undefined, {
          error: 'has tiers or per_request without per_million',
        })
        .refine((one) => isBefore(one.effective_from, one.effective_to), {
          error: 'must be after effective_from',
          path: ['effective_to'],
        })
        .refine(
          ({ tiers = [] }) =>
            tiers.every((one, i) => one.above_input_tokens > (tiers[i - 1]?.above_input_tokens ?? -1)),
          {
            error: 'must be ascending by above_input_tokens',
            path: ['tiers'],
          },
        )
        .refine(
          ({ tiers = [], per_million: base = {} }) =>
            tiers.every((one) => Object.keys(one.per_million).every((key) => key in base)),
          {
            error: 'has a class that per_million does not have',
            path: ['tiers'],
          },
        ),
      { error: 'must be a list of entries' },
    )
    .max(pricesFileLimits.entries, { error: `must be at most ${pricesFileLimits.entries} entries` })
    .describe('The first entry that matches a call’s provider, model and start counts.'),
});
export type PricesFile = z.infer<typeof pricesFile>;
export type PricesFileEntry = PricesFile['prices'][number];

function isAdjustment({ multiplier, batch, service_tiers: tiers }: z.infer<typeof entry>): boolean {
  return (multiplier ?? batch ?? tiers) !== undefined;
}

function isBefore(from: string | undefined, to: string | undefined): boolean {
  return from === undefined || to === undefined || Date.parse(from) < Date.parse(to);
}

/** The JSON Schema of `SIGHTGLASS_PRICES_FILE`. */
export function pricesFileSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(pricesFile, { io: 'input' }), title: 'Sightglass price overrides' };
}

const usd = z.string().nullable().openapi({ example: '2.5', description: 'US dollars; `null`: no price is known.' });

const perMillionUsd = z
  .object({
    input: usd,
    cacheRead: usd,
    cacheWrite: usd,
    cacheWrite1h: usd,
    inputAudio: usd,
    output: usd,
    reasoning: usd,
    outputAudio: usd,
  })
  .openapi('PricePerMillion', {
    description:
      'Per million tokens by class; the classes do not overlap. Without a price of their own, reasoning costs what output ' +
      'costs, and audio what text costs if neither audio class has one; tokens of any other class without a price are unpriced.',
  });

export const price = z
  .object({
    provider: z.string().openapi({ description: 'As the price table or the override file names it.' }),
    model: z.string().openapi({ description: 'As the price table or the override file names it.' }),
    source: z.enum(['table', 'file']),
    version: z.string().openapi({ example: 'genai-prices@0.1.8', description: 'What ledger rows priced so carry.' }),
    effectiveFromUnixNano: unixNano.nullable(),
    effectiveToUnixNano: unixNano.nullable().openapi({ description: 'Exclusive; `null`: no end is known.' }),
    daily: z
      .object({ from: z.string().openapi({ example: '16:30:00Z' }), to: z.string() })
      .nullable()
      .openapi({ description: 'Where prices change by the hour: the part of the day that has this one.' }),
    perMillionUsd,
    perRequestUsd: usd,
    tiers: z.array(
      z.object({
        aboveInputTokens: z.number().int().openapi({ description: 'Of the whole input, cached tokens included.' }),
        perMillionUsd,
      }),
    ),
    multiplier: z.string().nullable().openapi({ description: 'Factor on everything, not yet in the prices.' }),
    batchFactor: z.string().nullable().openapi({ description: 'Factor on batch calls; `null`: they are unpriced.' }),
    serviceTierFactors: z.record(z.string(), z.string()),
    uncounted: z.array(z.string()).openapi({
      description: 'What the model is billed by and no span counts, such as images; with any, its calls are unpriced.',
    }),
    note: z.string().nullable(),
  })
  .openapi('Price');
export type Price = z.infer<typeof price>;

export const priceReply = z.object({ price });
