import { expect, test } from 'vitest';
import { inputOf } from '../../../../../ui/pages/budgets/budget-form.ts';
import { describeBudget } from '../../../../../ui/pages/budgets/budget-sentence.ts';
import { makeBudget } from './budget-fixture.ts';

const say = (
  changes: Parameters<typeof makeBudget>[0],
  channelNames: readonly string[] = [],
  agent: string | null = null,
) => describeBudget(inputOf(makeBudget(changes)), { agent, channelNames }).join(' ');

test('a budget says who may spend what until when, who is told, and what happens then', () => {
  expect(say({}, ['Ops'])).toBe(
    'Agent support may spend $10 a day, UTC time. At 50 % ($5) and 80 % ($8) Ops is told. When it is used up, a session ' +
      'pauses before its next model call and goes on when the budget is raised or the next day begins.',
  );
});

test('each value, rolling windows and budgets without an end have words of their own', () => {
  expect(say({ scope: 'user', value: null, period: { kind: 'rolling', hours: 168 }, action: 'block' })).toContain(
    'Each user may spend $10 in any 7 d. ',
  );
  expect(say({ scope: 'user', value: null, period: { kind: 'rolling', hours: 24 }, action: 'block' })).toContain(
    'model calls are refused until the budget is raised or there is room again.',
  );
  expect(say({ scope: 'project', value: null, period: { kind: 'total' }, action: 'warn', thresholds: [] })).toBe(
    'The whole project may spend $10 in all. Nobody is told on the way. Nothing is held back.',
  );
  expect(say({ scope: 'label', labelKey: 'team', value: null })).toContain('Each value of label team may spend');
  expect(say({ scope: 'user', value: null }, [], 'support')).toContain('Each user of agent support may spend');
  expect(say({ amountUsd: '0.4' })).toContain('may spend $0.40 a day, UTC time. At 50 % ($0.20)');
  expect(say({}, ['Ops', 'Finance'])).toContain('Ops and Finance are told.');
});
