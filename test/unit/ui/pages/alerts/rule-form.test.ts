import { describe, expect, test } from 'vitest';
import { alertLimits, alertRuleInput } from '../../../../../server/contract/alert-rules.ts';
import { findRuleFault } from '../../../../../server/domain/alerts/rule-fault.ts';
import type { AlertRule } from '../../../../../ui/api/alerts.ts';
import { readLimit, readRuleForm, readTrial } from '../../../../../ui/pages/alerts/read-rule-form.ts';
import { metricNames } from '../../../../../ui/pages/alerts/alert-metrics.ts';
import {
  emptyForm,
  type RuleField,
  ruleFilters,
  type RuleForm,
  ruleGroups,
  writeRuleForm,
} from '../../../../../ui/pages/alerts/rule-form.ts';
import { ruleTemplates, startForm } from '../../../../../ui/pages/alerts/rule-templates.ts';
import { chooseWindow, windowChoice, windowChoices } from '../../../../../ui/pages/alerts/window-choices.ts';

const form: RuleForm = { ...emptyForm('Europe/Berlin'), name: ' Spend ', critical: '50' };

test('what the form makes is what the server takes', () => {
  const { rule } = readRuleForm({
    ...form,
    filters: { ...form.filters, agent: ' support ', label: 'team=search' },
    ...{ groupBy: 'label', labelKey: 'tier', warning: '$1,200.50', critical: '2 000', recovery: '900' },
    ...{ windowKind: 'calendar', unit: 'week', forMinutes: '2.5', renotifyMinutes: '240', channelIds: ['c'] },
  });
  expect(rule).toMatchObject({
    ...{ name: 'Spend', groupBy: 'label:tier', filters: { agent: 'support', label: 'team=search' } },
    window: { kind: 'calendar', unit: 'week', timeZone: 'Europe/Berlin' },
    ...{ warning: 1200.5, critical: 2000, recovery: 900, forSeconds: 150, renotifyMinutes: 240 },
  });
  expect(alertRuleInput.safeParse(rule).success).toBe(true);
});

test('a stored rule comes back from its fields as it was', () => {
  const stored: AlertRule = {
    ...{ ruleId: 'r1', name: 'Errors', metric: 'error_rate', filters: { tool: 'lookup' }, groupBy: 'label:tier' },
    ...{
      maxGroups: 7,
      window: { kind: 'rolling', minutes: 45 },
      operator: '<',
      warning: 20,
      critical: 5,
      recovery: null,
    },
    ...{
      forSeconds: 90,
      renotifyMinutes: 60,
      noDataAs: 'firing',
      minimumCount: 20,
      channelIds: ['c'],
      isEnabled: false,
    },
    ...{ unit: 'percent', version: 3, author: 'api', updatedUnixNano: '1' },
  };
  const { ruleId: _id, unit: _unit, version: _version, author: _author, updatedUnixNano: _at, ...input } = stored;
  expect(readRuleForm(writeRuleForm(stored, 'UTC')).rule).toEqual(input);
});

describe('a template', () => {
  test.each(ruleTemplates)('$id can be saved at once', ({ id }) => {
    const { rule } = readRuleForm(startForm(id, { timeZone: 'UTC', channelIds: ['c'] }));
    expect(rule?.channelIds).toEqual(['c']);
    expect(alertRuleInput.safeParse(rule).success).toBe(true);
    expect(rule === null ? 'no rule' : findRuleFault(rule)).toBeUndefined();
  });

  test('that nobody knows is an empty form', () => {
    expect(startForm('none', { timeZone: 'UTC', channelIds: [] })).toEqual(emptyForm('UTC'));
  });
});

describe('each fault stands at its field', () => {
  test.each<[RuleField, Partial<RuleForm>]>([
    ['name', { name: ' ' }],
    ['name', { name: 'x'.repeat(alertLimits.nameLength + 1) }],
    ['critical', { critical: '' }],
    ['critical', { critical: 'much' }],
    ['critical', { warning: '60' }],
    ['critical', { operator: '<', warning: '40' }],
    ['warning', { warning: '1e3' }],
    ['recovery', { recovery: '51' }],
    ['recovery', { operator: '<', recovery: '49' }],
    ['label', { filters: { ...form.filters, label: 'search' } }],
    ['agent', { filters: { ...form.filters, agent: 'x'.repeat(513) } }],
    ['labelKey', { groupBy: 'label', labelKey: '' }],
    ['maxGroups', { groupBy: 'agent', maxGroups: String(alertLimits.groupsMax + 1) }],
    ['minutes', { minutes: '0' }],
    ['timeZone', { windowKind: 'calendar', timeZone: 'Mars/Olympus' }],
    ['forMinutes', { forMinutes: '1441' }],
    ['forMinutes', { forMinutes: 'soon' }],
    ['renotifyMinutes', { renotifyMinutes: '4' }],
    ['minimumCount', { minimumCount: '0' }],
    ['channelIds', { channelIds: Array.from({ length: alertLimits.channelsMax + 1 }, String) }],
    ['critical', { warning: '50' }],
    ['windowKind', { metric: 'forecast' }],
    ['windowKind', { metric: 'missing_data', windowKind: 'calendar' }],
    ['windowKind', { metric: 'missing_data', minutes: '50' }],
    ['operator', { metric: 'missing_data', operator: '<', minutes: '60' }],
    ['groupBy', { groupBy: 'tool' }],
    ['user', { metric: 'missing_data', filters: { ...form.filters, user: 'u-1' } }],
  ])('%s: %j', (field, fields) => {
    const { rule, problems } = readRuleForm({ ...form, ...fields });
    expect(rule).toBeNull();
    expect(Object.keys(problems ?? {})).toEqual([field]);
  });
});

test('what a metric may be divided and narrowed by is what the server says', () => {
  const windows = { forecast: { windowKind: 'calendar' } } as Partial<Record<string, Partial<RuleForm>>>;
  for (const metric of metricNames) {
    for (const groupBy of ['', 'label', ...ruleGroups] as const) {
      for (const filter of [null, ...ruleFilters]) {
        const filters = filter === null ? form.filters : { ...form.filters, [filter]: 'a=b' };
        const { rule } = readRuleForm({ ...form, ...windows[metric], metric, groupBy, labelKey: 'tier', filters });
        const sent = readRuleForm({ ...form, ...windows[metric], metric }).rule;
        const asked = { ...sent, groupBy: groupBy === '' ? null : groupBy === 'label' ? 'label:tier' : groupBy };
        const fault = findRuleFault(
          alertRuleInput.parse({ ...asked, filters: filter === null ? {} : { [filter]: 'a=b' } }),
        );
        expect([metric, groupBy, filter, rule === null]).toEqual([metric, groupBy, filter, fault !== undefined]);
      }
    }
  }
});

describe('what is tried against the past', () => {
  test('needs no name, and does not change with it', () => {
    expect(readTrial({ ...form, name: '' })).toEqual(readTrial(form));
  });

  test('without a limit the values alone are asked for', () => {
    const none = { ...form, critical: '', recovery: '7' };
    expect(readTrial(none)).toMatchObject({ warning: null, critical: 999_999_999_999, recovery: null });
    expect(readTrial({ ...none, operator: '<' })?.critical).toBe(0);
    expect(readTrial({ ...none, metric: 'missing_data' })?.critical).toBe(1_439);
    expect(alertRuleInput.safeParse(readTrial(none)).success).toBe(true);
  });

  test('is nothing while a field is wrong', () => {
    expect(readTrial({ ...form, warning: 'x' })).toBeNull();
  });
});

test('a time may be typed with its unit, a number of dollars may not', () => {
  expect(['1500', '1.5 s', '2min', '250 ms'].map((text) => readLimit('latency_p95', text))).toEqual([
    1500, 1500, 120_000, 250,
  ]);
  expect(readLimit('missing_data', '15 min')).toBe(15);
  expect([readLimit('spend', '5 s'), readLimit('missing_data', '5 s')]).toEqual([Number.NaN, Number.NaN]);
  expect([readLimit('error_rate', '4.5 %'), readLimit('spend', ' ')]).toEqual([4.5, null]);
});

test('a window that is none of the usual ones can be chosen as well', () => {
  const odd = { ...form, minutes: '45' };
  expect(windowChoices(odd)).toContainEqual({ value: '45', label: 'the last 45 min' });
  expect(windowChoice({ ...form, ...chooseWindow('month') })).toBe('month');
  expect(windowChoice({ ...form, ...chooseWindow('60') })).toBe('60');
});
