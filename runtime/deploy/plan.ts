import { type LoadedAgent, parseSource } from '../definition/read-definition.ts';
import type { Revision } from '../sessions/store.ts';
import { compareDefinitions, type Definition, type DefinitionChanges } from './compare-definitions.ts';

/** What deploying would change about one agent. */
export interface AgentPlan {
  name: string;
  /** `missing`: deployed, and no file declares it any more. */
  change: 'new' | 'unchanged' | 'changed' | 'missing';
  file: string | null;
  /** Of the file. */
  revision: string | null;
  deployed: string | null;
  /** What is deployed was written for another release and cannot be compared. */
  isUnreadable: boolean;
  changes: DefinitionChanges | null;
}

/** Compares files with what is deployed, by name; `isWhole`: the files are all there are, so that others are missing. */
export function planAgents(
  files: readonly LoadedAgent[],
  deployed: readonly Revision[],
  { isWhole }: { isWhole: boolean },
): AgentPlan[] {
  const plans = files.map((file) =>
    planAgent(
      file,
      deployed.find(({ agent }) => agent === file.definition.name),
    ),
  );
  const names = new Set(plans.map(({ name }) => name));
  const missing = (isWhole ? deployed : []).flatMap(({ agent: name, revision }): AgentPlan[] => {
    if (names.has(name)) return [];
    return [
      { name, change: 'missing', file: null, revision: null, deployed: revision, isUnreadable: false, changes: null },
    ];
  });
  return [...plans, ...missing].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function planAgent({ file, definition, hash, revision }: LoadedAgent, deployed: Revision | undefined): AgentPlan {
  const plan = { name: definition.name, file, revision, deployed: deployed?.revision ?? null, isUnreadable: false };
  if (deployed?.hash === hash) return { ...plan, change: 'unchanged', changes: null };
  const before = deployed === undefined ? undefined : tryParse(deployed);
  return {
    ...plan,
    change: deployed === undefined ? 'new' : 'changed',
    isUnreadable: deployed !== undefined && before === undefined,
    changes: compareDefinitions(before, definition),
  };
}

function tryParse({ definition }: Revision): Definition | undefined {
  try {
    return parseSource(definition);
  } catch {
    return undefined;
  }
}
