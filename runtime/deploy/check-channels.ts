import type { ResolveBudgets } from '../budgets/resolve-budgets.ts';
import { suggest } from '../definition/fields.ts';
import type { LoadedAgent } from '../definition/read-definition.ts';

/** Channels belong to a project, definitions to all of them: the one that is there is looked at. */
const project = 'default';

/**
 * A line for every channel that a budget names and the project does not have: nobody is told there. Where no budget names one
 * nobody is asked; that a server did not answer is a line, too.
 */
export async function findMissingChannels(ask: ResolveBudgets, files: readonly LoadedAgent[]): Promise<string[]> {
  const named = files.flatMap(({ file, definition }) =>
    definition.budgets.flatMap(({ notify }, place) => notify.map((name) => ({ file, place, name }))),
  );
  if (named.length === 0) return [];
  const nobody = { agent: null, user: null, session: null, labels: {}, declared: [] };
  const known = (await ask({ ...nobody, project, accounts: [], channels: true }))?.channels ?? undefined;
  if (known === undefined) {
    return [
      'whether the channels that budgets name are there is not known: no server answers; SIGHTGLASS_SERVER_URL says where it is',
    ];
  }
  const there = known.length === 0 ? 'it has none' : `it has: ${known.join(', ')}`;
  return named
    .filter(({ name }) => !known.includes(name))
    .map(
      ({ file, place, name }) =>
        `${file}: budgets[${place}].notify names ${name}, and project ${project} has no such channel, ${there}${suggest(name, known)}`,
    );
}
