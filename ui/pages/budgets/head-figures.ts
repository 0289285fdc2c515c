import type { Budget, BudgetProjection } from '../../api/types.ts';
import { toPico } from '../../components/exact-usd.ts';
import { countOf, exactUsd, formatUsd, unknown } from '../../components/format.ts';
import { describeLeft, describeUse, formatShare, measureAccount } from './budget-figures.ts';
import type { BudgetFocus } from './burn-geometry.ts';
import { describeEnd, describeExhaustion } from './exhaustion.ts';

interface Figure {
  label: string;
  text: string;
  title: string;
  href?: string | undefined;
  tone?: 'danger' | undefined;
}

/** What the head of a budget says in figures; those that would always be nothing are left out. */
export function listFigures(
  shown: {
    budget: Budget;
    account: BudgetFocus['account'] | null;
    projection: BudgetProjection | null;
    ledgerHref: string | null;
  },
  nowMs: number,
): Figure[] {
  const { budget, account, projection, ledgerHref } = shown;
  if (account === null) {
    return [
      { label: 'Spent', text: '$0', title: 'Nothing was spent yet' },
      { label: 'Left', text: formatUsd(budget.amountUsd), title: exactUsd(budget.amountUsd) },
    ];
  }
  const figures = measureAccount(account);
  const left = describeLeft(figures.leftUsd);
  const exhaustion = describeExhaustion({ account, projection }, nowMs);
  const end = projection === null ? null : describeEnd(projection);
  return [
    { label: 'Spent', ...usdWords(account.spentUsd), href: ledgerHref ?? undefined },
    {
      label: 'Not yet booked',
      text: formatUsd(account.pendingUsd),
      title: `${exactUsd(account.pendingUsd)} of calls that ended and are not in the ledger yet`,
    },
    {
      label: 'Reserved',
      text: formatUsd(account.reservedUsd),
      title: `${exactUsd(account.reservedUsd)}: the worst case of calls that run`,
    },
    {
      label: 'Left',
      text: left.isOver ? left.text : formatUsd(figures.leftUsd),
      title: exactUsd(account.remainingUsd),
      tone: left.isOver ? 'danger' : undefined,
    },
    {
      label: 'Used',
      text: formatShare(figures.usedShare),
      title: describeUse(account),
      tone: account.state === 'exhausted' ? 'danger' : undefined,
    },
    {
      label: 'Used up',
      text: exhaustion?.text ?? unknown,
      title: exhaustion?.title ?? 'Too little was spent to tell',
      tone: exhaustion?.tone === 'danger' ? 'danger' : undefined,
    },
    ...(end === null ? [] : [{ label: 'At its end', ...end, tone: overOf(budget, projection) }]),
    ...(account.unpricedCalls === 0
      ? []
      : [
          {
            label: 'Without a price',
            text: countOf(account.unpricedCalls, 'call'),
            title: 'What they cost is not known and not in these sums',
            tone: 'danger' as const,
          },
        ]),
  ];
}

function overOf(budget: Budget, projection: BudgetProjection | null): 'danger' | undefined {
  const usd = projection?.usdAtEnd ?? null;
  return usd !== null && toPico(usd) >= toPico(budget.amountUsd) ? 'danger' : undefined;
}

function usdWords(usd: string): { text: string; title: string } {
  return { text: formatUsd(usd), title: exactUsd(usd) };
}
