import { describe, expect, test } from 'vitest';
import { alertMetrics, type AlertMetric } from '../../../../../server/contract/alert-values.ts';
import type { AlertRuleInput } from '../../../../../ui/api/alerts.ts';
import { formatAxisValue, formatValue, metricNames } from '../../../../../ui/pages/alerts/alert-metrics.ts';
import { readRuleForm } from '../../../../../ui/pages/alerts/read-rule-form.ts';
import { emptyForm } from '../../../../../ui/pages/alerts/rule-form.ts';
import { describeRule, nameLimits, summarizeRule } from '../../../../../ui/pages/alerts/rule-words.ts';

function ruleOf(changes: Partial<AlertRuleInput>): AlertRuleInput {
  const { rule } = readRuleForm({ ...emptyForm('UTC'), name: 'Spend', critical: '50' });
  if (rule === null) throw new Error('the form is wrong');
  return { ...rule, ...changes };
}

test('every metric of the server has words', () => {
  expect([...metricNames].toSorted()).toEqual([...alertMetrics].toSorted());
});

describe('a rule in words', () => {
  test('says when it fires, when it is over and who is told', () => {
    const rule = ruleOf({ warning: 20, recovery: 15, forSeconds: 300, renotifyMinutes: 240, groupBy: 'agent' });
    expect(describeRule({ ...rule, filters: { model: 'gpt-5' } }, ['#on-call', 'pager'])).toBe(
      'Fires when spend of each agent (only model gpt-5) in the last 24 h is above $20.00 (warning) or above $50.00 (critical) for 5 min. ' +
        'It is over once that is back to $15.00. Each change of state is sent to #on-call and pager, and every 4 h while it fires.',
    );
  });

  test('says what a calendar window, a side below and no data mean', () => {
    const window = { kind: 'calendar', unit: 'day', timeZone: 'Europe/Berlin' } as const;
    expect(describeRule(ruleOf({ window, operator: '<', critical: 5, noDataAs: 'firing' }), [])).toBe(
      'Fires when spend today (Europe/Berlin) is below $5.00 (critical). It is over once that is back up to $5.00. ' +
        'It tells nobody: it is seen on this page alone. Without any data it fires as well.',
    );
  });

  test('in one line says what is watched, and at which limits', () => {
    const rule = ruleOf({ metric: 'error_rate', groupBy: 'label:team', filters: { agent: 'support' }, warning: 5 });
    expect(summarizeRule(rule)).toBe('Error rate of each label team (only agent support) in the last 24 h');
    expect(nameLimits(rule)).toBe('> 5 % warning, > 50 % critical');
  });
});

test.each<[AlertMetric, number | null, string, string]>([
  ['spend', 61.2, '$61.20', '$61.20'],
  ['spend', 0.000_000_4, '$0.0000004', '$0.0000004'],
  ['budget', 80, '80 %', '80 %'],
  ['error_rate', 4.26, '4.3 %', '4.3 %'],
  ['latency_p95', 1_240, '1.24 s', '1.24 s'],
  ['token_growth_per_turn', 1_234.4, '1.23 k tok', '1.23 k'],
  ['loop', 1, '1 equal call', '1'],
  ['loop', 12_000, '12.0 k equal calls', '12.0 k'],
  ['missing_data', 90, '1 h 30 min', '1 h 30 min'],
])('%s of %d is %s', (metric, value, text, mark) => {
  expect(formatValue(metric, value)).toBe(text);
  expect(formatAxisValue(metric, value ?? 0)).toBe(mark);
});

test('what is not known is not zero', () => {
  expect(formatValue('spend', null)).toBe('–');
  expect(formatAxisValue('latency_p50', 0)).toBe('0');
});
