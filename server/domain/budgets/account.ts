import type { Budget, BudgetAccount } from '../../contract/budgets.ts';
import type { PeriodWindow } from '../calendar.ts';
import { formatAmount, parseAmount } from '../prices/amount.ts';

/** What the ledger has of one account; amounts are whole numbers of 10^-12 dollars. */
export interface Spend {
  value: string | null;
  spent: bigint;
  unpricedCalls: number;
}

/** What the runtime holds of it beside the ledger. */
export interface Held {
  pendingUsd: string;
  reservedUsd: string;
  /** What the ledger had when the runtime last dropped from `pendingUsd` what was booked. */
  spentUsd?: string | undefined;
}

export const nothingHeld: Held = { pendingUsd: '0', reservedUsd: '0' };
/** Thresholds are compared to a thousandth of a per cent. */
const thresholdScale = 1_000;

/** Stable as long as the budget is one for the same thing; nothing of it changes with the amount. */
export function accountIdOf(budgetId: string, value: string | null): string {
  return `${budgetId}:${value ?? ''}`;
}

export function readAccountId(accountId: string): { budgetId: string; value: string | null } {
  const colon = accountId.indexOf(':');
  if (colon < 0) return { budgetId: accountId, value: null };
  const value = accountId.slice(colon + 1);
  return { budgetId: accountId.slice(0, colon), value: value === '' ? null : value };
}

export function describeAccount(
  budget: Budget,
  { window, spend, held = nothingHeld }: { window: PeriodWindow; spend: Spend; held?: Held | undefined },
): BudgetAccount {
  const { budgetId, amountUsd, action, thresholds } = budget;
  const amount = parseAmount(amountUsd);
  const [pending, reserved] = [unbookedOf(spend.spent, held), parseAmount(held.reservedUsd)];
  const used = spend.spent + pending;
  return {
    ...{ accountId: accountIdOf(budgetId, spend.value), budgetId, value: spend.value, amountUsd, action, thresholds },
    window: describeWindow(window),
    spentUsd: formatAmount(spend.spent),
    unpricedCalls: spend.unpricedCalls,
    pendingUsd: formatAmount(pending),
    reservedUsd: formatAmount(reserved),
    remainingUsd: formatAmount(amount - used - reserved),
    state: stateOf({ used, amount, thresholds }),
  };
}

/**
 * Of what the runtime calls pending that which the ledger does not have by now: the runtime looks every other second, and what
 * was booked since would count twice, and be told. Where others spend meanwhile, it is too little for so long.
 */
function unbookedOf(spent: bigint, { pendingUsd, spentUsd }: Held): bigint {
  const pending = parseAmount(pendingUsd);
  if (spentUsd === undefined) return pending;
  const left = parseAmount(spentUsd) + pending - spent;
  if (left < 0n) return 0n;
  return left < pending ? left : pending;
}

export function describeWindow({ key, fromMs, toMs }: PeriodWindow): BudgetAccount['window'] {
  return {
    key,
    from: new Date(fromMs).toISOString(),
    to: toMs === null ? null : new Date(toMs).toISOString(),
  };
}

/** The amount from which an account is warned; null: nobody is told before the end. */
export function warnedFrom(amount: bigint, thresholds: readonly number[]): bigint | null {
  if (thresholds.length === 0) return null;
  const least = BigInt(Math.round(Math.min(...thresholds) * thresholdScale));
  const divisor = BigInt(100 * thresholdScale);
  return (amount * least + divisor - 1n) / divisor;
}

function stateOf({
  used,
  amount,
  thresholds,
}: {
  used: bigint;
  amount: bigint;
  thresholds: readonly number[];
}): BudgetAccount['state'] {
  if (used >= amount) return 'exhausted';
  const warned = warnedFrom(amount, thresholds);
  return warned !== null && used >= warned ? 'warned' : 'ok';
}
