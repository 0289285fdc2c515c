import { describe, expect, it } from 'vitest';
import type { Budget } from '../../../../../server/contract/budgets.ts';
import { describeAccount } from '../../../../../server/domain/budgets/account.ts';
import { checkCall } from '../../../../../server/domain/budgets/check.ts';
import { parseAmount } from '../../../../../server/domain/prices/amount.ts';
import { budgetOf } from '../../../../support/budget-of.ts';

const window = { key: 'day:x', fromMs: 0, toMs: 86_400_000 };

function accountOf(action: Budget['action'], spentUsd: string) {
  const budget = budgetOf({ action, name: action });
  return { budget, account: describeAccount(budget, { window, spend: spendOf(spentUsd) }) };
}

function spendOf(usd: string) {
  return { value: 'ada', spent: parseAmount(usd), unpricedCalls: 0 };
}

describe('a call', () => {
  it('is allowed where it fits everywhere', () => {
    const checked = checkCall([accountOf('block', '9'), accountOf('warn', '1')], { usd: '1' });
    expect(checked).toMatchObject({ allowed: true, action: 'allow', reason: null });
    expect(checked.budgets.map(({ fits }) => fits)).toEqual([true, true]);
  });

  it('is refused by a budget that stops and has no room for it', () => {
    expect(checkCall([accountOf('warn', '10'), accountOf('block', '9')], { usd: '1.000000000001' })).toMatchObject({
      ...{ allowed: false, action: 'block' },
      reason: 'budget "block" of ada has 1 of 10 USD left; the call may cost 1.000000000001',
    });
    expect(checkCall([accountOf('pause', '10')], { usd: '0' })).toMatchObject({ allowed: false, action: 'pause' });
  });

  it('is only told of budgets that do not stop', () => {
    const full = [accountOf('warn', '10'), accountOf('downgrade', '11')];
    expect(checkCall(full, { usd: '1' })).toMatchObject({ allowed: true, action: 'downgrade' });
  });

  it('needs a price under a budget that stops', () => {
    expect(checkCall([accountOf('block', '0')], { unpricedModel: 'own-model' })).toMatchObject({
      ...{
        allowed: false,
        reason: 'there is no price for own-model, and budget "block" of ada takes no call of unknown cost',
      },
    });
    expect(checkCall([accountOf('warn', '0')], { unpricedModel: 'own-model' }).allowed).toBe(true);
    expect(checkCall([accountOf('block', '0')], { unknown: true }).allowed).toBe(true);
    expect(checkCall([accountOf('block', '10')], { unknown: true }).allowed).toBe(false);
  });

  it('falls on no budget', () => {
    expect(checkCall([], { usd: '1' })).toEqual({ allowed: true, action: 'allow', reason: null, budgets: [] });
  });
});
