import {
  calcPrice,
  findProvider,
  type ConditionalPrice,
  type ModelInfo,
  type ModelPrice,
} from '@pydantic/genai-prices';
import { nsPerMs, type UnixNano, unixNanoOfMs } from '../time.ts';
import { divideByPowerOfTen, parseDecimal } from './decimal.ts';
import { type FoundPrice, noUnitPrices, type Tier, type UnitPrices, type UsageClass } from './unit-prices.ts';

/** Lookups walk hundreds of rules; a name that comes again is remembered, and all are forgotten when there are this many. */
const knownNamesMax = 10_000;

/** Names that the table does not recognise, or takes for another provider, by how they begin. */
const tableIds: readonly (readonly [prefix: string, id: string])[] = [
  ['az', 'azure'],
  ['google', 'google'],
  ['gcp.', 'google'],
  ['vertex', 'google'],
  ['aws', 'aws'],
  ['amazon', 'aws'],
  ['x_ai', 'x-ai'],
  ['togetherai', 'together'],
];

const classOfKey: ReadonlyMap<string, UsageClass> = new Map([
  ['input_mtok', 'input'],
  ['cache_read_mtok', 'cacheRead'],
  ['cache_write_mtok', 'cacheWrite'],
  ['cache_write_1h_mtok', 'cacheWrite1h'],
  ['input_audio_mtok', 'inputAudio'],
  ['output_mtok', 'output'],
  ['output_reasoning_mtok', 'reasoning'],
  ['output_audio_mtok', 'outputAudio'],
]);

/** Fees of tools that the provider runs beside the model; not part of what tokens cost, and no span counts them. */
const toolFees = new Set(['web_searches_kcount', 'storage_searches_kcount', 'social_searches_kcount']);

/** Of a model that is named for audio, a missing audio price is a gap in the table: it is not the price of text. */
const namedForAudio = /audio|realtime/;

interface DatedPrice {
  from: UnixNano | null;
  to: UnixNano | null;
  daily: { from: string; to: string; fromSecond: number; toSecond: number } | null;
  prices: UnitPrices;
}
interface TableModel {
  provider: string;
  model: string;
  dated: readonly DatedPrice[];
}

/** The price table of genai-prices: its matching of providers and models and its prices, none of its arithmetic. */
export class GenaiTable {
  readonly version: string;
  readonly #models = new Map<string, TableModel | undefined>();
  readonly #prices = new WeakMap<ModelInfo, readonly DatedPrice[]>();

  /** `packageVersion` is that of the installed package. */
  constructor(packageVersion: string) {
    this.version = `genai-prices@${packageVersion}`;
  }

  find({ provider, model, at }: { provider: string; model: string; at: UnixNano }): FoundPrice | undefined {
    const found = this.#model(provider, model);
    if (found === undefined) return undefined;
    const { from, to, daily, prices } = priceInForce(found.dated, at);
    return {
      source: 'table',
      version: this.version,
      ...{ provider: found.provider, model: found.model, askedModel: model },
      ...{ from, to, daily: daily && { from: daily.from, to: daily.to }, prices },
      ...{ entryIndex: null, extendsTable: true, basis: null, note: null },
    };
  }

  #model(provider: string, model: string): TableModel | undefined {
    const key = `${provider}\0${model}`;
    if (this.#models.has(key)) return this.#models.get(key);
    if (this.#models.size >= knownNamesMax) this.#models.clear();
    const found = this.#match(provider, model);
    this.#models.set(key, found);
    return found;
  }

  #match(provider: string, model: string): TableModel | undefined {
    const providerId = tableProvider(provider, model);
    if (providerId === undefined) return undefined;
    for (const name of spellings(providerId, model)) {
      // Priced at no usage: only what it matched is of interest.
      const match = calcPrice({}, name, { providerId });
      if (match === null) continue;
      const dated = this.#prices.get(match.model) ?? readDatedPrices(match.model);
      this.#prices.set(match.model, dated);
      return { provider: match.provider.id, model: match.model.id, dated };
    }
    return undefined;
  }
}

/**
 * The table's id of a provider; of an unnamed one that which the model's name tells. A provider that is named but not in the
 * table has none, whatever its model is called: the same weights cost something else elsewhere.
 */
export function tableProvider(provider: string, model: string): string | undefined {
  if (provider === '') return findProvider({ modelId: model.toLowerCase() })?.id;
  const name = provider.toLowerCase();
  if (name === 'litellm') return name; // a gateway; the model's name begins with the provider
  const [beforeDot = ''] = name.split('.'); // `fireworks.chat`
  return (
    tableIds.find(([prefix]) => name.startsWith(prefix))?.[1] ??
    findProvider({ providerId: name })?.id ??
    findProvider({ providerId: beforeDot })?.id
  );
}

/** Google's API answers `models/gemini-…`, Vertex names whole resource paths. */
function spellings(providerId: string, model: string): string[] {
  const [, afterPath] = /^.*models\/(.+)$/.exec(model) ?? [];
  return providerId === 'google' && afterPath !== undefined ? [model, afterPath] : [model];
}

/**
 * Dates first, then the hour of the day: an hourly price belongs to the dated price before it in the list and is not older.
 * (The package's own lookup lets an hourly price reach back before that date.)
 */
function priceInForce(dated: readonly DatedPrice[], at: UnixNano): DatedPrice {
  const second = Number((at / nsPerMs / 1000n) % 86_400n);
  const inForce = dated.filter(({ from, to }) => (from === null || from <= at) && (to === null || at < to));
  const hourly = inForce.findLast(({ daily }) => daily !== null && isWithin(second, daily));
  const chosen = hourly ?? inForce.find(({ daily }) => daily === null);
  if (chosen === undefined) throw new Error('a model of the price table has no price of all times');
  return chosen;
}

function isWithin(second: number, { fromSecond, toSecond }: { fromSecond: number; toSecond: number }): boolean {
  return fromSecond <= toSecond ? second >= fromSecond && second < toSecond : second >= fromSecond || second < toSecond;
}

function readDatedPrices({ id, prices }: ModelInfo): DatedPrice[] {
  if (!Array.isArray(prices)) return [{ from: null, to: null, daily: null, prices: readUnitPrices(id, prices) }];
  const starts = prices.flatMap(({ constraint }) => (constraint?.type === 'start_date' ? [startOf(constraint)] : []));
  let from: UnixNano | null = null;
  return prices.map(({ constraint, prices: one }) => {
    if (constraint?.type === 'start_date') from = startOf(constraint);
    const begins = from;
    const to = starts.find((start) => begins === null || start > begins) ?? null;
    return { from: begins, to, daily: readDaily(constraint), prices: readUnitPrices(id, one) };
  });
}

function startOf({ start_date: date }: { start_date: string }): UnixNano {
  return unixNanoOfMs(Date.parse(`${date}T00:00:00Z`));
}

function readDaily(constraint: ConditionalPrice['constraint']): DatedPrice['daily'] {
  if (constraint?.type !== 'time_of_date') return null;
  const { start_time: from, end_time: to } = constraint;
  return { from, to, fromSecond: secondOfDay(from), toSecond: secondOfDay(to) };
}

/** Of a time such as `16:30:00Z`, in UTC. */
function secondOfDay(time: string): number {
  const seconds = Date.parse(`1970-01-02T${time}`) / 1000;
  if (Number.isNaN(seconds)) throw new Error(`the price table has ${time} as a time of day`);
  return seconds % 86_400;
}

function readUnitPrices(model: string, prices: ModelPrice): UnitPrices {
  const given = Object.entries(prices).filter(([, price]) => price !== undefined);
  if (given.length === 0 && model.endsWith(':free')) return free;
  const perMillion: Partial<Record<UsageClass, ReturnType<typeof parseDecimal>>> = {};
  const tiers = new Map<number, typeof perMillion>();
  const uncounted: string[] = [];
  let perRequest: UnitPrices['perRequest'];
  for (const [key, price] of given) {
    if (price === undefined || toolFees.has(key)) continue;
    const usage = classOfKey.get(key);
    if (key === 'requests_kcount' && typeof price === 'number') perRequest = divideByPowerOfTen(parseDecimal(price), 3);
    else if (usage === undefined) uncounted.push(...(key === 'cache_audio_read_mtok' ? [] : [key]));
    else if (typeof price === 'number') perMillion[usage] = parseDecimal(price);
    else {
      perMillion[usage] = parseDecimal(price.base);
      for (const tier of price.tiers) {
        tiers.set(tier.start, { ...tiers.get(tier.start), [usage]: parseDecimal(tier.price) });
      }
    }
  }
  return {
    ...noUnitPrices,
    ...{ perMillion, perRequest, uncounted },
    tiers: [...tiers].sort(([a], [b]) => a - b).map(toTier),
    hasAudioPrice: namedForAudio.test(model) || given.some(([key]) => key.includes('audio')),
  };
}

function toTier([start, perMillion]: [number, Tier['perMillion']]): Tier {
  return { aboveInputTokens: BigInt(start), perMillion };
}

const zero = parseDecimal(0);
/** The table says "free" by an empty entry whose name ends with `:free`; another empty entry says nothing. */
const free: UnitPrices = {
  ...noUnitPrices,
  perMillion: Object.fromEntries([...classOfKey.values()].map((usage) => [usage, zero])),
};
