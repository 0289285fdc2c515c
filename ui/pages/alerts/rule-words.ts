import type { AlertRuleInput } from '../../api/alerts.ts';
import { formatWidth } from '../../components/time.ts';
import { formatValue, metricWords } from './alert-metrics.ts';
import { ruleFilters } from './rule-form.ts';

const msPerMinute = 60_000;
const minutesPerDay = 1_440;

/** What a rule does, as one would tell it: a few sentences. */
export function describeRule(rule: AlertRuleInput, channelNames: readonly string[]): string {
  return [describeCondition(rule), describeEnd(rule), describeMessages(rule, channelNames), describeSilence(rule)]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** `Spend of each agent today above $20 warns`: one line for a list. */
export function summarizeRule(rule: Pick<AlertRuleInput, 'metric' | 'groupBy' | 'filters' | 'window'>): string {
  const { label } = metricWords[rule.metric];
  const parts = [label, nameScope(rule), nameTime(rule)];
  return parts.filter((part) => part !== '').join(' ');
}

/** `> $20 warning, > $50 critical`. */
export function nameLimits({ metric, operator, warning, critical }: Limits): string {
  const name = (limit: number | null, word: string) =>
    limit === null ? [] : [`${operator} ${formatValue(metric, limit)} ${word}`];
  return [...name(warning, 'warning'), ...name(critical, 'critical')].join(', ');
}

/** `in the last 24 h`, `this day (Europe/Berlin)`. */
export function nameWindow(window: AlertRuleInput['window']): string {
  if (window.kind === 'rolling') return `in the last ${nameWidth(window.minutes)}`;
  return `${window.unit === 'day' ? 'today' : `this ${window.unit}`} (${window.timeZone})`;
}

/** `15 min`, `24 h`, `7 d`: a day is one by the hour, whenever it began. */
export function nameWidth(minutes: number): string {
  return minutes === minutesPerDay ? '24 h' : formatWidth(minutes * msPerMinute);
}

/** `agent`, `label team`, `cost centre`. */
export function nameGroupBy(groupBy: string): string {
  if (groupBy.startsWith('label:')) return `label ${groupBy.slice('label:'.length)}`;
  return groupBy === 'costCentre' ? 'cost centre' : groupBy;
}

/** `agent support, model gpt-5`; empty without filters. */
export function nameFilters(filters: AlertRuleInput['filters']): string {
  return ruleFilters
    .flatMap((name) => {
      const value = filters[name];
      return value === undefined || value === '' ? [] : [`${name} ${value}`];
    })
    .join(', ');
}

type Limits = Pick<AlertRuleInput, 'metric' | 'operator' | 'warning' | 'critical'>;

function describeCondition(rule: AlertRuleInput): string {
  const { metric, operator, warning, critical } = rule;
  const side = operator === '>' ? 'above' : 'below';
  const limits = [
    ...(warning === null ? [] : [`${side} ${formatValue(metric, warning)} (warning)`]),
    ...(critical === null ? [] : [`${side} ${formatValue(metric, critical)} (critical)`]),
  ].join(' or ');
  const scope = nameScope(rule);
  const subject = [metricWords[metric].subject, scope, nameTime(rule)].filter((part) => part !== '').join(' ');
  const patience = rule.forSeconds === 0 ? '' : ` for ${formatWidth(rule.forSeconds * 1_000)}`;
  return `Fires when ${subject} is ${limits}${patience}.`;
}

function describeEnd({ metric, operator, warning, critical, recovery }: AlertRuleInput): string {
  const end = recovery ?? warning ?? critical;
  if (end === null) return '';
  return `It is over once that is back ${operator === '>' ? 'to' : 'up to'} ${formatValue(metric, end)}.`;
}

function describeMessages({ renotifyMinutes }: AlertRuleInput, channelNames: readonly string[]): string {
  if (channelNames.length === 0) return 'It tells nobody: it is seen on this page alone.';
  const again =
    renotifyMinutes === null ? '' : `, and every ${formatWidth(renotifyMinutes * msPerMinute)} while it fires`;
  return `Each change of state is sent to ${joinWords(channelNames)}${again}.`;
}

function describeSilence({ noDataAs, metric }: AlertRuleInput): string {
  if (noDataAs === 'ok' || metric === 'missing_data') return '';
  return noDataAs === 'firing' ? 'Without any data it fires as well.' : 'Without any data it says so.';
}

/** A budget has a period of its own. */
function nameTime({ metric, window }: Pick<AlertRuleInput, 'metric' | 'window'>): string {
  return metric === 'budget' ? 'in its period' : nameWindow(window);
}

/** `of each agent, only model gpt-5`. */
function nameScope({ groupBy, filters }: Pick<AlertRuleInput, 'groupBy' | 'filters'>): string {
  const each = groupBy === null ? '' : `of each ${nameGroupBy(groupBy)}`;
  const only = nameFilters(filters);
  if (only === '') return each;
  return each === '' ? `of ${only}` : `${each} (only ${only})`;
}

function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}
