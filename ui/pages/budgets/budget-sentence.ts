import type { BudgetInput } from '../../api/types.ts';
import { partOf } from './budget-figures.ts';
import {
  actionWords,
  describePeriod,
  describeZone,
  describeScope,
  formatPercent,
  joinWords,
  writeUsd,
} from './budget-words.ts';

/**
 * What a budget will do, in plain sentences: who may spend how much until when, who is told, what happens then.
 * `agent` is that of a definition, null for every other budget.
 */
export function describeBudget(
  input: Omit<BudgetInput, 'name'>,
  { agent, channelNames }: { agent: string | null; channelNames: readonly string[] },
): string[] {
  const who = describeScope({ ...input, agent });
  const zone = describeZone(input.period);
  const when = `${describePeriod(input.period)}${zone === null ? '' : `, ${zone} time`}`;
  return [
    `${who.charAt(0).toUpperCase()}${who.slice(1)} may spend ${writeUsd(input.amountUsd)} ${when}.`,
    describeTelling(input, channelNames),
    input.action === 'warn'
      ? 'Nothing is held back.'
      : `When it is used up, ${actionWords[input.action].replace(
          'its next period begins',
          input.period.kind === 'calendar' ? `the next ${input.period.unit} begins` : 'there is room again',
        )}.`,
  ];
}

function describeTelling(
  { thresholds, amountUsd }: Pick<BudgetInput, 'thresholds' | 'amountUsd'>,
  names: readonly string[],
) {
  if (thresholds.length === 0) return 'Nobody is told on the way.';
  const marks = thresholds.map((percent) => `${formatPercent(percent)} (${writeUsd(partOf(amountUsd, percent))})`);
  const whom =
    names.length === 0 ? 'the page Alerts shows it' : `${joinWords(names)} ${names.length === 1 ? 'is' : 'are'} told`;
  return `At ${joinWords(marks)} ${whom}.`;
}
