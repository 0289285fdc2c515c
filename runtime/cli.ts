import { relative } from 'node:path';
import { loadCommandConfig } from './config.ts';
import { type LoadedAgents, loadAgents, PathError } from './definition/load-agents.ts';
import type { LoadedAgent } from './definition/read-definition.ts';
import { agentJsonSchema } from './definition/schema.ts';

/** Exit codes: as it should be, the definitions have faults, called wrongly. */
const fine = 0;
const faulty = 1;
const calledWrongly = 2;

const withoutSecrets = '--without-secrets';
const usage = `allowed: validate [${withoutSecrets}] [PATH…], list [PATH…], schema`;

/** The runtime's own commands; `sightglass agents` starts them. */
function main([verb = '', ...args]: readonly string[]): number {
  const options = args.filter((one) => one.startsWith('-'));
  const paths = args.filter((one) => !one.startsWith('-'));
  const unknown = options.find((one) => verb !== 'validate' || one !== withoutSecrets);
  if (unknown !== undefined) return refuse(`agents ${verb}: unknown option ${unknown}; ${usage}`);
  if (verb === 'validate') return runOn(paths, { checksSecrets: options.length === 0, print: printAgreement });
  if (verb === 'list') return runOn(paths, { checksSecrets: false, print: printList });
  if (verb !== 'schema')
    return refuse(verb === '' ? `agents: which one? ${usage}` : `unknown agents ${verb}; ${usage}`);
  if (paths.length > 0) return refuse(`agents schema takes no path, but got ${paths.join(' ')}`);
  console.log(JSON.stringify(agentJsonSchema(), undefined, 2));
  return fine;
}

function runOn(
  paths: readonly string[],
  { checksSecrets, print }: { checksSecrets: boolean; print: (agents: readonly LoadedAgent[]) => void },
): number {
  const config = loadCommandConfig();
  const named = paths.length > 0 ? paths : [nameFolder(config.agentsDir)];
  let loaded: LoadedAgents;
  try {
    loaded = loadAgents(named, checksSecrets ? config.environment : undefined);
  } catch (error) {
    if (error instanceof PathError) return refuse(error.message);
    throw error;
  }
  if ('agents' in loaded) {
    print(loaded.agents);
    return fine;
  }
  for (const line of loaded.faults) console.error(line);
  return faulty;
}

function printAgreement(agents: readonly LoadedAgent[]): void {
  for (const { revision, file } of agents) console.log(`${revision}  ${file}`);
  console.log(agents.length === 1 ? '1 agent is valid' : `${agents.length} agents are valid`);
}

function printList(agents: readonly LoadedAgent[]): void {
  const rows = agents.map(({ revision, definition, file }) => [
    revision,
    definition.model.map(({ model }) => model).join(' > '),
    definition.tools.map(({ name }) => name).join(' ') || '-',
    file,
  ]);
  const all = [['AGENT', 'MODELS', 'TOOLS', 'FILE'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  for (const row of all)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
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

process.exitCode = main(process.argv.slice(2));
