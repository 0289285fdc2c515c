import type { AlertGroupName, AlertRuleInput } from '../../contract/alert-rules.ts';
import type { AlertMetric, AlertUnit } from '../../contract/alert-values.ts';

/** What a rule's values are taken from. */
export type AlertMeasure = 'ledger' | 'runs' | 'model calls' | 'tool calls' | 'arrivals' | 'budgets';

/** How the value of a window is made of its parts. */
type AlertFormula =
  'usd' | 'forecast' | 'usdPerKey' | 'share' | 'percentile' | 'growth' | 'mostOfKey' | 'streak' | 'count' | 'silence';

interface Metric {
  unit: AlertUnit;
  formula: AlertFormula;
}

const metrics: Readonly<Record<AlertMetric, Metric>> = {
  spend: { unit: 'usd', formula: 'usd' },
  budget: { unit: 'percent', formula: 'share' },
  forecast: { unit: 'usd', formula: 'forecast' },
  cost_per_session: { unit: 'usd', formula: 'usdPerKey' },
  error_rate: { unit: 'percent', formula: 'share' },
  latency_p50: { unit: 'ms', formula: 'percentile' },
  latency_p95: { unit: 'ms', formula: 'percentile' },
  latency_p99: { unit: 'ms', formula: 'percentile' },
  first_token_p95: { unit: 'ms', formula: 'percentile' },
  token_growth_per_turn: { unit: 'tokens', formula: 'growth' },
  loop: { unit: 'count', formula: 'mostOfKey' },
  tool_error_streak: { unit: 'count', formula: 'streak' },
  unpriced_calls: { unit: 'count', formula: 'count' },
  missing_data: { unit: 'minutes', formula: 'silence' },
};

/** The part of a rule that says what is measured. */
export type Measured = Pick<AlertRuleInput, 'metric' | 'filters' | 'groupBy' | 'window'>;

export function unitOf(metric: AlertMetric): AlertUnit {
  return metrics[metric].unit;
}

export function formulaOf(metric: AlertMetric): AlertFormula {
  return metrics[metric].formula;
}

/** The share of values that a percentile has below it. */
export function percentileOf(metric: AlertMetric): number {
  return metric === 'latency_p50' ? 0.5 : metric === 'latency_p99' ? 0.99 : 0.95;
}

/**
 * Money is of the ledger. Latency and failures are those of whole runs (traces), unless the rule looks at tools, or at models
 * and providers: then of their calls.
 */
export function measureOf({ metric, filters, groupBy }: Measured): AlertMeasure {
  switch (metric) {
    case 'budget':
      return 'budgets';
    case 'missing_data':
      return 'arrivals';
    case 'loop':
    case 'tool_error_streak':
      return 'tool calls';
    case 'first_token_p95':
      return 'model calls';
    case 'error_rate':
    case 'latency_p50':
    case 'latency_p95':
    case 'latency_p99': {
      if (groupBy === 'tool' || filters.tool !== undefined) return 'tool calls';
      const ofModels = groupBy === 'model' || groupBy === 'provider';
      return ofModels || filters.model !== undefined || filters.provider !== undefined ? 'model calls' : 'runs';
    }
    default:
      return 'ledger';
  }
}

/** The value of a window in which there was nothing: 0 where that is the truth, null where nothing can be said. */
export function emptyValueOf(rule: Measured): number | null {
  switch (formulaOf(rule.metric)) {
    case 'usd':
    case 'forecast':
    case 'mostOfKey':
    case 'streak':
    case 'count':
      return 0;
    case 'silence':
      return rule.window.kind === 'rolling' ? rule.window.minutes : null;
    default:
      return null;
  }
}

const common = ['agent', 'user', 'session', 'environment', 'label'];
const known: Readonly<Record<AlertMeasure, readonly string[]>> = {
  ledger: [...common, 'model', 'provider', 'costCentre', 'team'],
  runs: common,
  'model calls': [...common, 'model', 'provider'],
  'tool calls': [...common, 'tool'],
  arrivals: ['agent', 'model', 'provider', 'environment', 'tool', 'label'],
  budgets: [],
};

/** What a rule of this measure may be grouped and filtered by. */
export function dimensionsOf(measure: AlertMeasure): readonly string[] {
  return known[measure];
}

export function dimensionName(name: AlertGroupName): string {
  return name.startsWith('label:') ? 'label' : name;
}
