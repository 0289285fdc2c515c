import { z } from '@hono/zod-openapi';
import { priceBases } from './prices-file.ts';
import { unixNano } from './values.ts';

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

const rates = {
  perMillionUsd,
  perRequestUsd: usd,
  tiers: z.array(
    z.object({
      aboveInputTokens: z.number().int().openapi({ description: 'Of the whole input, cached tokens included.' }),
      perMillionUsd,
    }),
  ),
};

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
    ...rates,
    multiplier: z.string().nullable().openapi({ description: 'Factor on everything, not yet in the prices.' }),
    serviceTiers: z
      .record(
        z.string(),
        z.object({ factor: z.string().nullable(), rates: z.object(rates).openapi('PriceRates').nullable() }),
      )
      .openapi({
        description:
          'By name, `batch` among them: a factor on everything, or prices of its own. A tier that is not here, other than the ' +
          'standard one, is unpriced.',
      }),
    uncounted: z.array(z.string()).openapi({
      description: 'What the model is billed by and no span counts, such as images; with any, its calls are unpriced.',
    }),
    basis: z
      .enum(priceBases)
      .nullable()
      .openapi({ description: 'What kind of price it is, where the override file says so.' }),
    note: z.string().nullable(),
  })
  .openapi('Price');
export type Price = z.infer<typeof price>;

export const priceReply = z.object({ price });
