import type { AlertMetric } from '../../api/alerts.ts';
import { type GroupChoice, type RuleFilter, type RuleForm, ruleFilters } from './rule-form.ts';

const common = ['agent', 'user', 'session', 'environment', 'label'] as const;
type Dimension = RuleFilter | Exclude<GroupChoice, ''>;

/** What the values of a metric are taken from, as the server does it: it decides what they can be divided by. */
const known: Readonly<Record<string, readonly Dimension[]>> = {
  ledger: [...common, 'model', 'provider', 'costCentre', 'team'],
  runs: common,
  'model calls': [...common, 'model', 'provider'],
  'tool calls': [...common, 'tool'],
  arrivals: ['agent', 'model', 'provider', 'environment', 'tool', 'label'],
  budgets: [],
};

/** What a metric of runs can be divided by, by what it is divided by already: then it is one of calls. */
const ofRuns: readonly Dimension[] = [...common, 'model', 'provider', 'tool'];

/** What the form may be grouped by. */
export function groupsOf(form: Pick<RuleForm, 'metric' | 'filters'>): readonly Dimension[] {
  const named = ruleFilters.filter((name) => form.filters[name].trim() !== '');
  const all: readonly Dimension[] = isOfRuns(form.metric) ? ofRuns : dimensionsOf(measureOf(form.metric, [], ''));
  return all.filter((group) => {
    const measure = measureOf(form.metric, named, group);
    return dimensionsOf(measure).includes(group) && named.every((name) => dimensionsOf(measure).includes(name));
  });
}

/** What the form may be narrowed by, as it is grouped. */
export function filtersOf(form: Pick<RuleForm, 'metric' | 'filters' | 'groupBy'>): readonly RuleFilter[] {
  const named = ruleFilters.filter((name) => form.filters[name].trim() !== '');
  return ruleFilters.filter((name) => {
    const measure = measureOf(form.metric, [...named, name], form.groupBy);
    const allowed = dimensionsOf(measure);
    return allowed.includes(name) && (form.groupBy === '' || allowed.includes(form.groupBy));
  });
}

/** Latency and failures are those of whole runs, unless tools are looked at, or models and providers: then of their calls. */
function measureOf(metric: AlertMetric, named: readonly RuleFilter[], groupBy: GroupChoice): string {
  if (metric === 'budget') return 'budgets';
  if (metric === 'missing_data') return 'arrivals';
  if (metric === 'loop' || metric === 'tool_error_streak') return 'tool calls';
  if (metric === 'first_token_p95') return 'model calls';
  if (!isOfRuns(metric)) return 'ledger';
  if (groupBy === 'tool' || named.includes('tool')) return 'tool calls';
  const ofModels = [groupBy, ...named].some((name) => name === 'model' || name === 'provider');
  return ofModels ? 'model calls' : 'runs';
}

function isOfRuns(metric: AlertMetric): boolean {
  return metric === 'error_rate' || metric.startsWith('latency_');
}

function dimensionsOf(measure: string): readonly Dimension[] {
  return known[measure] ?? [];
}
