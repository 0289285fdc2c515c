import { describe, expect, it } from 'vitest';
import { findRuleFault } from '../../../../../server/domain/alerts/rule-fault.ts';
import { alertMetrics } from '../../../../../server/contract/alert-values.ts';
import { ruleOf } from '../../../../support/alert-rules.ts';

const monthly = { kind: 'calendar', unit: 'month' } as const;

describe('the fault of a rule', () => {
  it.each<[string, Parameters<typeof ruleOf>[0], string]>([
    ['no limit', { warning: null }, '`warning` or `critical` must be a number: a rule without a limit never fires'],
    ['critical below warning', { warning: 10, critical: 5 }, '`critical` must be above `warning` (10) with operator >'],
    [
      'critical above warning',
      { operator: '<', warning: 10, critical: 15 },
      '`critical` must be below `warning` (10) with operator <',
    ],
    [
      'recovery above',
      { warning: 10, recovery: 11 },
      '`recovery` must not be above the first limit (10) with operator >',
    ],
    [
      'forecast of the last hour',
      { metric: 'forecast' },
      '`window` must be a calendar window for forecast: it says what will be spent when that window ends',
    ],
    [
      'silence by month',
      { metric: 'missing_data', window: monthly },
      '`window` must be rolling for missing_data: what sent in it is expected to send',
    ],
    [
      'silence longer than its window',
      { metric: 'missing_data', warning: 60 },
      '`window.minutes` must be more than the limit (60 minutes) for missing_data',
    ],
    [
      'budget by agent',
      { metric: 'budget', groupBy: 'agent' },
      '`groupBy` must be null for budget: each account of each budget has a state of its own',
    ],
    [
      'spend of a tool',
      { groupBy: 'tool' },
      '`groupBy` must be one of agent, user, session, environment, label:KEY, model, provider, costCentre, team, or null for spend of ledger',
    ],
    [
      'loops of a model',
      { metric: 'loop', filters: { model: 'm' } },
      '`filters.model` cannot narrow loop of tool calls; allowed: agent, user, session, environment, label, tool',
    ],
  ])('%s', (_name, fields, fault) => {
    expect(findRuleFault(ruleOf(fields))).toBe(fault);
  });

  it('is none of a plain rule of any metric', () => {
    for (const metric of alertMetrics) {
      const window = metric === 'forecast' ? monthly : undefined;
      expect(findRuleFault(ruleOf({ metric, ...(window === undefined ? {} : { window }) }))).toBeUndefined();
    }
  });
});
