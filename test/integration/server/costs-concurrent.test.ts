import { describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';
import { useMoneyApi } from './money-api.ts';

const passes = 60;

describe('costs that are read while passes are booked', () => {
  const api = useMoneyApi(useDatabase());

  it('are of one moment: totals, rows and statuses agree, and a pass is in them whole', async () => {
    const state = { isBooking: true };
    const booking = (async () => {
      for (let pass = 1; pass <= passes; pass += 1) {
        const id = { traceId: traceIdOf(pass.toString(16).padStart(4, '0')), pass };
        await api.ledger.book(
          { ...id, spanId: spanIdOf(1), agent: 'a', costUsd: '0.1' },
          { ...id, spanId: spanIdOf(2), agent: 'b', status: 'unpriced_model' },
        );
      }
      state.isBooking = false;
    })();
    let reads = 0;
    while (state.isBooking) {
      const { totals, rows } = await api.getCosts({ groupBy: 'agent' });
      const calls = rows.map((row) => row.usage.modelCalls);
      expect(calls.reduce((sum, count) => sum + count, 0)).toBe(totals.usage.modelCalls);
      expect(new Set(calls).size).toBeLessThanOrEqual(1);
      expect(totals.callsByStatus).toMatchObject({
        priced: totals.cost.pricedCalls,
        unpricedModel: totals.cost.unpricedCalls,
      });
      reads += 1;
    }
    await booking;
    expect(reads).toBeGreaterThan(5);
    const { totals } = await api.getCosts();
    expect(totals.cost).toEqual({ usd: '6', pricedCalls: passes, unpricedCalls: passes });
  });
});
