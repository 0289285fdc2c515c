import type { AlertGroupName, AlertMetric, AlertRule, AlertRuleInput } from '../../api/alerts.ts';

/** The filters of a rule, one value each, in the order of the form. */
export const ruleFilters = ['agent', 'model', 'provider', 'tool', 'user', 'session', 'environment', 'label'] as const;
export type RuleFilter = (typeof ruleFilters)[number];
/** What a rule may be grouped by, beside the labels. */
export const ruleGroups = [
  ...(['agent', 'model', 'provider', 'tool', 'user', 'session', 'environment'] as const),
  ...(['team', 'costCentre'] as const),
] as const satisfies readonly AlertGroupName[];
/** `label` needs a key; empty: one value for all. */
export type GroupChoice = (typeof ruleGroups)[number] | 'label' | '';
export type CalendarUnit = 'day' | 'week' | 'month';

/** What is in the fields, as typed. */
export interface RuleForm {
  name: string;
  metric: AlertMetric;
  filters: Readonly<Record<RuleFilter, string>>;
  groupBy: GroupChoice;
  /** Of a group by label. */
  labelKey: string;
  maxGroups: string;
  windowKind: 'rolling' | 'calendar';
  minutes: string;
  unit: CalendarUnit;
  timeZone: string;
  operator: '>' | '<';
  warning: string;
  critical: string;
  recovery: string;
  forMinutes: string;
  /** Empty: one message a change. */
  renotifyMinutes: string;
  noDataAs: AlertRuleInput['noDataAs'];
  minimumCount: string;
  channelIds: readonly string[];
  isEnabled: boolean;
}
export type RuleField = keyof RuleForm | RuleFilter;
export type RuleProblems = Partial<Record<RuleField, string>>;

/** A rule that watches nothing yet; of the metric that most begin with. */
export function emptyForm(timeZone: string): RuleForm {
  return {
    ...{ name: '', metric: 'spend', filters: noFilters(), groupBy: '', labelKey: '', maxGroups: '50' },
    ...{ windowKind: 'rolling', minutes: '1440', unit: 'day', timeZone, operator: '>' },
    ...{ warning: '', critical: '', recovery: '', forMinutes: '0', renotifyMinutes: '', noDataAs: 'ok' },
    minimumCount: '1',
    ...{ channelIds: [], isEnabled: true },
  };
}

/** A stored rule as the fields show it. */
export function writeRuleForm(rule: AlertRule, timeZone: string): RuleForm {
  const empty = emptyForm(timeZone);
  const { groupBy } = rule;
  const isLabel = groupBy?.startsWith('label:') === true;
  return {
    ...empty,
    name: rule.name,
    metric: rule.metric,
    filters: fillFilters(rule.filters),
    groupBy: isLabel ? 'label' : (ruleGroups.find((one) => one === groupBy) ?? ''),
    labelKey: isLabel ? groupBy.slice('label:'.length) : '',
    maxGroups: String(rule.maxGroups),
    windowKind: rule.window.kind,
    ...(rule.window.kind === 'rolling'
      ? { minutes: String(rule.window.minutes) }
      : { unit: rule.window.unit, timeZone: rule.window.timeZone }),
    operator: rule.operator,
    ...{ warning: writeNumber(rule.warning), critical: writeNumber(rule.critical) },
    recovery: writeNumber(rule.recovery),
    forMinutes: writeNumber(rule.forSeconds / 60),
    renotifyMinutes: writeNumber(rule.renotifyMinutes),
    ...{ noDataAs: rule.noDataAs, minimumCount: String(rule.minimumCount) },
    channelIds: rule.channelIds,
    isEnabled: rule.isEnabled,
  };
}

function noFilters(): Record<RuleFilter, string> {
  return fillFilters({});
}

function fillFilters(filters: AlertRule['filters']): Record<RuleFilter, string> {
  const {
    agent = '',
    model = '',
    provider = '',
    tool = '',
    user = '',
    session = '',
    environment = '',
    label = '',
  } = filters;
  return { agent, model, provider, tool, user, session, environment, label };
}

function writeNumber(value: number | null): string {
  return value === null ? '' : String(value);
}
