import type { Budget, BudgetInput, BudgetPeriod } from '../../api/types.ts';
import { zoneName } from '../../components/time.ts';

export const calendarUnits = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
export type PeriodChoice = (typeof calendarUnits)[number] | 'rolling' | 'total';

/** What is in the fields, as typed. */
export interface BudgetForm {
  name: string;
  scope: Budget['scope'];
  labelKey: string;
  /** Each value has one of this amount; else only `value`. */
  isEach: boolean;
  value: string;
  amountUsd: string;
  period: PeriodChoice;
  rollingHours: string;
  timeZone: string;
  /** Percentages, separated by commas. */
  thresholds: string;
  action: Budget['action'];
  channelIds: readonly string[];
}
export type BudgetFormProblems = Partial<Record<keyof BudgetForm, string>>;

/* The server's own limits, said before it is asked. */
const lengthMax = { name: 100, labelKey: 128, value: 512 };
const amountMaxUsd = 999_999;
const hoursMax = 26_280;
const thresholdMax = 1_000;
const thresholdsMax = 10;

export const newBudgetForm: BudgetForm = {
  ...{ name: '', scope: 'agent', labelKey: '', isEach: false, value: '', amountUsd: '' },
  ...{ period: 'month', rollingHours: '24', timeZone: zoneName(), thresholds: '50, 80, 100', action: 'warn' },
  channelIds: [],
};

/** The fields of a budget that is there. */
export function fillBudgetForm(budget: Budget): BudgetForm {
  const { period } = budget;
  return {
    ...{ name: budget.name, scope: budget.scope, labelKey: budget.labelKey ?? '', isEach: budget.value === null },
    ...{ value: budget.value ?? '', amountUsd: budget.amountUsd },
    period: period.kind === 'calendar' ? period.unit : period.kind,
    rollingHours: period.kind === 'rolling' ? String(period.hours) : newBudgetForm.rollingHours,
    timeZone: period.kind === 'calendar' ? period.timeZone : newBudgetForm.timeZone,
    thresholds: budget.thresholds.join(', '),
    ...{ action: budget.action, channelIds: budget.channelIds },
  };
}

/** What a budget says of itself that a form can send: of one that is only raised, nothing else changes. */
export function inputOf(budget: Budget): BudgetInput {
  const { name, scope, labelKey, value, amountUsd, period, thresholds, action, channelIds } = budget;
  return { name, scope, labelKey, value, amountUsd, period, thresholds, action, channelIds };
}

/** The form as a request, or what is wrong in which field. */
export function readBudgetForm(
  form: BudgetForm,
): { input: BudgetInput; problems: null } | { input: null; problems: BudgetFormProblems } {
  const problems: BudgetFormProblems = {};
  const readLine = (field: keyof typeof lengthMax, missing: string): string => {
    const text = form[field].trim();
    if (text === '') problems[field] = missing;
    else if (text.length > lengthMax[field]) problems[field] = `At most ${lengthMax[field]} characters.`;
    else if (/\p{Cc}/u.test(text)) problems[field] = 'One line, without control characters.';
    return text;
  };
  const name = readLine('name', 'A name tells later what the budget is for.');
  const labelKey = form.scope === 'label' ? readLine('labelKey', 'Which label, such as team.') : null;
  const isOne = form.scope !== 'project' && !form.isEach;
  const value = isOne ? readLine('value', 'Whose, or choose one for each.') : null;
  const amount = readAmount(form.amountUsd);
  if (amount.problem !== null) problems.amountUsd = amount.problem;
  const period = readPeriod(form, problems);
  const thresholds = readThresholds(form.thresholds);
  if (thresholds.problem !== null) problems.thresholds = thresholds.problem;
  if (Object.keys(problems).length > 0) return { input: null, problems };
  return {
    input: {
      ...{ name, scope: form.scope, labelKey, value, amountUsd: amount.usd, period },
      ...{ thresholds: thresholds.percents, action: form.action, channelIds: [...form.channelIds] },
    },
    problems: null,
  };
}

/** `$1,200.50` as `1200.5`, to the twelfth digit after the point. */
export function readAmount(text: string): { usd: string; problem: string | null } {
  const plain = text.replaceAll(/[\s,_$]/g, '');
  const wrong = (problem: string) => ({ usd: '', problem });
  if (plain === '') return wrong('How much, in US dollars.');
  const [, whole = '', fraction = ''] = /^(\d*)(?:\.(\d*))?$/.exec(plain) ?? [];
  if (whole === '' && fraction === '') return wrong('An amount in US dollars, such as 200 or 12.50.');
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > 12) return wrong('At most twelve digits after the point.');
  const usd = `${whole.replace(/^0+(?=\d)/, '') || '0'}${digits === '' ? '' : `.${digits}`}`;
  if (Number(usd) <= 0) return wrong('More than nothing: a budget of $0 would stop everything.');
  if (Number(usd) > amountMaxUsd) return wrong(`At most $${amountMaxUsd.toLocaleString('en')}.`);
  return { usd, problem: null };
}

/** `50, 80 %, 100` as ascending percentages, each once. */
export function readThresholds(text: string): { percents: number[]; problem: string | null } {
  const parts = text.split(/[\s,;]+/).flatMap((part) => (/[^%]/.test(part) ? [part.replace(/%$/, '')] : []));
  const percents = [...new Set(parts.map(Number))].toSorted((a, b) => a - b);
  const isWrong = parts.some((part) => !/^\d+(\.\d{1,3})?$/.test(part));
  if (isWrong || percents.some((percent) => percent <= 0 || percent > thresholdMax)) {
    return { percents: [], problem: `Percentages up to ${thresholdMax.toLocaleString('en')}, such as 50, 80, 100.` };
  }
  if (percents.length > thresholdsMax) return { percents: [], problem: `At most ${thresholdsMax} percentages.` };
  return { percents, problem: null };
}

function readPeriod(form: BudgetForm, problems: BudgetFormProblems): BudgetPeriod {
  if (form.period === 'total') return { kind: 'total' };
  if (form.period === 'rolling') {
    const hours = Number(form.rollingHours.trim());
    if (!/^\d+$/.test(form.rollingHours.trim()) || hours < 1 || hours > hoursMax) {
      problems.rollingHours = `A whole number of hours from 1 to ${hoursMax.toLocaleString('en')}.`;
    }
    return { kind: 'rolling', hours };
  }
  const timeZone = form.timeZone.trim();
  if (!isTimeZone(timeZone)) problems.timeZone = 'The name of a zone, such as Europe/Berlin or UTC.';
  return { kind: 'calendar', unit: form.period, timeZone };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Offsets such as +02:00 know no summer; the server takes names.
    return name !== '' && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
