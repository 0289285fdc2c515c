import { getCosts } from '../api/costs.ts';
import { changeOwner, createOwner, listOwners, removeOwner } from '../api/owners.ts';
import type { CostsReply, OwnerInput, OwnerRule } from '../api/types.ts';
import {
  type CostSelection,
  type GroupName,
  readGroupName,
  readSelection,
  resolveWindow,
  toCostParams,
} from './cost-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

/** Unallocated values that the page names. */
const valuesMax = 100;

export interface OwnersQuery extends CostSelection {
  /** What unallocated costs are listed by. */
  by: GroupName;
}

export interface OwnersView {
  query: OwnersQuery;
  window: { fromMs: number; toMs: number };
  rules: readonly OwnerRule[];
  /** By cost centre. */
  owned: CostsReply;
  /** What no rule owns, by `by`. */
  unallocated: CostsReply;
}

function readOwnersQuery(params: URLSearchParams): { query: OwnersQuery; problems: readonly string[] } {
  const problems: string[] = [];
  const selection = readSelection(params, problems);
  const by = readGroupName(params.get('by') ?? 'agent');
  if (by === undefined) problems.push(`“by=${params.get('by') ?? ''}” in the address is not known.`);
  return { query: { ...selection, filters: {}, by: by ?? 'agent' }, problems };
}

/** The rules of a project, what they own in a range, and what they do not. */
export class OwnersPage extends QueryPage<OwnersQuery, OwnersView> {
  constructor(router: Router) {
    super(router, readOwnersQuery);
  }

  /** Throws `ApiFailure`. Without a rule it is a new one. */
  async save(rule: OwnerRule | null, input: OwnerInput): Promise<void> {
    const { project } = this.query;
    if (rule === null) await createOwner(project, input);
    else await changeOwner({ project, ownerId: rule.ownerId }, { ...input, version: rule.version });
    this.reload();
  }

  /** Throws `ApiFailure`. */
  async remove({ ownerId }: OwnerRule): Promise<void> {
    await removeOwner({ project: this.query.project, ownerId });
    this.reload();
  }

  protected async readView(query: OwnersQuery, signal: AbortSignal): Promise<OwnersView> {
    const window = resolveWindow(query, Date.now());
    const params = toCostParams(query, window);
    const [{ owners }, owned, unallocated] = await Promise.all([
      listOwners(query.project, signal),
      getCosts({ ...params, groupBy: 'costCentre', limit: valuesMax }, signal),
      getCosts({ ...params, groupBy: query.by, unattributed: 'costCentre', limit: valuesMax }, signal),
    ]);
    return { query, window, rules: owners, owned, unallocated };
  }
}
