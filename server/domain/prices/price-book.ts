import type { GenaiTable } from './genai-table.ts';
import type { Overrides } from './overrides.ts';
import type { FoundPrice, PriceBook, PriceQuestion } from './unit-prices.ts';

/** The override file, if there is one, over the price table. */
export function createPriceBook({
  table,
  overrides,
}: {
  table: GenaiTable;
  overrides?: Overrides | undefined;
}): PriceBook {
  const findInTable = ({ provider, models, at }: PriceQuestion): FoundPrice | undefined => {
    for (const model of models) {
      const found = table.find({ provider, model, at });
      if (found !== undefined) return found;
    }
    return undefined;
  };
  if (overrides === undefined) return { version: table.version, hasFile: false, find: findInTable };
  return {
    version: `${overrides.version}+${table.version}`,
    hasFile: true,
    find: (question) => {
      const inTable = () => findInTable(question);
      return overrides.find(question, inTable) ?? inTable();
    },
  };
}
