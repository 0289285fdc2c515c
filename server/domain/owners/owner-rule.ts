import type { OwnerInput } from '../../contract/owners.ts';

/** What of a rule decides who owns a call. */
export type OwnerMatcher = Pick<OwnerInput, 'match' | 'team' | 'costCentre' | 'validFrom' | 'validTo' | 'priority'> & {
  ownerId: string;
};

/** What of a call decides who owns it. `''` = has none. */
export interface OwnedCall {
  agent: string;
  user: string;
  labels: ReadonlyMap<string, string>;
  /** The UTC day of its start, `2026-11-23`. */
  day: string;
}

export interface Owner {
  costCentre: string;
  team: string;
}

export const nobody: Owner = { costCentre: '', team: '' };

/** In the order in which rules are asked: the smallest priority first, then by id. */
export function sortOwnerRules<Rule extends Pick<OwnerMatcher, 'priority' | 'ownerId'>>(
  rules: readonly Rule[],
): Rule[] {
  return rules.toSorted(
    (a, b) => a.priority - b.priority || (a.ownerId < b.ownerId ? -1 : a.ownerId > b.ownerId ? 1 : 0),
  );
}
