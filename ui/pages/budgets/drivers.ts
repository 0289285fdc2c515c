import type { BudgetDriver } from '../../api/types.ts';
import { toPico } from '../../components/exact-usd.ts';
import { exactUsd } from '../../components/format.ts';
import { shareOf } from './budget-figures.ts';

const order: readonly BudgetDriver['dimension'][] = ['agent', 'model', 'user', 'session'];

/** By dimension, those that say something: one alone that has no value explains nothing. */
export function groupDrivers(
  drivers: readonly BudgetDriver[],
): { dimension: BudgetDriver['dimension']; list: BudgetDriver[] }[] {
  return order.flatMap((dimension) => {
    const list = drivers.filter((driver) => driver.dimension === dimension);
    const isNothing = list.length === 0 || (list.length === 1 && list[0]?.value === null);
    return isNothing ? [] : [{ dimension, list }];
  });
}

/** Against the same part of the period before: `+35 %`, `new`; null where there was no period before. */
export function describeChange({ usd, previousUsd }: BudgetDriver): {
  text: string;
  title: string;
  tone: 'more' | 'less';
} | null {
  if (previousUsd === null) return null;
  const before = toPico(previousUsd);
  const now = toPico(usd);
  const title = `${exactUsd(previousUsd)} in the same part of the period before`;
  if (before === 0n) return now === 0n ? null : { text: 'new', title, tone: 'more' };
  const change = shareOf(now < before ? before - now : now - before, before) * 100;
  if (change < 1) return { text: '± 0 %', title, tone: 'less' };
  const size = change >= 1_000 ? `× ${Math.round(shareOf(now, before))}` : `${Math.round(change)} %`;
  if (now < before) return { text: `− ${size}`, title, tone: 'less' };
  return { text: change >= 1_000 ? size : `+ ${size}`, title, tone: 'more' };
}
