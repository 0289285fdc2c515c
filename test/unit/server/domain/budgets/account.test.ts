import { describe, expect, it } from 'vitest';
import {
  accountIdOf,
  describeAccount,
  type Held,
  readAccountId,
  warnedFrom,
} from '../../../../../server/domain/budgets/account.ts';
import { parseAmount } from '../../../../../server/domain/prices/amount.ts';
import { budgetOf } from '../../../../support/budget-of.ts';

const window = { key: 'day:x', fromMs: 0, toMs: 86_400_000 };

function accountOf(spentUsd: string, held?: Held) {
  const budget = budgetOf({ amountUsd: '10', thresholds: [50, 80] });
  const spend = { value: 'ada', spent: parseAmount(spentUsd), unpricedCalls: 0 };
  return describeAccount(budget, { window, spend, held });
}

describe('an account', () => {
  it.each([
    ['0', 'ok'],
    ['4.999999999999', 'ok'],
    ['5', 'warned'],
    ['9.999999999999', 'warned'],
    ['10', 'exhausted'],
    ['12', 'exhausted'],
  ])('with %s of 10 dollars spent is %s', (spent, state) => {
    expect(accountOf(spent).state).toBe(state);
  });

  it('counts what is pending as spent, and what is reserved only as gone', () => {
    const account = accountOf('4', { pendingUsd: '1', reservedUsd: '4.5' });
    expect(account).toMatchObject({ spentUsd: '4', pendingUsd: '1', reservedUsd: '4.5', remainingUsd: '0.5' });
    expect(account.state).toBe('warned');
    expect(accountOf('4', { pendingUsd: '0', reservedUsd: '6' })).toMatchObject({ remainingUsd: '0', state: 'ok' });
    expect(accountOf('10.25').remainingUsd).toBe('-0.25');
  });

  it.each([
    ['what is booked since the runtime last looked', '4', { pendingUsd: '4', spentUsd: '0' }, '0'],
    ['all but what is booked since', '3', { pendingUsd: '4', spentUsd: '1' }, '2'],
    ['nothing where others have spent as much', '9', { pendingUsd: '4', spentUsd: '1' }, '0'],
    [
      'all of it where a correction or the time has taken from what was booked',
      '0.5',
      { pendingUsd: '4', spentUsd: '1' },
      '4',
    ],
  ])('does not count twice: %s', (_what, spent, held, pendingUsd) => {
    expect(accountOf(spent, { ...held, reservedUsd: '0' }).pendingUsd).toBe(pendingUsd);
  });

  it('is warned from the first threshold, exactly', () => {
    expect(warnedFrom(parseAmount('0.000000000003'), [50])).toBe(2n);
    expect(warnedFrom(parseAmount('200'), [80, 12.5])).toBe(parseAmount('25'));
    expect(warnedFrom(parseAmount('200'), [])).toBeNull();
  });

  it('has an id that gives back its budget and its value, colons and all', () => {
    for (const value of ['ada', 'a:b:c', ' ', 'ä']) {
      expect(readAccountId(accountIdOf('b1', value))).toEqual({ budgetId: 'b1', value });
    }
    expect(readAccountId(accountIdOf('b1', null))).toEqual({ budgetId: 'b1', value: null });
  });
});
