import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describeFaults } from './faults.ts';
import { suggest } from './fields.ts';
import { type LoadedAgent, readDefinition, type ReadDefinition } from './read-definition.ts';
import type { Fault } from './read-yaml.ts';

/** More files than this are a wrong folder. */
const filesMax = 1_000;
const definitionFile = /^[^.].*\.ya?ml$/;

/** A path that the caller named and that is not there. */
export class PathError extends Error {
  override readonly name = 'PathError';
}

/** All agents, by name; or a line for every fault of every file, and no agent at all. */
export type LoadedAgents = { agents: LoadedAgent[] } | { faults: string[] };

/**
 * Loads the definition files (`*.yaml`, `*.yml`) of folders, without their subfolders, and files named themselves. `env` is where
 * references must be found; without one they are not looked up. Throws a PathError.
 */
export function loadAgents(paths: readonly string[], env: NodeJS.ProcessEnv | undefined): LoadedAgents {
  const files = [...new Map(paths.flatMap(findFiles).map((file) => [resolve(file), file])).values()];
  if (files.length > filesMax) throw new PathError(`${files.length} files, allowed: ${filesMax}`);
  const read = files.map((file) => readDefinition(file, env));
  const faults = [...read.flatMap((one) => one.faults), ...checkNames(read), ...checkAgentTools(read)];
  if (faults.length > 0) return { faults: describeFaults(faults) };
  const agents = read.flatMap(({ agent }) => (agent === undefined ? [] : [agent]));
  return { agents: agents.toSorted((a, b) => (a.definition.name < b.definition.name ? -1 : 1)) };
}

function findFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new PathError(`${path}: there is no such file or folder`);
  if (!stat.isDirectory()) return [path];
  const files = readdirSync(path).filter((name) => definitionFile.test(name));
  if (files.length === 0) throw new PathError(`${path}: there is no definition file in it, *.yaml or *.yml`);
  return files.sort().map((name) => join(path, name));
}

function checkNames(read: readonly ReadDefinition[]): Fault[] {
  return read.flatMap(({ file, parts, lineOf }) => {
    const name = parts?.name;
    const first = read.find((other) => other.parts?.name === name);
    if (name === undefined || first === undefined || first.file === file) return [];
    const text = `name ${name} is the name of ${first.file}:${first.lineOf(['name'])} too`;
    return [{ file, line: lineOf(['name']), text }];
  });
}

/** Agents as tools: every one exists, and none leads back to itself. */
function checkAgentTools(read: readonly ReadDefinition[]): Fault[] {
  const names = read.flatMap(({ parts }) => (parts?.name === undefined ? [] : [parts.name]));
  // The agent that is meant may stand in a file that could not be read.
  const isComplete = read.every(({ parts }) => parts?.name !== undefined);
  const called = new Map<string | undefined, string[]>();
  for (const { parts } of read) {
    const agents = agentsOf(parts).map(({ agent }) => agent);
    called.set(parts?.name, [...(called.get(parts?.name) ?? []), ...agents]); // a name may wrongly come twice
  }
  return read.flatMap(({ file, parts, lineOf }) =>
    agentsOf(parts).flatMap(({ agent, index }) => {
      const line = lineOf(['tools', index, 'agent']);
      const add = (text: string) => [{ file, line, text: `tools[${index}].agent ${text}` }];
      if (!names.includes(agent)) {
        if (!isComplete) return [];
        return add(`${agent} is no agent of these files, allowed: ${names.join(', ')}${suggest(agent, names)}`);
      }
      const circle = parts?.name === undefined ? undefined : findWay(agent, parts.name, called);
      return circle === undefined ? [] : add(`leads in a circle: ${[parts?.name, ...circle].join(' → ')}`);
    }),
  );
}

function agentsOf(parts: ReadDefinition['parts']): { agent: string; index: number }[] {
  return (parts?.tools ?? []).flatMap((tool, index) => (tool?.type === 'agent' ? [{ agent: tool.agent, index }] : []));
}

/** The shortest way from one agent to another, both included. */
function findWay(
  from: string,
  to: string,
  called: ReadonlyMap<string | undefined, readonly string[]>,
): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  const waiting = [from];
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (name === to) {
      const way = [];
      for (let step: string | undefined = name; step !== undefined; step = cameFrom.get(step)) way.unshift(step);
      return way;
    }
    for (const next of called.get(name) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      waiting.push(next);
    }
  }
  return undefined;
}
