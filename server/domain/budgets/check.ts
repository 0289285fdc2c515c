import type { CheckReply } from '../../contract/budget-calls.ts';
import { type Budget, type BudgetAccount, budgetActions } from '../../contract/budgets.ts';
import { parseAmount } from '../prices/amount.ts';

/** An account that a call falls on. */
export interface CheckedAccount {
  budget: Pick<Budget, 'name'>;
  account: BudgetAccount;
}

/** What is known of what the call costs. */
export type Estimate = { usd: string } | { unpricedModel: string } | { unknown: true };

/** A budget that a call must not overstep. */
export function isStopping(action: Budget['action']): boolean {
  return action === 'pause' || action === 'block';
}

/**
 * Whether a call may be made: it fits where its estimate is no more than what remains; without an estimate, where anything
 * remains. A model without a price fits under no budget that stops.
 */
export function checkCall(
  accounts: readonly CheckedAccount[],
  estimate: Estimate,
): Omit<CheckReply, 'runtime' | 'estimatedUsd'> {
  const budgets = accounts.map(({ budget, account }) => ({
    ...account,
    name: budget.name,
    fits: fitsInto(account, estimate),
  }));
  const full = budgets.filter(({ fits }) => !fits);
  const strictest = full.toSorted((a, b) => budgetActions.indexOf(b.action) - budgetActions.indexOf(a.action))[0];
  return {
    allowed: !full.some(({ action }) => isStopping(action)),
    action: strictest?.action ?? 'allow',
    reason: strictest === undefined ? null : reasonOf(strictest, estimate),
    budgets,
  };
}

function fitsInto({ action, remainingUsd }: BudgetAccount, estimate: Estimate): boolean {
  const remaining = parseAmount(remainingUsd);
  if ('usd' in estimate) return parseAmount(estimate.usd) <= remaining && remaining > 0n;
  if ('unpricedModel' in estimate && isStopping(action)) return false;
  return remaining > 0n;
}

function reasonOf(
  { name, value, remainingUsd, amountUsd }: BudgetAccount & { name: string },
  estimate: Estimate,
): string {
  const whose = value === null ? `budget "${name}"` : `budget "${name}" of ${value}`;
  if ('unpricedModel' in estimate && parseAmount(remainingUsd) > 0n) {
    return `there is no price for ${estimate.unpricedModel}, and ${whose} takes no call of unknown cost`;
  }
  const room = `${whose} has ${remainingUsd} of ${amountUsd} USD left`;
  return 'usd' in estimate ? `${room}; the call may cost ${estimate.usd}` : room;
}
