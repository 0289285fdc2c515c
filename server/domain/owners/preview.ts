import type { OwnerPreviewQuery } from '../../contract/owners.ts';
import { readLabelFilters } from '../label-filters.ts';
import type { OwnerMatcher } from './owner-rule.ts';

/** A cost centre that no rule can name: what a candidate owns is asked for by it. */
export const candidateCentre = '\u0001candidate';

/** Behind every rule. */
const last = Number.MAX_SAFE_INTEGER;

/**
 * Three sets of rules with a candidate among them. What `candidateCentre` owns under them is what it matches; what it would own
 * in its place; and what it would own that nobody owns now, which is what it gets in the last place.
 */
export function previewRules(rules: readonly OwnerMatcher[], candidate: OwnerMatcher) {
  const marked = { ...candidate, costCentre: candidateCentre };
  const others = rules.filter(({ ownerId }) => ownerId !== candidate.ownerId);
  return {
    matched: [marked],
    owned: [...others, marked],
    newlyAllocated: [...rules, { ...marked, ownerId: `${candidate.ownerId}~`, priority: last }],
  };
}

/** The rule that a preview asks about. A new one comes behind those of its priority. */
export function readCandidate(query: OwnerPreviewQuery): OwnerMatcher {
  const [label] = readLabelFilters(query.label);
  return {
    ownerId: query.ownerId ?? '~',
    match: {
      ...(query.agent === undefined ? {} : { agent: query.agent }),
      ...(query.user === undefined ? {} : { user: query.user }),
      ...(label === undefined ? {} : { label: { key: label[0], pattern: label[1][0] ?? '' } }),
    },
    ...{ team: '', costCentre: '', priority: query.priority },
    ...{ validFrom: query.validFrom, validTo: query.validTo ?? null },
  };
}
