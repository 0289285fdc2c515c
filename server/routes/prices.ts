import { createRoute, z } from '@hono/zod-openapi';
import { ApiError } from '../contract/errors.ts';
import { pricesFileSchema } from '../contract/prices-file.ts';
import { type Price, priceReply } from '../contract/prices.ts';
import { noQuery, priceQuery } from '../contract/requests.ts';
import { type Decimal, formatDecimal } from '../domain/prices/decimal.ts';
import { type FoundPrice, type PriceBook, type Rates, unitPrice, usageClasses } from '../domain/prices/unit-prices.ts';
import { parseRfc3339, unixNanoOfMs } from '../domain/time.ts';
import { createRouter, replies } from './api.ts';

/** `now` is milliseconds since 1970. */
export function priceRoutes({ priceBook, now }: { priceBook: PriceBook; now: () => number }) {
  const fileSchema = pricesFileSchema();
  return createRouter()
    .openapi(priceRoute, (c) => {
      const { project: projectId, provider, model, at } = c.req.valid('query');
      const time = at === undefined ? unixNanoOfMs(now()) : parseRfc3339(at);
      if (time === undefined) throw new ApiError('invalid_request', '`at` must be a time between 1970 and 2262');
      const found = priceBook.find({ projectId, provider, models: [model], at: time });
      if (found === undefined) {
        throw new ApiError('price_not_found', `there is no price for ${provider === '' ? '' : `${provider} `}${model}`);
      }
      return c.json({ price: describePrice(found) }, 200);
    })
    .openapi(fileSchemaRoute, (c) => c.json(fileSchema, 200));
}

const priceRoute = createRoute({
  method: 'get',
  path: '/prices',
  tags: ['Prices'],
  summary: 'Gets the price of a model in force at a time',
  request: { query: priceQuery },
  responses: replies(priceReply, 'The price, and where it comes from.', ['price_not_found']),
});

const fileSchemaRoute = createRoute({
  method: 'get',
  path: '/prices/schema.json',
  tags: ['Prices'],
  summary: 'Describes the override file as JSON Schema',
  request: { query: noQuery },
  responses: replies(z.record(z.string(), z.unknown()), 'The JSON Schema of `SIGHTGLASS_PRICES_FILE`.'),
});

function describePrice(found: FoundPrice): Price {
  const { provider, model, source, version, from, to, daily, prices, basis, note } = found;
  return {
    ...{ provider, model, source, version, daily, basis, note },
    effectiveFromUnixNano: from?.toString() ?? null,
    effectiveToUnixNano: to?.toString() ?? null,
    ...describeRates(prices),
    multiplier: describeDecimal(prices.multiplier),
    serviceTiers: Object.fromEntries(
      [...prices.serviceTiers].map(([tier, price]) => [
        tier,
        'factor' in price
          ? { factor: formatDecimal(price.factor), rates: null }
          : { factor: null, rates: describeRates(price.rates) },
      ]),
    ),
    uncounted: [...prices.uncounted],
  };
}

function describeRates(rates: Rates): Pick<Price, 'perMillionUsd' | 'perRequestUsd' | 'tiers'> {
  return {
    perMillionUsd: describePerMillion(rates, 0n),
    perRequestUsd: describeDecimal(rates.perRequest),
    tiers: rates.tiers.map(({ aboveInputTokens }) => ({
      aboveInputTokens: Number(aboveInputTokens),
      perMillionUsd: describePerMillion(rates, aboveInputTokens + 1n),
    })),
  };
}

function describePerMillion(prices: Rates, inputTokens: bigint): Price['perMillionUsd'] {
  const entries = usageClasses.map((usage) => [usage, describeDecimal(unitPrice(prices, usage, inputTokens))]);
  return Object.fromEntries(entries) as Price['perMillionUsd'];
}

function describeDecimal(value: Decimal | undefined): string | null {
  return value === undefined ? null : formatDecimal(value);
}
