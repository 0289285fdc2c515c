import { type CostFilterName, checkFilter, costDimensions } from '../../state/cost-query.ts';

/** Reads `agent:support`, `label:team=search` or `no:user`; quotes around the value are taken off. */
export function readFilterText(text: string): { name: CostFilterName; value: string } | { problem: string } {
  const [, key = '', raw = ''] = /^\s*([A-Za-z]+)\s*:\s*(.*?)\s*$/s.exec(text) ?? [];
  const name = readName(key.toLowerCase());
  const allowed = `Filters are ${costDimensions.join(', ')}, label:KEY=VALUE and no:NAME.`;
  if (key === '') return { problem: `“${text.trim()}” is not a filter. ${allowed}` };
  if (name === undefined) return { problem: `There is no filter “${key}”. ${allowed}` };
  const value = /^"(.*)"$/s.exec(raw)?.[1] ?? raw;
  const problem = checkFilter(name, value);
  return problem === null ? { name, value } : { problem };
}

function readName(key: string): CostFilterName | undefined {
  if (key === 'no') return 'unattributed';
  return key === 'label' ? 'label' : costDimensions.find((one) => one.toLowerCase() === key);
}
