import type { Budget, BudgetAccount } from '../../api/types.ts';
import { fromPico, toPico } from '../../components/exact-usd.ts';
import { countOf, formatUsd } from '../../components/format.ts';
import { measureAccount, partOf } from './budget-figures.ts';
import { readAmount } from './budget-form.ts';
import { nameValues, writeUsd } from './budget-words.ts';

const cent = 10_000_000_000n;

/** Amounts that are offered: a quarter more, half more, twice as much; than what is used, where that is beyond the amount. */
export function raiseSteps(
  amountUsd: string,
  account: Pick<BudgetAccount, 'amountUsd' | 'spentUsd' | 'pendingUsd' | 'reservedUsd'> | null,
): { label: string; usd: string }[] {
  const used = account === null ? '0' : measureAccount(account).usedUsd;
  const isOver = toPico(used) > toPico(amountUsd);
  return [125, 150, 200].map((percent) => {
    const more = percent === 200 ? '× 2' : `+ ${percent - 100} %`;
    if (!isOver) {
      const usd = partOf(amountUsd, percent);
      return { label: `${more}: ${formatUsd(usd)}`, usd };
    }
    // To the cent above: nobody wants an amount of twelve digits.
    const usd = fromPico((toPico(partOf(used, percent)) / cent + 1n) * cent);
    return { label: `used ${more}: ${formatUsd(usd)}`, usd };
  });
}

/** What was typed as the new amount, or what is wrong with it. */
export function readRaise(text: string, budget: Pick<Budget, 'amountUsd'>): { usd: string; problem: string | null } {
  const amount = readAmount(text);
  if (amount.problem === null && toPico(amount.usd) <= toPico(budget.amountUsd)) {
    return { usd: '', problem: `More than the ${writeUsd(budget.amountUsd)} that it has; edit it to lower it.` };
  }
  return amount;
}

/** What it will mean, before it is done. */
export function describeRaise(raise: {
  /** Null while it is no amount. */
  usd: string | null;
  budget: Budget;
  account: BudgetAccount | null;
  pausedSessions: number | null;
}): string {
  const { usd, budget, account, pausedSessions } = raise;
  const sessions =
    pausedSessions === null || pausedSessions === 0
      ? ''
      : ` ${countOf(pausedSessions, 'paused session')} ${pausedSessions === 1 ? 'goes' : 'go'} on as soon as there is room.`;
  if (usd === null) return `It is ${writeUsd(budget.amountUsd)} now.${sessions}`;
  const isEach = budget.value === null && budget.scope !== 'project';
  const whom = isEach ? `Each ${nameValues(budget).singular} then has ${writeUsd(usd)}.` : '';
  if (account === null) return `${whom}${sessions}`.trim();
  const left = toPico(usd) - toPico(measureAccount(account).usedUsd);
  const whose = isEach && account.value !== null ? ` of ${account.value}` : '';
  const room =
    left > 0n
      ? `Then ${formatUsd(fromPico(left))}${whose} are left.`
      : `That is still ${formatUsd(fromPico(-left))} less than is used${whose}: nothing goes on.`;
  return [whom, room, left > 0n ? sessions.trim() : ''].filter((words) => words !== '').join(' ');
}
