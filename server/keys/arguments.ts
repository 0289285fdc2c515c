import { parseArgs } from 'node:util';
import { type CreateKeyRequest, createKeyRequest, keyLimits, keyScopes } from '../contract/keys.ts';

export type KeysCommand =
  | { verb: 'create'; request: CreateKeyRequest; json: boolean }
  | { verb: 'list'; projectId: string | undefined; json: boolean }
  | { verb: 'revoke'; keyId: string; json: boolean };

const usages = {
  create: `create --project P --scope ${keyScopes.join(',')} [--name N] [--expires 90d] [--rate SPANS_PER_SECOND] [--daily-spans N] [--json]`,
  list: 'list [--project P] [--json]',
  revoke: 'revoke KEYID [--json]',
} as const;

export const keysUsage = `${usages.create.replace(' [--expires', `\n${' '.repeat(12)}       [--expires`)} |\n${' '.repeat(12)}${usages.list} | ${usages.revoke}`;

const options = {
  project: { type: 'string' },
  scope: { type: 'string' },
  name: { type: 'string' },
  expires: { type: 'string' },
  rate: { type: 'string' },
  'daily-spans': { type: 'string' },
  json: { type: 'boolean' },
} as const;
type Option = keyof typeof options;

const taken: Readonly<Record<keyof typeof usages, readonly Option[]>> = {
  create: ['project', 'scope', 'name', 'expires', 'rate', 'daily-spans', 'json'],
  list: ['project', 'json'],
  revoke: ['json'],
};

/** The options that the fields of a request come from. */
const fieldOptions: Readonly<Record<string, string>> = {
  projectId: '--project',
  name: '--name',
  scopes: '--scope',
  expiresInDays: '--expires',
  spansPerSecond: '--rate',
  spansPerDay: '--daily-spans',
};

/** The arguments of `sightglass keys`, or one line that says what is wrong with them and what is allowed. Pure. */
export function parseKeysArguments([verb = '', ...args]: readonly string[]): KeysCommand | { fault: string } {
  if (!isVerb(verb)) {
    const got = verb === '' ? 'keys needs a verb' : `unknown verb keys ${verb}`;
    return { fault: `${got}; allowed: ${Object.keys(usages).join(', ')}` };
  }
  let parsed;
  try {
    const own = Object.fromEntries(taken[verb].map((name) => [name, options[name]]));
    parsed = parseArgs({ args: [...args], options: own, strict: true, allowPositionals: verb === 'revoke' });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error);
    return { fault: `${reason}; allowed: keys ${usages[verb]}` };
  }
  // Each option has its one type.
  const values = parsed.values as Partial<Record<Exclude<Option, 'json'>, string>> & { json?: boolean };
  const { json = false, project: projectId } = values;
  if (verb === 'create') return readCreate(values, json);
  if (verb === 'revoke') return readRevoke(parsed.positionals, json);
  return projectId === '' ? { fault: '--project is empty; allowed: the name of a project' } : { verb, projectId, json };
}

function isVerb(verb: string): verb is keyof typeof usages {
  return Object.hasOwn(usages, verb);
}

function readCreate(
  values: Partial<Record<Exclude<Option, 'json'>, string>>,
  json: boolean,
): KeysCommand | { fault: string } {
  const { project, scope, expires, rate } = values;
  if (project === undefined) return { fault: `--project is missing; allowed: keys ${usages.create}` };
  if (scope === undefined) return { fault: `--scope is missing; allowed: one or more of ${keyScopes.join(',')}` };
  const scopes = scope.split(',').map((one) => one.trim());
  const days = /^(\d{1,5})d?$/.exec(expires ?? '')?.[1];
  if (expires !== undefined && days === undefined) {
    return {
      fault: `--expires ${expires} is no number of days; allowed: 1d to ${keyLimits.expiresInDaysMax}d`,
    };
  }
  const request = createKeyRequest.safeParse({
    ...{ projectId: project, scopes, name: values.name ?? scopes.join(', ') },
    expiresInDays: days === undefined ? undefined : Number(days),
    limits: { spansPerSecond: readCount(rate), spansPerDay: readCount(values['daily-spans']) },
  });
  if (request.success) return { verb: 'create', request: request.data, json };
  const [issue] = request.error.issues;
  const field = issue?.path.findLast((part) => typeof part === 'string' && Object.hasOwn(fieldOptions, part));
  return { fault: `${fieldOptions[String(field)] ?? 'an argument'} ${issue?.message ?? 'is wrong'}` };
}

/** What is no number becomes one that no limit allows. */
function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

function readRevoke(positionals: readonly string[], json: boolean): KeysCommand | { fault: string } {
  const [keyId, ...more] = positionals;
  if (keyId === undefined || more.length > 0) {
    return { fault: `keys revoke takes one key id; allowed: keys ${usages.revoke}` };
  }
  if (!/^[0-9a-f]{12}$/.test(keyId)) {
    return { fault: 'this is no key id; allowed: the 12 hex digits behind "sg-", as keys list shows them' };
  }
  return { verb: 'revoke', keyId, json };
}
