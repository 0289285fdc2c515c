import type { Budget, BudgetAccount, BudgetPeriod } from '../../api/types.ts';
import { exactUsd } from '../../components/format.ts';

/** Whose money a budget is of. */
export type BudgetTarget = Pick<Budget, 'scope' | 'labelKey' | 'value' | 'agent'>;

export const scopeNames = {
  project: 'Project',
  agent: 'Agent',
  user: 'User',
  session: 'Session',
  label: 'Label',
  costCentre: 'Cost centre',
  team: 'Team',
} as const satisfies Record<Budget['scope'], string>;

/** What happens at 100 %, as short as it can be said. */
export const actionNames = {
  warn: 'warn',
  downgrade: 'downgrade',
  pause: 'pause',
  block: 'block',
} as const satisfies Record<Budget['action'], string>;

/** The same as the end of “at 100 % …”. */
export const actionWords = {
  warn: 'nothing is held back: it only tells',
  downgrade: 'calls go to the last model of the agent’s chain',
  pause: 'a session pauses before its next model call and goes on when the budget is raised or its next period begins',
  block: 'model calls are refused until the budget is raised or its next period begins',
} as const satisfies Record<Budget['action'], string>;

export const stateNames = {
  ok: 'within',
  warned: 'warned',
  exhausted: 'used up',
} as const satisfies Record<BudgetAccount['state'], string>;

export const stateTones = { ok: 'ok', warned: 'warning', exhausted: 'danger' } as const;

/** `agent support`, `each user`, `each value of label team`, `the whole project`. */
export function describeScope({ scope, labelKey, value, agent }: BudgetTarget): string {
  if (agent !== null && scope === 'agent') return `agent ${agent}`;
  const only = agent === null ? '' : ` of agent ${agent}`;
  return `${nameTargetOf({ scope, labelKey, value })}${only}`;
}

/** The same without the agent that declares it. */
export function nameTargetOf({ scope, labelKey, value }: Omit<BudgetTarget, 'agent'>): string {
  if (scope === 'project') return 'the whole project';
  if (scope === 'label') {
    return value === null ? `each value of label ${labelKey ?? ''}` : `label ${labelKey ?? ''}=${value}`;
  }
  const noun = scopeNames[scope].toLowerCase();
  return value === null ? `each ${noun}` : `${noun} ${value}`;
}

/** What the values of a budget are, that has an account for each: `users`, `values of team`. */
export function nameValues({ scope, labelKey }: Pick<BudgetTarget, 'scope' | 'labelKey'>): {
  singular: string;
  plural: string;
} {
  if (scope === 'label') {
    const key = labelKey ?? '';
    return { singular: `value of ${key}`, plural: `values of ${key}` };
  }
  const noun = scopeNames[scope].toLowerCase();
  return { singular: noun, plural: `${noun}s` };
}

/** `a day`, `an hour`, `any 24 h`, `in all`: after an amount. */
export function describePeriod(period: BudgetPeriod): string {
  if (period.kind === 'total') return 'in all';
  if (period.kind === 'rolling') return `in any ${describeHours(period.hours)}`;
  return `${period.unit === 'hour' ? 'an' : 'a'} ${period.unit}`;
}

/** Where its days begin; null where that is nowhere. */
export function describeZone(period: BudgetPeriod): string | null {
  return period.kind === 'calendar' ? period.timeZone : null;
}

/** `36 h`, `7 d`. */
export function describeHours(hours: number): string {
  return hours % 24 === 0 && hours >= 48 ? `${hours / 24} d` : `${hours} h`;
}

/** `$5`, `$0.40`, `$0.0125`: every digit, and cents as one writes them. */
export function writeUsd(usd: string): string {
  const text = exactUsd(usd);
  return /\.\d$/.test(text) ? `${text}0` : text;
}

/** `50 %`. */
export function formatPercent(percent: number): string {
  return `${Number(percent.toFixed(percent < 10 ? 1 : 0))} %`;
}

/** `50 % and 80 %`, `50 %, 80 % and 100 %`. */
export function joinWords(words: readonly string[]): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** What is wrong with a budget whose file names channels that are not there. */
export function describeMissingChannels(names: readonly string[]): string {
  const [is, them] =
    names.length === 1 ? ['no channel of this project is', 'it'] : ['no channels of this project are', 'them'];
  return `The file tells ${joinWords(names)}, and ${is} called that: nobody hears of this budget there. Make ${them}, or name another in the file.`;
}
