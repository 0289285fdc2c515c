import type { Budget, BudgetAccount } from '../../api/types.ts';
import { formatMoment, formatRelative } from '../../components/time.ts';

/** `since 1 Nov, 00:00; begins anew in 7 d`: the window that runs. */
export function describeWindow(
  period: Budget['period'],
  window: BudgetAccount['window'],
  nowMs: number,
): { text: string; endsMs: number | null } {
  const since = formatMoment(Date.parse(window.from), nowMs);
  if (period.kind === 'rolling') return { text: `since ${since}, moving on with the clock`, endsMs: null };
  if (period.kind === 'total' || window.to === null) return { text: 'from the first call on', endsMs: null };
  const endsMs = Date.parse(window.to);
  const ends = formatRelative(BigInt(endsMs) * 1_000_000n, nowMs);
  return { text: `since ${since}; begins anew ${/^(in|just)/.test(ends) ? ends : `on ${ends}`}`, endsMs };
}
