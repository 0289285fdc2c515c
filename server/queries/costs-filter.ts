import type { CostDimension, CostGroupName } from '../contract/costs.ts';
import { type CostFilters, isOwnerDimension, labelKeyOf, type OwnerDimension } from '../domain/cost-filters.ts';
import type { QueryParameters } from './db.ts';
import { type OwnerColumns, ownerColumns } from './owner-sql.ts';

const dimensionColumns: Readonly<Record<Exclude<CostDimension, OwnerDimension>, string>> = {
  agent: 'agent_name',
  revision: 'agent_version',
  model: 'model',
  user: 'user_id',
  session: 'session_id',
  provider: 'provider',
  environment: 'environment',
  service: 'service_name',
};

type OwnerSql = Pick<OwnerColumns, OwnerDimension>;

/** The column of a dimension; a label's key is bound under `parameter`. Only owners need their expressions. */
export function dimensionSql(name: CostGroupName, parameter: string, owners: OwnerSql = noOwners): string {
  if (labelKeyOf(name) !== undefined) return `labels[{${parameter}:String}]`;
  return isOwnerDimension(name) ? owners[name] : dimensionColumns[name as Exclude<CostDimension, OwnerDimension>];
}

const noOwners: OwnerSql = { costCentre: "''", team: "''" };

/** What a ledger row must say to match, as conditions that hold for a booking and its reversal alike. */
export function costConditions(filters: CostFilters): string[] {
  return [...storedConditions(filters), ...ownerConditions(filters, ownerColumns(filters.owners ?? []))];
}

/** Those of them that look at columns alone. */
export function storedConditions({ values, labels, unattributed }: CostFilters): string[] {
  return [
    ...(Object.keys(values) as CostDimension[])
      .filter((name) => !isOwnerDimension(name))
      .map((name) => `${dimensionSql(name, '')} IN {${name}:Array(String)}`),
    ...[...labels.keys()].map((_, i) => `labels[{labelKey${i}:String}] IN {labelValues${i}:Array(String)}`),
    ...unattributed.flatMap((name, i) =>
      isOwnerDimension(name) ? [] : [`${dimensionSql(name, `emptyKey${i}`)} = ''`],
    ),
  ];
}

/** Those of them that look at who owns a row. */
export function ownerConditions({ values, unattributed }: CostFilters, owners: OwnerSql): string[] {
  return [
    ...(Object.keys(values) as CostDimension[])
      .filter(isOwnerDimension)
      .map((name) => `${owners[name]} IN {${name}:Array(String)}`),
    ...unattributed.filter(isOwnerDimension).map((name) => `${owners[name]} = ''`),
  ];
}

export function costFilterParameters({ values, labels, unattributed, owners }: CostFilters): QueryParameters {
  const parameters: Record<string, string | readonly string[]> = { ...values };
  for (const [i, [key, wanted]] of [...labels].entries()) {
    parameters[`labelKey${i}`] = key;
    parameters[`labelValues${i}`] = wanted;
  }
  for (const [i, name] of unattributed.entries()) parameters[`emptyKey${i}`] = labelKeyOf(name) ?? '';
  return { ...parameters, ...(owners === undefined ? {} : ownerColumns(owners).params) };
}
