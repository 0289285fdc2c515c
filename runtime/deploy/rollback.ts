import { suggest } from '../definition/fields.ts';
import { parseSource } from '../definition/read-definition.ts';
import type { Revision, SessionStore } from '../sessions/store.ts';
import { checkCalled, DeployFault, findPrevious, type Moved } from './deploy.ts';

const shownRevisionsMax = 10;

/**
 * Lets the alias of an agent point to the revision before, or to the one that is named: `support@1a2b3c4d5e6f` or the digits
 * alone. Throws a DeployFault; nothing was changed then.
 */
export async function rollBack(store: SessionStore, name: string, wanted: string | undefined): Promise<Moved> {
  const deployed = await store.findDeployed(name);
  if (deployed === undefined) throw await describeUnknown(store, name);
  const revisions = await store.listRevisions(name);
  const target =
    wanted === undefined
      ? findEarlier(deployed, revisions, findPrevious(await store.listDeployments(name)))
      : findNamed(name, revisions, wanted);
  if (target.revision === deployed.revision) throw new DeployFault(`${target.revision} is deployed already`);
  await checkCalled(store, [{ definition: read(target) }]);
  await store.moveAlias(name, target.revision);
  return { name, from: deployed.revision, to: target.revision };
}

function findEarlier(deployed: Revision, revisions: readonly Revision[], previous: string | undefined): Revision {
  const found = revisions.find(({ revision }) => revision === previous);
  if (found !== undefined) return found;
  const others = revisions.filter(({ revision }) => revision !== deployed.revision);
  const way = others.length === 0 ? 'it is the only one' : `name one with --to: ${list(others)}`;
  throw new DeployFault(`nothing was deployed before ${deployed.revision}; ${way}`);
}

function findNamed(name: string, revisions: readonly Revision[], wanted: string): Revision {
  const full = wanted.includes('@') ? wanted : `${name}@${wanted}`;
  const found = revisions.find(({ revision }) => revision === full);
  if (found !== undefined) return found;
  throw new DeployFault(`${name} has no revision ${wanted}, allowed: ${list(revisions)}`);
}

async function describeUnknown(store: SessionStore, name: string): Promise<DeployFault> {
  const names = (await store.listDeployed()).map(({ agent }) => agent).sort();
  const known = names.length === 0 ? 'nothing is' : `deployed are: ${names.join(', ')}`;
  return new DeployFault(`no agent ${name} is deployed; ${known}${suggest(name, names)}`);
}

function read({ revision, definition }: Revision) {
  try {
    return parseSource(definition);
  } catch {
    throw new DeployFault(`${revision} was written for another release, this one cannot run it`);
  }
}

function list(revisions: readonly Revision[]): string {
  const shown = revisions.slice(0, shownRevisionsMax).map(({ revision }) => revision);
  const more = revisions.length > shown.length ? [`and ${revisions.length - shown.length} older ones`] : [];
  return [...shown, ...more].join(', ');
}
