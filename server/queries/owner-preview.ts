import type { CostGroupName } from '../contract/costs.ts';
import { type OwnerPreviewReply, ownerLimits } from '../contract/owners.ts';
import { storedDimensions } from '../domain/cost-filters.ts';
import type { TimeWindow } from '../domain/filters.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import { candidateCentre, previewRules } from '../domain/owners/preview.ts';
import { getCosts } from './costs.ts';
import type { Db } from './db.ts';

/** What a rule would match and own beside the others, by the ledger as it is. Three sums of the window. */
export async function previewOwnerRule(
  db: Db,
  request: { projectId: string; window: TimeWindow; rules: readonly OwnerMatcher[]; candidate: OwnerMatcher },
): Promise<OwnerPreviewReply> {
  const { projectId, window, rules, candidate } = request;
  const sets = previewRules(rules, candidate);
  const groupBy = storedDimensions(['costCentre'], [candidate]);
  const sum = (owners: readonly OwnerMatcher[], by: readonly CostGroupName[] = []) =>
    getCosts(db, {
      ...{ projectId, window, groupBy: by, interval: undefined, limit: ownerLimits.previewGroups },
      filters: { values: { costCentre: [candidateCentre] }, labels: new Map(), unattributed: [], owners },
    });
  const [matched, owned, newlyAllocated] = await Promise.all([
    sum(sets.matched, groupBy),
    sum(sets.owned),
    sum(sets.newlyAllocated),
  ]);
  const key = candidate.match.label?.key;
  return {
    matched: sumsOf(matched.totals),
    owned: sumsOf(owned.totals),
    newlyAllocated: sumsOf(newlyAllocated.totals),
    groups: matched.rows.map(({ agent = null, user = null, labels, usage, cost }) => ({
      ...{ agent, user, usage, cost },
      label: (key === undefined ? null : labels?.[key]) ?? null,
    })),
    groupCount: matched.groupCount,
  };
}

function sumsOf({ usage, cost }: Pick<OwnerPreviewReply['matched'], 'usage' | 'cost'>) {
  return { usage, cost };
}
