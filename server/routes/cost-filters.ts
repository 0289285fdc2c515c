import type { CostFilterQuery, CostGroupName } from '../contract/costs.ts';
import { type CostFilters, filteredDimensions, isOwnerDimension, toCostFilters } from '../domain/cost-filters.ts';
import type { Db } from '../queries/db.ts';
import { listOwnerRules } from '../queries/owners.ts';

/** The filters of a request about money, with the owner rules where they or the grouping ask for owners. */
export async function readCostFilters(
  db: Db,
  query: CostFilterQuery & { project: string },
  groupBy: readonly CostGroupName[] = [],
): Promise<CostFilters> {
  const filters = toCostFilters(query);
  if (![...groupBy, ...filteredDimensions(filters)].some(isOwnerDimension)) return filters;
  return { ...filters, owners: await listOwnerRules(db, query.project) };
}
