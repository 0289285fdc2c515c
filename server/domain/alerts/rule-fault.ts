import type { AlertRuleInput } from '../../contract/alert-rules.ts';
import { dimensionName, dimensionsOf, measureOf } from './metrics.ts';

/** What is wrong between the fields of a rule, as one line that begins with the field; undefined: nothing. */
export function findRuleFault(rule: AlertRuleInput): string | undefined {
  return findLimitFault(rule) ?? findWindowFault(rule) ?? findDimensionFault(rule);
}

function findLimitFault({ warning, critical, recovery, operator, metric }: AlertRuleInput): string | undefined {
  const first = warning ?? critical;
  if (first === null) return '`warning` or `critical` must be a number: a rule without a limit never fires';
  const isBeyond = (a: number, b: number) => (operator === '>' ? a > b : a < b);
  if (warning !== null && critical !== null && !isBeyond(critical, warning)) {
    return `\`critical\` must be ${operator === '>' ? 'above' : 'below'} \`warning\` (${warning}) with operator ${operator}`;
  }
  if (recovery !== null && isBeyond(recovery, first)) {
    return `\`recovery\` must not be ${operator === '>' ? 'above' : 'below'} the first limit (${first}) with operator ${operator}`;
  }
  if (metric === 'missing_data' && operator !== '>') return '`operator` must be > for missing_data: minutes of silence';
  return undefined;
}

function findWindowFault({ metric, window, warning, critical }: AlertRuleInput): string | undefined {
  if (metric === 'forecast' && window.kind !== 'calendar') {
    return '`window` must be a calendar window for forecast: it says what will be spent when that window ends';
  }
  if (metric !== 'missing_data') return undefined;
  if (window.kind !== 'rolling')
    return '`window` must be rolling for missing_data: what sent in it is expected to send';
  const highest = Math.max(warning ?? 0, critical ?? 0);
  if (highest < window.minutes) return undefined;
  return `\`window.minutes\` must be more than the limit (${highest} minutes) for missing_data`;
}

function findDimensionFault(rule: AlertRuleInput): string | undefined {
  const { metric, filters, groupBy } = rule;
  const measure = measureOf(rule);
  const allowed = dimensionsOf(measure);
  const named = Object.keys(filters).filter((name) => filters[name as keyof typeof filters] !== undefined);
  if (measure === 'budgets') {
    if (groupBy !== null)
      return '`groupBy` must be null for budget: each account of each budget has a state of its own';
    if (named.length > 0)
      return `\`filters.${named[0] ?? ''}\` must be left out for budget: budgets have scopes of their own`;
    return undefined;
  }
  const names = allowed.map((name) => (name === 'label' ? 'label:KEY' : name)).join(', ');
  if (groupBy !== null && !allowed.includes(dimensionName(groupBy))) {
    return `\`groupBy\` must be one of ${names}, or null for ${metric} of ${measure}`;
  }
  const wrong = named.find((name) => !allowed.includes(name));
  if (wrong === undefined) return undefined;
  return `\`filters.${wrong}\` cannot narrow ${metric} of ${measure}; allowed: ${allowed
    .filter((name) => name !== 'costCentre' && name !== 'team')
    .join(', ')}`;
}
