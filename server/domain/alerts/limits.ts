import type { AlertRuleInput } from '../../contract/alert-rules.ts';
import type { Level } from './group-state.ts';

export type Limits = Pick<AlertRuleInput, 'operator' | 'warning' | 'critical' | 'recovery'>;

/** The first limit that a value meets. */
export function firstLimitOf({ warning, critical }: Limits): number | null {
  return warning ?? critical;
}

export function limitOf(limits: Limits, level: Level): number | null {
  return level === 2 ? limits.critical : level === 1 ? limits.warning : firstLimitOf(limits);
}

export function highestLevel({ critical }: Limits): Level {
  return critical === null ? 1 : 2;
}

/**
 * How high a value stands. A level that was told is left only beyond `recovery`, which stands for the first limit, and as far
 * below for the other: a value that trembles at a limit changes nothing.
 */
export function levelOfValue(limits: Limits, value: number, told: Level): Level {
  for (const level of [2, 1] as const) {
    const limit = level === 2 ? limits.critical : limits.warning;
    if (limit === null) continue;
    if (isBeyond(limits, value, level <= told ? stayLimit(limits, limit) : limit)) return level;
  }
  return 0;
}

function stayLimit(limits: Limits, limit: number): number {
  const first = firstLimitOf(limits);
  if (limits.recovery === null || first === null) return limit;
  return limit - (first - limits.recovery);
}

function isBeyond({ operator }: Limits, value: number, limit: number): boolean {
  return operator === '>' ? value > limit : value < limit;
}
