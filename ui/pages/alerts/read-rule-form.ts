import type { AlertGroupName, AlertMetric, AlertRuleInput } from '../../api/alerts.ts';
import { metricWords, unitWord } from './alert-metrics.ts';
import { filtersOf, groupsOf } from './rule-dimensions.ts';
import { ruleFilters, type RuleFilter, type RuleForm, type RuleProblems } from './rule-form.ts';
import { nameGroupBy } from './rule-words.ts';

/* The server's own limits, said before it is asked. */
const nameMax = 100;
const filterMax = 512;
const labelKeyMax = 128;
const groupsMax = 200;
const minutesMax = 31 * 1_440;
const forMinutesMax = 1_440;
const renotify = { least: 5, most: 43_200 };
const countMax = 1_000_000;
const channelsMax = 10;
/** No value of any metric is as large. */
const unreachable = '999999999999';

const msPer: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 };

type CountField = 'maxGroups' | 'minutes' | 'renotifyMinutes' | 'minimumCount';

/** The form as a rule, or what is wrong in which field. */
export function readRuleForm(
  form: RuleForm,
): { rule: AlertRuleInput; problems: null } | { rule: null; problems: RuleProblems } {
  const problems: RuleProblems = {};
  const name = form.name.trim();
  if (name === '') problems.name = 'A name tells what is wrong when it fires.';
  else if (name.length > nameMax) problems.name = `At most ${nameMax} characters.`;
  else if (/\p{Cc}/u.test(name)) problems.name = 'One line, without control characters.';
  const filters = readFilters(form, problems);
  const groupBy = readGroup(form, problems);
  const limits = readLimits(form, problems);
  const count = (field: CountField, range: [number, number]) => readWhole(form, field, range, problems);
  const maxGroups = groupBy === null ? 1 : count('maxGroups', [1, groupsMax]);
  const minutes = form.windowKind === 'rolling' ? count('minutes', [1, minutesMax]) : 1;
  const forSeconds = readSeconds(form, problems);
  const renotifyMinutes =
    form.renotifyMinutes.trim() === '' ? null : count('renotifyMinutes', [renotify.least, renotify.most]);
  const minimumCount = count('minimumCount', [1, countMax]);
  const timeZone = form.timeZone.trim();
  if (form.windowKind === 'calendar' && !isTimeZone(timeZone)) {
    problems.timeZone = 'A time zone such as Europe/Berlin or UTC.';
  }
  if (form.channelIds.length > channelsMax) problems.channelIds = `At most ${channelsMax} channels.`;
  checkWindow(form, minutes, limits, problems);
  if (Object.keys(problems).length > 0) return { rule: null, problems };
  return {
    rule: {
      ...{ name, metric: form.metric, filters, groupBy, maxGroups },
      window:
        form.windowKind === 'rolling' ? { kind: 'rolling', minutes } : { kind: 'calendar', unit: form.unit, timeZone },
      ...{ operator: form.operator, ...limits, forSeconds, renotifyMinutes },
      ...{ noDataAs: form.noDataAs, minimumCount, channelIds: [...form.channelIds], isEnabled: form.isEnabled },
    },
    problems: null,
  };
}

/**
 * What can be tried against the past: the form without what a name or a message needs. Without a limit there are still the
 * values to see, below one that nothing reaches. Null while the form says nothing that can be tried.
 */
export function readTrial(form: RuleForm): AlertRuleInput | null {
  const hasLimit = form.warning.trim() !== '' || form.critical.trim() !== '';
  const limits = hasLimit ? {} : { critical: endlessLimit(form), recovery: '' };
  return readRuleForm({ ...form, ...limits, name: 'trial', channelIds: [], isEnabled: true }).rule;
}

function endlessLimit({ metric, operator, minutes }: RuleForm): string {
  if (metric === 'missing_data') return String(Math.max(1, Number(minutes) - 1));
  return operator === '>' ? unreachable : '0';
}

/** `$1,200.50`, `4.2 %`, `1 500`, of a time also `1.5 s`: a limit as people write it; null for nothing, NaN for anything else. */
export function readLimit(metric: AlertMetric, text: string): number | null {
  const plain = text.trim().replaceAll(/[\s,_$%]/g, '');
  if (plain === '') return null;
  const [, digits, suffix = ''] = /^(\d{1,12}(?:\.\d{1,12})?)(ms|s|min)?$/.exec(plain) ?? [];
  if (digits === undefined) return Number.NaN;
  const { unit } = metricWords[metric];
  const isTime = unit === 'ms' || (unit === 'minutes' && suffix === 'min');
  if (suffix !== '' && !isTime) return Number.NaN;
  return Number(digits) * (unit === 'ms' ? (msPer[suffix] ?? 1) : 1);
}

/** A forecast needs an end; silence is longer than any window that is not longer than it. */
function checkWindow(
  { metric, windowKind, operator }: RuleForm,
  minutes: number,
  { warning, critical }: { warning: number | null; critical: number | null },
  problems: RuleProblems,
): void {
  if (metric === 'forecast' && windowKind !== 'calendar') {
    problems.windowKind = 'A forecast is of a day, a week or a month.';
  }
  if (metric !== 'missing_data') return;
  if (operator !== '>') problems.operator = 'Silence is too long, never too short: above.';
  const longest = Math.max(warning ?? 0, critical ?? 0);
  if (windowKind !== 'rolling') problems.windowKind = 'Missing data has a window that ends now.';
  else if (longest >= minutes)
    problems.windowKind = `Longer than the limit of ${longest} minutes: what sent in it is expected to send.`;
}

function readFilters(form: RuleForm, problems: RuleProblems): AlertRuleInput['filters'] {
  const filters: Partial<Record<RuleFilter, string>> = {};
  const allowed = filtersOf(form);
  for (const name of ruleFilters) {
    const value = form.filters[name].trim();
    if (value === '') continue;
    if (!allowed.includes(name)) problems[name] = `${metricWords[form.metric].label} cannot be narrowed by this here.`;
    else if (value.length > filterMax) problems[name] = `At most ${filterMax} characters.`;
    else if (name === 'label' && !/^[^=]{1,128}=./s.test(value))
      problems.label = 'Write KEY=VALUE, such as team=search.';
    filters[name] = value;
  }
  return filters;
}

function readGroup(form: RuleForm, problems: RuleProblems): AlertGroupName | null {
  const { groupBy, labelKey } = form;
  if (groupBy !== '' && !groupsOf(form).includes(groupBy)) {
    problems.groupBy = `${metricWords[form.metric].label} is not known by ${nameGroupBy(groupBy)} here.`;
  }
  if (groupBy !== 'label') return groupBy === '' ? null : groupBy;
  const key = labelKey.trim();
  if (key === '' || key.length > labelKeyMax || key.includes('=')) {
    problems.labelKey = `The key of a label: 1 to ${labelKeyMax} characters, without “=”.`;
  }
  return `label:${key}`;
}

function readLimits(form: RuleForm, problems: RuleProblems): Pick<AlertRuleInput, 'warning' | 'critical' | 'recovery'> {
  const read = (field: 'warning' | 'critical' | 'recovery') => {
    const value = readLimit(form.metric, form[field]);
    if (Number.isNaN(value))
      problems[field] = `A number of ${unitWord(form.metric)}, such as ${sampleOf(form.metric)}.`;
    return value;
  };
  const [warning, critical, recovery] = [read('warning'), read('critical'), read('recovery')];
  if (form.warning.trim() === '' && form.critical.trim() === '') {
    problems.critical = 'At least one of the two limits: without one it never fires.';
  }
  const isAbove = form.operator === '>';
  // The first limit that is crossed: the value is over again on its other side.
  const first = warning ?? critical;
  if (warning !== null && critical !== null && (isAbove ? critical <= warning : critical >= warning)) {
    problems.critical = `Critical comes after warning: ${isAbove ? 'above' : 'below'} it.`;
  }
  if (recovery !== null && first !== null && (isAbove ? recovery > first : recovery < first)) {
    problems.recovery = `It recovers on the good side: ${isAbove ? 'not above' : 'not below'} the first limit.`;
  }
  return { warning, critical, recovery };
}

function readWhole(form: RuleForm, field: CountField, [least, most]: [number, number], problems: RuleProblems): number {
  const text = form[field].replaceAll(/[\s,_]/g, '');
  const count = Number(text === '' ? '0' : text);
  if (/^\d*$/.test(text) && count >= least && count <= most) return count;
  problems[field] = `A whole number from ${least} to ${most.toLocaleString('en')}.`;
  return 0;
}

function readSeconds({ forMinutes }: RuleForm, problems: RuleProblems): number {
  const minutes = forMinutes.trim() === '' ? 0 : Number(forMinutes);
  const seconds = Math.round(minutes * 60);
  if (seconds >= 0 && seconds <= forMinutesMax * 60) return seconds;
  problems.forMinutes = `A number of minutes from 0 to ${forMinutesMax.toLocaleString('en')}.`;
  return 0;
}

function sampleOf(metric: AlertMetric): string {
  return { usd: '12.50', percent: '80', ms: '1500', count: '5', tokens: '2000', minutes: '15' }[
    metricWords[metric].unit
  ];
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name !== '';
  } catch {
    return false;
  }
}
