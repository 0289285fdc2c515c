import type { Cost } from '../contract/values.ts';

/** The known cost of some calls: nothing, if all of them failed without usage; else unknown. */
export function costOf({ modelCalls, pricedCalls }: { modelCalls: number; pricedCalls: number }): Cost {
  const unpricedCalls = modelCalls - pricedCalls;
  return { usd: pricedCalls > 0 && unpricedCalls === 0 ? '0' : null, pricedCalls, unpricedCalls };
}
