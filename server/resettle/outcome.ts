import { changeRowsMax, type ResettlementOutcome } from '../contract/resettlements.ts';
import type { Cost } from '../contract/values.ts';
import { type PricedSum, totalOf, usdOf } from '../domain/settlement/price-changes.ts';
import type { ResettlementResult } from './resettle.ts';

/** A result as the API answers it and the audit keeps it; the rows with the most changes where there are too many. */
export function describeResult({ changes, traceCount, expiredCount }: ResettlementResult): ResettlementOutcome {
  const { before, after, changedCount } = totalOf(changes);
  const shown =
    changes.length <= changeRowsMax ? changes : changes.filter((row) => row.changedCount > 0).slice(0, changeRowsMax);
  return {
    ...{ before: costOf(before), after: costOf(after), changedCount, traceCount, expiredCount },
    changes: shown.map((row) => ({ ...row, before: costOf(row.before), after: costOf(row.after) })),
    changeCount: changes.length,
  };
}

function costOf(sum: PricedSum): Cost {
  return { usd: usdOf(sum), pricedCalls: Number(sum.pricedCalls), unpricedCalls: Number(sum.unpricedCalls) };
}
