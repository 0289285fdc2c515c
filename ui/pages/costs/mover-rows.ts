import type { CostMover, MoversReply } from '../../api/types.ts';
import { fromPico, toPico } from '../../components/exact-usd.ts';
import { countOf, formatUsd, unknown } from '../../components/format.ts';
import { measure } from '../../state/cost-measure.ts';
import { nameNone } from '../../state/cost-groups.ts';
import type { GroupName } from '../../state/cost-query.ts';
import { type Change, describeChange } from './change.ts';

/** One value of a dimension, and what it had to do with the change. */
export interface MoverRow {
  value: string | null;
  name: string;
  /** `+$4.20`, `−$0.31`, `–`. */
  change: string;
  /** From and to, and calls, in words. */
  title: string;
  /** Its size of the largest change of the answer, 0 to 1. */
  share: number;
  direction: Change['direction'];
}

export interface MoverList {
  name: GroupName;
  rows: readonly MoverRow[];
  /** What all others did; null where they did nothing. */
  rest: string | null;
}

/** Dimensions whose values moved, with what moved most first. */
export function listMovers({ dimensions }: MoversReply): MoverList[] {
  const sizes = dimensions.flatMap(({ movers }) => movers.map(({ changeUsd }) => sizeOf(changeUsd)));
  const largest = sizes.reduce((most, size) => (size > most ? size : most), 0n);
  return dimensions.map((dimension) => {
    const name = dimension.name as GroupName;
    const others = dimension.groupCount - dimension.movers.length;
    const { restUsd } = dimension;
    return {
      name,
      rows: dimension.movers
        .filter(({ changeUsd }) => changeUsd === null || toPico(changeUsd) !== 0n)
        .map((mover) => toRow(mover, { name, largest })),
      rest:
        others <= 0 || restUsd === null || toPico(restUsd) === 0n
          ? null
          : `${countOf(others, 'other')}: ${signed(restUsd)}`,
    };
  });
}

/** `+$4.20`; no sign where nothing changed. */
export function signed(usd: string | null): string {
  if (usd === null) return unknown;
  const amount = toPico(usd);
  if (amount === 0n) return '$0';
  return `${amount > 0n ? '+' : '−'}${formatUsd(fromPico(amount < 0n ? -amount : amount))}`;
}

/** Of both periods together. */
export function describeTotals({ totals }: MoversReply): Change {
  return describeChange({
    metric: 'cost',
    now: measure('cost', totals.now),
    before: measure('cost', totals.before),
    gap:
      totals.now.cost.unpricedCalls + totals.before.cost.unpricedCalls > 0
        ? 'Calls without a price are in neither sum.'
        : null,
  });
}

function toRow(mover: CostMover, { name, largest }: { name: GroupName; largest: bigint }): MoverRow {
  const { value, now, before, changeUsd } = mover;
  const change = describeChange({ metric: 'cost', now: measure('cost', now), before: measure('cost', before) });
  return {
    ...{ value, name: value ?? nameNone(name), change: signed(changeUsd), direction: change.direction },
    title: `${change.title} ${countOf(before.usage.modelCalls, 'call')} before, ${countOf(now.usage.modelCalls, 'call')} now.`,
    share: largest === 0n ? 0 : Number(sizeOf(changeUsd)) / Number(largest),
  };
}

function sizeOf(usd: string | null): bigint {
  const amount = toPico(usd ?? '0');
  return amount < 0n ? -amount : amount;
}
