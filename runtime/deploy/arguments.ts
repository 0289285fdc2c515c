import { existsSync } from 'node:fs';
import { suggest } from '../definition/fields.ts';

/** What each verb of `sightglass agents` takes. */
const verbs = {
  validate: { options: ['--without-secrets'], usage: '[--without-secrets] [PATH…]' },
  plan: { options: ['--json'], usage: '[--json] [PATH…]' },
  deploy: { options: ['--without-secrets'], usage: '[--without-secrets] [PATH…] [NAME…]' },
  rollback: { options: ['--to'], usage: 'NAME [--to REVISION]' },
  list: { options: [], usage: '[PATH…]' },
  schema: { options: [], usage: '' },
} as const satisfies Record<string, { options: readonly string[]; usage: string }>;

export const usage = Object.entries(verbs)
  .map(([verb, one]) => `${verb} ${one.usage}`.trim())
  .join(' | ');

export type Verb = keyof typeof verbs;

export interface AgentsCommand {
  verb: Verb;
  /** Without their value. */
  options: ReadonlySet<string>;
  /** Of `--to`. */
  to: string | undefined;
  /** Files and folders; of `rollback` and `schema` none. */
  paths: string[];
  /** Agents. */
  names: string[];
}

/** Reads the command line, or says in one line what is wrong with it. */
export function readArguments([verb = '', ...rest]: readonly string[]): AgentsCommand | { fault: string } {
  if (verb === '') return { fault: `agents: which one? allowed: ${usage}` };
  if (!Object.hasOwn(verbs, verb))
    return { fault: `unknown agents ${verb}; allowed: ${usage}${suggest(verb, Object.keys(verbs))}` };
  const command: AgentsCommand = { verb: verb as Verb, options: new Set(), to: undefined, paths: [], names: [] };
  const allowed: readonly string[] = verbs[command.verb].options;
  const options = new Set<string>();
  const words = rest.values();
  for (const word of words) {
    if (!word.startsWith('-')) {
      (isName(command.verb, word) ? command.names : command.paths).push(word);
      continue;
    }
    const [option = '', inline] = word.split('=', 2);
    if (!allowed.includes(option) || (inline !== undefined && option !== '--to')) {
      return { fault: `agents ${verb}: unknown option ${word}; allowed: ${describe(command.verb)}` };
    }
    options.add(option);
    if (option !== '--to') continue;
    command.to = inline ?? words.next().value;
    if (command.to === undefined || command.to === '') return { fault: 'agents rollback: --to needs a revision' };
  }
  if (verb === 'schema' && command.paths.length > 0) {
    return { fault: `agents schema takes no path, but got ${command.paths.join(' ')}` };
  }
  if (verb === 'rollback' && command.names.length !== 1) {
    const got = command.names.length === 0 ? 'none' : command.names.join(' ');
    return { fault: `agents rollback takes one agent, but got ${got}; allowed: ${describe('rollback')}` };
  }
  return { ...command, options };
}

/** Names of agents have no dots and slashes; a file of that name is meant before an agent. */
function isName(verb: Verb, word: string): boolean {
  if (verb === 'rollback') return true;
  return verb === 'deploy' && /^[a-z][a-z0-9_-]*$/.test(word) && !existsSync(word);
}

function describe(verb: Verb): string {
  return `${verb} ${verbs[verb].usage}`.trim();
}
