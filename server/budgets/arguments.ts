import { parseArgs } from 'node:util';
import { type CheckRequest, checkRequest } from '../contract/budget-calls.ts';

export type BudgetsCommand =
  | { verb: 'list'; projectId: string; json: boolean }
  | { verb: 'check'; projectId: string; request: CheckRequest; json: boolean };

const usages = {
  list: 'list [--project P] [--json]',
  check:
    'check [--project P] [--agent A] [--user U] [--session S] [--label KEY=VALUE]… [--usd N | --model M [--provider P] ' +
    '[--input-tokens N] [--output-tokens N]] [--json]',
} as const;

export const budgetsUsage = `${usages.list} |\n${' '.repeat(12)}${usages.check.replace(' [--usd', `\n${' '.repeat(18)}[--usd`)}`;

const options = {
  project: { type: 'string' },
  agent: { type: 'string' },
  user: { type: 'string' },
  session: { type: 'string' },
  label: { type: 'string', multiple: true },
  usd: { type: 'string' },
  model: { type: 'string' },
  provider: { type: 'string' },
  'input-tokens': { type: 'string' },
  'output-tokens': { type: 'string' },
  json: { type: 'boolean' },
} as const;
type Option = keyof typeof options;

const taken: Readonly<Record<keyof typeof usages, readonly Option[]>> = {
  list: ['project', 'json'],
  check: Object.keys(options) as Option[],
};

/** The options that the fields of a request come from. */
const fieldOptions: Readonly<Record<string, string>> = {
  estimatedUsd: '--usd',
  inputTokens: '--input-tokens',
  maxOutputTokens: '--output-tokens',
  labels: '--label',
};

type Values = Partial<Record<Exclude<Option, 'json' | 'label'>, string>> & { label?: string[]; json?: boolean };

/** The arguments of `sightglass budgets`, or one line that says what is wrong with them and what is allowed. Pure. */
export function parseBudgetsArguments([verb = '', ...args]: readonly string[]): BudgetsCommand | { fault: string } {
  if (verb !== 'list' && verb !== 'check') {
    const got = verb === '' ? 'budgets needs a verb' : `unknown verb budgets ${verb}`;
    return { fault: `${got}; allowed: ${Object.keys(usages).join(', ')}` };
  }
  let parsed;
  try {
    const own = Object.fromEntries(taken[verb].map((name) => [name, options[name]]));
    parsed = parseArgs({ args: [...args], options: own, strict: true });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error);
    return { fault: `${reason}; allowed: budgets ${usages[verb]}` };
  }
  // Each option has its one type.
  const values = parsed.values as Values;
  const { json = false, project: projectId = 'default' } = values;
  if (projectId === '') return { fault: '--project is empty; allowed: the name of a project' };
  return verb === 'list' ? { verb, projectId, json } : readCheck(values, { projectId, json });
}

function readCheck(values: Values, { projectId, json }: { projectId: string; json: boolean }) {
  const { label = [], agent, user, session, model, provider, usd } = values;
  const wrong = label.find((one) => !/^[^=]+=./s.test(one));
  if (wrong !== undefined) return { fault: `--label ${wrong} is no label; allowed: KEY=VALUE` };
  const request = checkRequest.safeParse({
    ...{ agent, user, session, model, provider, estimatedUsd: usd },
    labels: Object.fromEntries(label.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)])),
    inputTokens: readCount(values['input-tokens']),
    maxOutputTokens: readCount(values['output-tokens']),
  });
  if (request.success) return { verb: 'check' as const, projectId, request: request.data, json };
  const [issue] = request.error.issues;
  const field = String(issue?.path[0]);
  return { fault: `${fieldOptions[field] ?? `--${field}`} ${issue?.message ?? 'is wrong'}` };
}

/** What is no number becomes one that no limit allows. */
function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,12}$/.test(text) ? Number(text) : -1;
}
