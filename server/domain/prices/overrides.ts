import type { PricesFile } from '../../contract/prices-file.ts';
import type { UnixNano } from '../time.ts';
import { tableProvider } from './genai-table.ts';
import { extendPrices, type Override, readEntry } from './read-entry.ts';
import { type FoundPrice, noUnitPrices, type PriceQuestion } from './unit-prices.ts';

/** As in the price table: what was looked up is remembered, all is forgotten when there are this many. */
const knownNamesMax = 10_000;

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
    const { provider, models, projectId, at } = question;
    for (const model of models) {
      const entry = this.#named(provider, model).find(
        ({ project, from, to }) => isWithin(at, from, to) && matchesPattern(project, projectId),
      );
      if (entry !== undefined) return this.#apply(entry, model, findInTable);
    }
    return undefined;
  }

  #apply(entry: Override, askedModel: string, findInTable: () => FoundPrice | undefined): FoundPrice | undefined {
    const { index, provider, model, from, to, rates, factors, basis, note } = entry;
    const version = `${this.version}#${index}`;
    const said = { source: 'file' as const, entryIndex: index, basis, note };
    if (rates !== undefined && !entry.extendsTable) {
      const prices = { ...noUnitPrices, ...rates, ...factors };
      return { ...said, extendsTable: false, version, provider, model, askedModel, from, to, daily: null, prices };
    }
    const table = findInTable();
    if (table === undefined) return undefined;
    return {
      ...table,
      ...said,
      version: `${version}+${table.version}`,
      from: later(from, table.from),
      to: earlier(to, table.to),
      prices: { ...(rates === undefined ? table.prices : extendPrices(table.prices, rates)), ...factors },
    };
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
