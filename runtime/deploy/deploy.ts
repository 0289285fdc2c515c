import type { LoadedAgent } from '../definition/read-definition.ts';
import type { Deployment, SessionStore } from '../sessions/store.ts';
import type { Definition } from './compare-definitions.ts';

/** A deployment that cannot be: nothing was changed. */
export class DeployFault extends Error {
  override readonly name = 'DeployFault';
}

/** One agent of a deployment. */
export interface Moved {
  name: string;
  from: string | null;
  to: string;
}

/**
 * Registers the revisions of files and lets the aliases point to them, agents that others call first. Those that already do are
 * left out of the answer. If one fails, those before it are moved back. Throws a DeployFault, or what the store throws.
 */
export async function deployAgents(store: SessionStore, files: readonly LoadedAgent[]): Promise<Moved[]> {
  await checkCalled(store, files);
  const moved: Moved[] = [];
  try {
    for (const { definition, source, hash, revision } of orderByCalls(files)) {
      const deployed = await store.findDeployed(definition.name);
      if (deployed?.revision === revision) continue;
      const registered = { agent: definition.name, revision, hash, definition: source, registeredMs: Date.now() };
      await store.deploy(registered);
      moved.push({ name: definition.name, from: deployed?.revision ?? null, to: revision });
    }
  } catch (error) {
    throw await takeBack(store, moved, error);
  }
  return moved;
}

/** Agents that are called as tools must be deployed too, or together with their callers. */
export async function checkCalled(
  store: SessionStore,
  agents: readonly { definition: Pick<Definition, 'name' | 'tools'> }[],
): Promise<void> {
  const names = new Set(agents.map(({ definition }) => definition.name));
  for (const { definition } of agents) {
    for (const called of calledBy(definition)) {
      if (names.has(called) || (await store.findDeployed(called)) !== undefined) continue;
      throw new DeployFault(`${definition.name} calls ${called}, which is not deployed: deploy it first or with it`);
    }
  }
}

function calledBy({ tools }: Pick<Definition, 'tools'>): string[] {
  return tools.flatMap((tool) => (tool.type === 'agent' ? [tool.agent] : []));
}

/** Whoever is called comes before who calls; there are no circles. */
function orderByCalls(files: readonly LoadedAgent[]): LoadedAgent[] {
  const ordered = new Set<LoadedAgent>();
  const add = (file: LoadedAgent) => {
    for (const name of calledBy(file.definition)) {
      const called = files.find(({ definition }) => definition.name === name);
      if (called !== undefined) add(called);
    }
    ordered.add(file);
  };
  for (const file of files) add(file);
  return [...ordered];
}

async function takeBack(store: SessionStore, moved: readonly Moved[], cause: unknown): Promise<Error> {
  const left: string[] = [];
  for (const { name, from, to } of moved.toReversed()) {
    const back = from === null ? undefined : await store.moveAlias(name, from).catch(() => undefined);
    if (back === undefined) left.push(to);
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  const rest = left.length === 0 ? 'nothing was deployed' : `deployed all the same: ${left.join(', ')}`;
  return new Error(`${why}; ${rest}`, { cause });
}

/** The revision that was deployed before the current one, and before those that were rolled back; undefined: there is none. */
export function findPrevious(deployments: readonly Deployment[]): string | undefined {
  const stack: string[] = [];
  for (const { revision, previous } of deployments.toReversed()) {
    if (stack.length === 0 && previous !== null) stack.push(previous); // older ones are not kept
    const known = stack.indexOf(revision);
    // Back to one that was there before: what came after it is gone.
    if (known === -1) stack.push(revision);
    else stack.length = known + 1;
  }
  return stack.at(-2);
}
