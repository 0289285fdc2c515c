import type { CostDimension, CostGroupName } from '../contract/costs.ts';
import { type CostFilters, labelKeyOf } from '../domain/cost-filters.ts';
import type { QueryParameters } from './db.ts';

const dimensionColumns: Readonly<Record<CostDimension, string>> = {
  agent: 'agent_name',
  revision: 'agent_version',
  model: 'model',
  user: 'user_id',
  session: 'session_id',
  provider: 'provider',
  environment: 'environment',
  service: 'service_name',
};

/** The column of a dimension; a label's key is bound under `parameter`. */
export function dimensionSql(name: CostGroupName, parameter: string): string {
  return labelKeyOf(name) === undefined ? dimensionColumns[name as CostDimension] : `labels[{${parameter}:String}]`;
}

/** What a ledger row must say to match, as conditions that hold for a booking and its reversal alike. */
export function costConditions({ values, labels, unattributed }: CostFilters): string[] {
  return [
    ...(Object.keys(values) as CostDimension[]).map((name) => `${dimensionColumns[name]} IN {${name}:Array(String)}`),
    ...[...labels.keys()].map((_, i) => `labels[{labelKey${i}:String}] IN {labelValues${i}:Array(String)}`),
    ...unattributed.map((name, i) => `${dimensionSql(name, `emptyKey${i}`)} = ''`),
  ];
}

export function costFilterParameters({ values, labels, unattributed }: CostFilters): QueryParameters {
  const parameters: Record<string, string | readonly string[]> = { ...values };
  for (const [i, [key, wanted]] of [...labels].entries()) {
    parameters[`labelKey${i}`] = key;
    parameters[`labelValues${i}`] = wanted;
  }
  for (const [i, name] of unattributed.entries()) parameters[`emptyKey${i}`] = labelKeyOf(name) ?? '';
  return parameters;
}
