import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { askServer } from './budgets/resolve-budgets.ts';
import { type CommandConfig, ConfigError, loadCommandConfig } from './config.ts';
import { suggest } from './definition/fields.ts';
import { type LoadedAgents, loadAgents, PathError } from './definition/load-agents.ts';
import type { LoadedAgent } from './definition/read-definition.ts';
import { agentJsonSchema } from './definition/schema.ts';
import { type AgentsCommand, readArguments } from './deploy/arguments.ts';
import { findMissingChannels } from './deploy/check-channels.ts';
import { deployAgents, type Moved } from './deploy/deploy.ts';
import { describePlan } from './deploy/describe-plan.ts';
import { listAgents } from './deploy/list-agents.ts';
import { planAgents } from './deploy/plan.ts';
import { rollBack } from './deploy/rollback.ts';
import { openExistingStore, openSessionStore } from './sessions/open-store.ts';
import type { Revision, SessionStore } from './sessions/store.ts';

/** Exit codes: as it should be; the definitions have faults or the store cannot be used; called wrongly. */
const fine = 0;
const faulty = 1;
const calledWrongly = 2;

/** Where the server is by default. */
const localServerUrl = 'http://127.0.0.1:4000';

const toldErrors = ['ConfigError', 'DeployFault', 'StoreUnavailableError'];

/** What the files say, or that they say it wrongly. */
interface Files {
  agents: readonly LoadedAgent[];
  /** A folder was read: what is not in it is declared nowhere. */
  isWhole: boolean;
}

/** The runtime's own commands; `sightglass agents` starts them. */
async function main(args: readonly string[]): Promise<number> {
  const command = readArguments(args);
  if ('fault' in command) return refuse(command.fault);
  if (command.verb === 'schema') {
    console.log(JSON.stringify(agentJsonSchema(), undefined, 2));
    return fine;
  }
  const config = loadCommandConfig();
  if (command.verb === 'rollback') {
    const [name = ''] = command.names;
    return withStore(config, async (store) => printMoved(await rollBack(store, name, command.to)));
  }
  const files = readFiles(command, config);
  return typeof files === 'number' ? files : runOn(files, command, config);
}

async function runOn(files: Files, command: AgentsCommand, config: CommandConfig): Promise<number> {
  switch (command.verb) {
    case 'plan': {
      const plans = planAgents(files.agents, await readDeployed(config), files);
      if (command.options.has('--json'))
        console.log(JSON.stringify({ agents: plans }, (_key, value: unknown) => value ?? null, 2));
      else for (const line of describePlan(plans)) console.log(line);
      await warnOfChannels(files.agents, config);
      return fine;
    }
    case 'deploy': {
      const chosen = choose(files.agents, command.names);
      if ('fault' in chosen) return refuse(chosen.fault);
      return withStore(config, async (store) => {
        const moved = await deployAgents(store, chosen.agents);
        for (const one of moved) printMoved(one);
        const same = chosen.agents.length - moved.length;
        if (same > 0) console.log(`${same} unchanged`);
        await warnOfChannels(chosen.agents, config);
      });
    }
    case 'list':
      for (const line of listAgents(files.agents, await readDeployed(config), files)) console.log(line);
      return fine;
    default:
      for (const { revision, file } of files.agents) console.log(`${revision}  ${file}`);
      console.log(files.agents.length === 1 ? '1 agent is valid' : `${files.agents.length} agents are valid`);
      return fine;
  }
}

/** The definitions that are meant; or the exit code, with every fault printed. */
function readFiles({ verb, options, paths }: AgentsCommand, config: CommandConfig): Files | number {
  const named = paths.length > 0 ? paths : [nameFolder(config.agentsDir)];
  // Who plans and lists may not have the secrets at hand.
  const needsSecrets = (verb === 'validate' || verb === 'deploy') && !options.has('--without-secrets');
  let loaded: LoadedAgents;
  try {
    loaded = loadAgents(named, needsSecrets ? config.environment : undefined);
  } catch (error) {
    if (error instanceof PathError) return refuse(error.message);
    throw error;
  }
  if ('agents' in loaded) {
    return { agents: loaded.agents, isWhole: named.some((path) => statSync(path).isDirectory()) };
  }
  for (const line of loaded.faults) console.error(line);
  return faulty;
}

/** Without names: all of them. */
function choose(
  agents: readonly LoadedAgent[],
  names: readonly string[],
): { agents: readonly LoadedAgent[] } | { fault: string } {
  const known = agents.map(({ definition }) => definition.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return {
      fault: `there is no agent ${unknown} in these files, allowed: ${known.join(', ')}${suggest(unknown, known)}`,
    };
  }
  return { agents: names.length === 0 ? agents : agents.filter(({ definition }) => names.includes(definition.name)) };
}

/** Asking makes no store. */
async function readDeployed(config: CommandConfig): Promise<Revision[]> {
  const opened = await openExistingStore(config);
  try {
    return (await opened?.store.listDeployed()) ?? [];
  } finally {
    await opened?.store.close();
  }
}

async function withStore(config: CommandConfig, use: (store: SessionStore) => Promise<void>): Promise<number> {
  const { store, warnings } = await openSessionStore(config);
  for (const warning of warnings) console.error(`sightglass: ${warning}`);
  try {
    await use(store);
    return fine;
  } finally {
    await store.close();
  }
}

/** A budget that names a channel which is not there is a budget all the same. */
async function warnOfChannels(
  agents: readonly LoadedAgent[],
  { serverUrl, internalSecret }: CommandConfig,
): Promise<void> {
  const headers: Record<string, string> =
    internalSecret === undefined ? {} : { 'x-sightglass-internal': internalSecret };
  const ask = askServer({ headers, findServer: () => serverUrl ?? localServerUrl, onRefused: warn });
  for (const line of await findMissingChannels(ask, agents)) warn(line);
}

function warn(line: string): void {
  console.error(`sightglass: ${line}`);
}

function printMoved({ name, from, to }: Moved): void {
  console.log(`${name}: ${from ?? 'new'} → ${to}`);
}

/** As seen from where the command runs, if it lies below. */
function nameFolder(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near || '.';
}

function refuse(line: string): number {
  console.error(`sightglass: ${line}`);
  return calledWrongly;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // A store, an environment or a deployment that cannot be is told in a line; a fault of ours is shown whole.
  const isOurs = !(error instanceof Error) || !['Error', ...toldErrors].includes(error.name);
  if (isOurs) throw error;
  for (const line of error.message.split('\n')) console.error(`sightglass: ${line}`);
  process.exitCode = error instanceof ConfigError ? calledWrongly : faulty;
}
