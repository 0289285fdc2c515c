import type { Budget, DriverDimension } from '../contract/budgets.ts';
import type { CostGroupName } from '../contract/costs.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import type { QueryParameters } from './db.ts';
import { ownerColumns } from './owner-sql.ts';

/** What a budget counts, as SQL over the ledger. */
export interface BudgetScopeSql {
  /** The column of its values; `''` of the whole project. */
  value: string;
  /** What a row must say to be counted, whatever its value. */
  conditions: string[];
  /** What the plan must be able to tell apart; a rollup that lacks one is not read. */
  dimensions: CostGroupName[];
  parameters: QueryParameters;
}

/** `prefix` tells the parameters of several budgets in one query apart; those of owners are the same in all. */
export function budgetScopeSql(
  { scope, labelKey, agent }: Budget,
  { owners, prefix }: { owners: readonly OwnerMatcher[]; prefix: string },
): BudgetScopeSql {
  const ofAgent = agent === null ? [] : [`agent_name = {${prefix}Agent:String}`];
  const dimensions: CostGroupName[] = agent === null ? [] : ['agent'];
  const parameters = agent === null ? {} : { [`${prefix}Agent`]: agent };
  switch (scope) {
    case 'project':
      return { value: "''", conditions: ofAgent, dimensions, parameters };
    case 'agent':
    case 'user':
    case 'session':
      return { value: valueColumns[scope], conditions: ofAgent, dimensions: [...dimensions, scope], parameters };
    case 'label': {
      const value = `labels[{${prefix}LabelKey:String}]`;
      const labelled = { ...parameters, [`${prefix}LabelKey`]: labelKey ?? '' };
      return {
        value,
        conditions: ofAgent,
        dimensions: [...dimensions, `label:${labelKey ?? ''}`],
        parameters: labelled,
      };
    }
    case 'costCentre':
    case 'team': {
      const columns = ownerColumns(owners);
      // No rollup has all that owner rules look at.
      return {
        value: columns[scope],
        conditions: ofAgent,
        dimensions: [...dimensions, 'session'],
        parameters: { ...parameters, ...columns.params },
      };
    }
  }
}

const valueColumns = { agent: 'agent_name', user: 'user_id', session: 'session_id' } as const;

export const driverColumns: Readonly<Record<DriverDimension, string>> = { ...valueColumns, model: 'model' };
