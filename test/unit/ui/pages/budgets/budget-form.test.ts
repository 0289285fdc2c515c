import { describe, expect, test } from 'vitest';
import {
  type BudgetForm,
  fillBudgetForm,
  inputOf,
  newBudgetForm,
  readAmount,
  readBudgetForm,
  readThresholds,
} from '../../../../../ui/pages/budgets/budget-form.ts';
import { makeBudget } from './budget-fixture.ts';

const filled: BudgetForm = { ...newBudgetForm, name: ' Support ', value: 'support', amountUsd: '$1,200.50' };

test('a filled form is a request', () => {
  expect(readBudgetForm(filled)).toEqual({
    input: {
      ...{ name: 'Support', scope: 'agent', labelKey: null, value: 'support', amountUsd: '1200.5' },
      period: { kind: 'calendar', unit: 'month', timeZone: 'UTC' },
      ...{ thresholds: [50, 80, 100], action: 'warn', channelIds: [] },
    },
    problems: null,
  });
});

test('each value, the whole project, and labels ask for other fields', () => {
  const read = (changes: Partial<BudgetForm>) => readBudgetForm({ ...filled, ...changes });
  expect(read({ scope: 'user', isEach: true, value: 'left over' }).input).toMatchObject({ value: null });
  expect(read({ scope: 'project', value: 'left over' }).input).toMatchObject({ value: null, labelKey: null });
  expect(read({ scope: 'label', labelKey: 'team', value: 'care' }).input).toMatchObject({ labelKey: 'team' });
  expect(read({ scope: 'label', labelKey: ' ', value: '' }).problems).toEqual({
    labelKey: 'Which label, such as team.',
    value: 'Whose, or choose one for each.',
  });
});

test('periods: rolling hours, calendars in a zone, no end', () => {
  const periodOf = (changes: Partial<BudgetForm>) => readBudgetForm({ ...filled, ...changes }).input?.period;
  expect(periodOf({ period: 'rolling', rollingHours: '168' })).toEqual({ kind: 'rolling', hours: 168 });
  expect(periodOf({ period: 'week', timeZone: 'Europe/Berlin' })).toMatchObject({ timeZone: 'Europe/Berlin' });
  expect(periodOf({ period: 'total', timeZone: 'nonsense' })).toEqual({ kind: 'total' });
  expect(readBudgetForm({ ...filled, timeZone: 'Berlin' }).problems).toEqual({
    timeZone: 'The name of a zone, such as Europe/Berlin or UTC.',
  });
  expect(readBudgetForm({ ...filled, period: 'rolling', rollingHours: '1.5' }).problems).toEqual({
    rollingHours: 'A whole number of hours from 1 to 26,280.',
  });
});

describe('amounts', () => {
  test.each([
    ['200', '200'],
    ['$ 1,200.50', '1200.5'],
    ['007.0', '7'],
    ['.5', '0.5'],
    ['0.000000000001', '0.000000000001'],
  ])('%s', (text, usd) => {
    expect(readAmount(text)).toEqual({ usd, problem: null });
  });

  test.each([
    ['', 'How much'],
    ['.', 'An amount'],
    ['-3', 'An amount'],
    ['ten', 'An amount'],
    ['1e3', 'An amount'],
    ['0', 'More than nothing'],
    ['0.0000000000001', 'At most twelve digits'],
    ['1000000', 'At most $999,999'],
  ])('%s is refused in words', (text, problem) => {
    expect(readAmount(text).problem).toContain(problem);
  });
});

test('thresholds are read in any order and writing, each once', () => {
  expect(readThresholds('100, 80 %; 50%,80')).toEqual({ percents: [50, 80, 100], problem: null });
  expect(readThresholds(' ')).toEqual({ percents: [], problem: null });
  for (const wrong of ['0', '-5', 'half', '1001', '5e1', '1,2,3,4,5,6,7,8,9,10,11']) {
    expect(readThresholds(wrong).problem).not.toBeNull();
  }
});

test('a budget that is edited and not changed is sent as it was', () => {
  for (const budget of [
    makeBudget(),
    makeBudget({ scope: 'label', labelKey: 'team', value: null, period: { kind: 'rolling', hours: 36 } }),
    makeBudget({ scope: 'project', value: null, period: { kind: 'total' }, thresholds: [], channelIds: ['c1'] }),
  ]) {
    expect(readBudgetForm(fillBudgetForm(budget)).input).toEqual(inputOf(budget));
  }
});
