import { z } from '@hono/zod-openapi';
import { closestName } from './closest-name.ts';

export const pricesFileLimits = { entries: 10_000, nameLength: 512, noteLength: 1_000, tiers: 20, serviceTiers: 50 };
/** A factor or price in scientific notation may be this small. */
const smallestDecimal = 1e-12;
/** A misspelled name is looked up among the known ones up to this length. */
const mistypedLength = 40;
/** What an entry's price is, where it is not the provider's list price. */
export const priceBases = ['negotiated', 'self_hosted', 'free'] as const;
export type PriceBasis = (typeof priceBases)[number];

/** An unknown name is an error that lists the known ones: a typing error must not leave a price out. */
function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has unknown ${issue.keys.map((key) => nameUnknown(key, known)).join(', ')}; allowed: ${known.join(', ')}`
        : `must be an object with ${known.join(', ')}`,
  });
}

function nameUnknown(key: string, known: readonly string[]): string {
  const meant = key.length > mistypedLength ? undefined : closestName(key, known);
  return meant === undefined ? key : `${key} (did you mean ${meant}?)`;
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

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, {
    error: ({ input }) => {
      const isShort = typeof input === 'string' && input.length <= mistypedLength;
      const meant = isShort && values.length > 1 ? closestName(input, values) : undefined;
      return `must be ${values.join(' or ')}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
    },
  });
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

/** What tokens and calls cost: of an entry, and of one service tier of it. */
const rates = {
  per_million: z
    .union([decimal('The same price for tokens of every class.'), perMillion], {
      error: 'must be an object of prices by class, or one decimal number for every class, such as 0',
    })
    .optional()
    .describe(
      'Dollars per million tokens: by class, or one number for every class, such as 0 for a model of one’s own.',
    ),
  per_request: decimal('US dollars per call, besides its tokens.').optional(),
  tiers: z
    .array(tier, { error: 'must be a list of tiers' })
    .max(pricesFileLimits.tiers, { error: `must be at most ${pricesFileLimits.tiers} tiers` })
    .refine((tiers) => tiers.every((one, i) => one.above_input_tokens > (tiers[i - 1]?.above_input_tokens ?? -1)), {
      error: 'must be ascending by above_input_tokens',
    })
    .optional()
    .describe('Ascending; a class that a tier leaves out costs what it costs in the tier below.'),
};

const plainRates = strict(rates);
type Rates = z.infer<typeof plainRates>;

const serviceTierRates = plainRates
  .refine((one) => one.per_million !== undefined, { error: 'needs per_million', path: ['per_million'] })
  .refine(hasBaseOfTiers, { error: 'has a class that per_million does not have', path: ['tiers'] });

function serviceTier(description: string) {
  return z
    .union([decimal('A factor on everything of such a call.'), serviceTierRates], {
      error: 'must be a factor such as 0.5, or an object with prices of its own',
    })
    .describe(description);
}

const entry = strict({
  provider: name(
    'As spans have it (`openai`, `aws.bedrock`, `gcp.vertex_ai`), as the price table has it (`aws`, `google`), or `*` for any.',
  ),
  model: name('Response or request model; `*` stands for any characters: `gpt-4o-2024*`. Case does not matter.'),
  project: name('Only in this project; `*` stands for any characters. Left out: in all of them.').optional(),
  effective_from: day('Inclusive; a call goes by its start. Left out: from the beginning.').optional(),
  effective_to: day('Exclusive. Left out: no end.').optional(),
  basis: oneOf(priceBases)
    .optional()
    .describe(
      'What kind of price it is, kept beside every amount. Prices that are all 0 need `self_hosted` or `free`.',
    ),
  extends: oneOf(['table'])
    .optional()
    .describe('Classes that this entry does not name have the price table’s price; without it, they have none.'),
  ...rates,
  batch: serviceTier(
    'Batch calls: a factor on everything, or prices of their own; left out, they are unpriced.',
  ).optional(),
  service_tiers: z
    .record(name('Service tier, such as `flex` or `priority`.'), serviceTier('A factor, or prices of its own.'), {
      error: 'must be an object of service tiers, each a factor or prices of its own',
    })
    .refine((tiers) => Object.keys(tiers).length <= pricesFileLimits.serviceTiers, {
      error: `must be at most ${pricesFileLimits.serviceTiers} service tiers`,
    })
    .refine((tiers) => !Object.keys(tiers).some((one) => one.toLowerCase() === 'batch'), {
      error: 'has batch, which stands beside service_tiers: "batch": 0.5',
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
type Entry = z.infer<typeof entry>;

const checkedEntry = entry
  .refine((one) => one.per_million !== undefined || (one.multiplier ?? one.batch ?? one.service_tiers) !== undefined, {
    error: 'needs per_million; or, to adjust what the price table says, multiplier, batch or service_tiers',
  })
  .refine((one) => one.per_million !== undefined || (one.tiers ?? one.per_request) === undefined, {
    error: 'has tiers or per_request without per_million',
  })
  .refine((one) => isBefore(one.effective_from, one.effective_to), {
    error: 'must be after effective_from',
    path: ['effective_to'],
  })
  .refine(hasBaseOfTiers, { error: 'has a class that per_million does not have', path: ['tiers'] })
  .refine((one) => one.basis === 'self_hosted' || one.basis === 'free' || !isAllZero(one), {
    error: 'has no price above 0; where that is meant, say "basis": "self_hosted" or "basis": "free"',
  });

/** `SIGHTGLASS_PRICES_FILE`. Of the entries that match a call the first counts, and it wins over the price table. */
export const pricesFile = strict({
  $schema: z.string({ error: 'must be text' }).optional().describe('For editors.'),
  prices: z
    .array(checkedEntry, { error: 'must be a list of entries' })
    .max(pricesFileLimits.entries, { error: `must be at most ${pricesFileLimits.entries} entries` })
    .check(({ value, issues }) => {
      for (const { index, by } of findHidden(value)) {
        const message = `never applies: prices[${by}] comes first, for the same provider, model and times`;
        issues.push({ code: 'custom', path: [index], message, input: value[index] });
      }
    })
    .describe('The first entry that matches a call’s provider, model, project and start counts.'),
});
export type PricesFile = z.infer<typeof pricesFile>;
export type PricesFileEntry = PricesFile['prices'][number];
export type PricesFileRates = Rates;

function hasBaseOfTiers({ tiers = [], per_million: base = {} }: Rates): boolean {
  return typeof base !== 'object' || tiers.every((one) => Object.keys(one.per_million).every((key) => key in base));
}

/** It has prices, and none of them is more than nothing. */
function isAllZero({ per_million: base, per_request: fee = 0, tiers = [], multiplier, extends: from }: Entry): boolean {
  if (multiplier !== undefined && Number(multiplier) === 0) return true;
  if (base === undefined || from === 'table') return false;
  const given = [base, ...tiers.map((one) => one.per_million)];
  const prices = given.flatMap((one) => (typeof one === 'object' ? Object.values(one) : [one]));
  return prices.length > 0 && [...prices, fee].every((one) => Number(one) === 0);
}

/** Entries that an earlier one of the same names hides at all their times; patterns are not compared. */
function findHidden(entries: readonly Entry[]): { index: number; by: number }[] {
  const byNames = new Map<string, { index: number; from: number; to: number }[]>();
  return entries.flatMap((one, index) => {
    const names = [one.provider.toLowerCase(), one.model.toLowerCase(), one.project ?? '*'].join('\0');
    const earlier = byNames.get(names) ?? [];
    const from = one.effective_from === undefined ? -Infinity : Date.parse(one.effective_from);
    const to = one.effective_to === undefined ? Infinity : Date.parse(one.effective_to);
    const by = earlier.find((other) => other.from <= from && other.to >= to);
    earlier.push({ index, from, to });
    byNames.set(names, earlier);
    return by === undefined ? [] : [{ index, by: by.index }];
  });
}

function isBefore(from: string | undefined, to: string | undefined): boolean {
  return from === undefined || to === undefined || Date.parse(from) < Date.parse(to);
}

/** The JSON Schema of `SIGHTGLASS_PRICES_FILE`. */
export function pricesFileSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(pricesFile, { io: 'input' }), title: 'Sightglass price overrides' };
}
