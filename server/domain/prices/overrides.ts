import type { PricesFile, PricesFileEntry } from '../../contract/prices.ts';
import { parseRfc3339, type UnixNano } from '../time.ts';
import { type Decimal, parseDecimal } from './decimal.ts';
import { tableProvider } from './genai-table.ts';
import { type FoundPrice, noUnitPrices, type PerMillion, type PriceQuestion, type UnitPrices } from './unit-prices.ts';

/** As in the price table: what was looked up is remembered, all is forgotten when there are this many. */
const knownNamesMax = 10_000;

interface Override {
  index: number;
  provider: string;
  model: string;
  from: UnixNano | null;
  to: UnixNano | null;
  /** Undefined: those of the price table. */
  prices: UnitPrices | undefined;
  factors: Pick<UnitPrices, 'multiplier' | 'batchFactor' | 'serviceTierFactors'>;
  note: string | null;
}

/** The entries of a checked override file. */
export class Overrides {
  readonly version: string;
  readonly #entries: readonly Override[];
  readonly #byName = new Map<string, readonly Override[]>();

  /** `hash` identifies the file's content; its first twelve hex digits go into versions. */
  constructor(file: PricesFile, hash: string) {
    this.version = `file:${hash.slice(0, 12)}`;
    this.#entries = file.prices.map(readEntry);
  }

  /** The first entry that matches one of the models, in their order; `findInTable` gives an entry what it adjusts. */
  find(question: PriceQuestion, findInTable: () => FoundPrice | undefined): FoundPrice | undefined {
    const { provider, models, at } = question;
    for (const model of models) {
      const entry = this.#named(provider, model).find(({ from, to }) => isWithin(at, from, to));
      if (entry !== undefined) return this.#apply(entry, model, findInTable);
    }
    return undefined;
  }

  #apply(entry: Override, askedModel: string, findInTable: () => FoundPrice | undefined): FoundPrice | undefined {
    const { index, provider, model, from, to, prices, factors, note } = entry;
    const version = `${this.version}#${index}`;
    if (prices !== undefined) {
      const own = { ...prices, ...factors };
      return { source: 'file', version, provider, model, askedModel, from, to, daily: null, prices: own, note };
    }
    const table = findInTable();
    return (
      table && {
        ...table,
        source: 'file',
        version: `${version}+${table.version}`,
        from: later(from, table.from),
        to: earlier(to, table.to),
        prices: { ...table.prices, ...factors },
        note,
      }
    );
  }

  #named(provider: string, model: string): readonly Override[] {
    const key = `${provider}\0${model}`;
    const known = this.#byName.get(key);
    if (known !== undefined) return known;
    if (this.#byName.size >= knownNamesMax) this.#byName.clear();
    const providers = ['*', provider.toLowerCase(), tableProvider(provider, model)];
    const name = model.toLowerCase();
    const matching = this.#entries.filter(
      (entry) => providers.includes(entry.provider) && matchesPattern(entry.model, name),
    );
    this.#byName.set(key, matching);
    return matching;
  }
}

function isWithin(at: UnixNano, from: UnixNano | null, to: UnixNano | null): boolean {
  return (from === null || from <= at) && (to === null || at < to);
}

function later(a: UnixNano | null, b: UnixNano | null): UnixNano | null {
  return a === null || (b !== null && b > a) ? b : a;
}

function earlier(a: UnixNano | null, b: UnixNano | null): UnixNano | null {
  return a === null || (b !== null && b < a) ? b : a;
}

/** `*` stands for any characters. Takes time in proportion to the lengths, whatever the pattern. */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function readEntry(entry: PricesFileEntry, index: number): Override {
  return {
    index,
    provider: entry.provider.toLowerCase(),
    model: entry.model.toLowerCase(),
    from: readDay(entry.effective_from),
    to: readDay(entry.effective_to),
    prices: entry.per_million === undefined ? undefined : readPrices(entry, entry.per_million),
    factors: {
      multiplier: readDecimal(entry.multiplier),
      batchFactor: readDecimal(entry.batch),
      serviceTierFactors: new Map(
        Object.entries(entry.service_tiers ?? {}).map(([tier, factor]) => [tier.toLowerCase(), parseDecimal(factor)]),
      ),
    },
    note: entry.note ?? null,
  };
}

function readDay(text: string | undefined): UnixNano | null {
  if (text === undefined) return null;
  return parseRfc3339(text.includes('T') ? text : `${text}T00:00:00Z`) ?? null;
}

function readDecimal(value: string | number | undefined): Decimal | undefined {
  return value === undefined ? undefined : parseDecimal(value);
}

type FilePrices = NonNullable<PricesFileEntry['per_million']>;

function readPrices({ per_request: perRequest, tiers = [] }: PricesFileEntry, perMillion: FilePrices): UnitPrices {
  return {
    ...noUnitPrices,
    perMillion: readPerMillion(perMillion),
    perRequest: readDecimal(perRequest),
    tiers: tiers.map((tier) => ({
      aboveInputTokens: BigInt(tier.above_input_tokens),
      perMillion: readPerMillion(tier.per_million),
    })),
    hasAudioPrice: (perMillion.input_audio ?? perMillion.output_audio) !== undefined,
  };
}

function readPerMillion(prices: FilePrices): PerMillion {
  const given = {
    input: readDecimal(prices.input),
    cacheRead: readDecimal(prices.cache_read),
    cacheWrite: readDecimal(prices.cache_write),
    cacheWrite1h: readDecimal(prices.cache_write_1h),
    inputAudio: readDecimal(prices.input_audio),
    output: readDecimal(prices.output),
    reasoning: readDecimal(prices.reasoning),
    outputAudio: readDecimal(prices.output_audio),
  };
  return Object.fromEntries(Object.entries(given).filter(([, price]) => price !== undefined));
}
