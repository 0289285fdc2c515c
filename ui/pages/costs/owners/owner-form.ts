import type { OwnerInput, OwnerRule } from '../../../api/types.ts';

/** What is in the fields, as typed. */
export interface OwnerForm {
  agent: string;
  user: string;
  labelKey: string;
  labelPattern: string;
  costCentre: string;
  team: string;
  validFrom: string;
  validTo: string;
  priority: string;
}
export type OwnerFormProblems = Partial<Record<keyof OwnerForm, string>>;

/* The server's own limits, said before it is asked. */
const patternMax = 200;
const nameMax = 100;
const labelKeyMax = 128;
const priorityMax = 1_000_000;

/** A new rule begins with the year, so that what was spent already is owned as well. */
export function emptyForm(nowMs: number): OwnerForm {
  return {
    ...{ agent: '', user: '', labelKey: '', labelPattern: '', costCentre: '', team: '' },
    ...{ validFrom: `${new Date(nowMs).getUTCFullYear()}-01-01`, validTo: '', priority: '100' },
  };
}

export function formOf({ match, costCentre, team, validFrom, validTo, priority }: OwnerRule): OwnerForm {
  return {
    ...{ agent: match.agent ?? '', user: match.user ?? '' },
    ...{ labelKey: match.label?.key ?? '', labelPattern: match.label?.pattern ?? '' },
    ...{ costCentre, team, validFrom, validTo: validTo ?? '', priority: String(priority) },
  };
}

/** The form as a rule, or what is wrong in which field. */
export function readOwnerForm(
  form: OwnerForm,
): { input: OwnerInput; problems: null } | { input: null; problems: OwnerFormProblems } {
  const problems: OwnerFormProblems = {};
  const readLine = (field: keyof OwnerForm, max: number): string => {
    const text = form[field].trim();
    if (text.length > max) problems[field] = `At most ${max} characters.`;
    else if (/\p{Cc}/u.test(text)) problems[field] = 'One line, without control characters.';
    return text;
  };
  const [agent, user] = [readLine('agent', patternMax), readLine('user', patternMax)];
  const [key, pattern] = [readLine('labelKey', labelKeyMax), readLine('labelPattern', patternMax)];
  if (key !== '' && pattern === '') problems.labelPattern = 'Which values; * for any.';
  if (key === '' && pattern !== '') problems.labelKey = 'Which label.';
  if (agent === '' && user === '' && key === '') problems.agent = 'At least one of agent, user and label.';
  const [costCentre, team] = [readLine('costCentre', nameMax), readLine('team', nameMax)];
  if (costCentre === '') problems.costCentre = 'Who pays.';
  if (team === '') problems.team = 'Whose it is.';
  const { validFrom, validTo } = form;
  if (!isDay(validFrom)) problems.validFrom = 'A day such as 2026-11-01.';
  if (validTo !== '' && !isDay(validTo)) problems.validTo = 'A day such as 2026-12-31, or nothing.';
  else if (validTo !== '' && validTo < validFrom) problems.validTo = 'Not before the first day.';
  const priority = Number(form.priority);
  if (!/^\d{1,7}$/.test(form.priority) || priority > priorityMax) {
    problems.priority = `A whole number from 0 to ${priorityMax.toLocaleString('en')}.`;
  }
  if (Object.keys(problems).length > 0) return { input: null, problems };
  return {
    input: {
      match: {
        ...(agent === '' ? {} : { agent }),
        ...(user === '' ? {} : { user }),
        ...(key === '' ? {} : { label: { key, pattern } }),
      },
      ...{ costCentre, team, validFrom, validTo: validTo === '' ? null : validTo, priority },
    },
    problems: null,
  };
}

/** What a rule matches, a phrase each: `agent support-*`. */
export function listMatches({ match }: Pick<OwnerInput, 'match'>): string[] {
  return [
    ...(match.agent === undefined ? [] : [`agent ${match.agent}`]),
    ...(match.user === undefined ? [] : [`user ${match.user}`]),
    ...(match.label === undefined ? [] : [`${match.label.key} = ${match.label.pattern}`]),
  ];
}

function isDay(text: string): boolean {
  return /^2[01]\d\d-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}
