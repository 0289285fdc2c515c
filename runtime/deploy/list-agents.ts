import type { LoadedAgent } from '../definition/read-definition.ts';
import type { Revision } from '../sessions/store.ts';
import { planAgents } from './plan.ts';

/** The agents of files beside what is deployed of them, as a table. */
export function listAgents(
  files: readonly LoadedAgent[],
  deployed: readonly Revision[],
  { isWhole }: { isWhole: boolean },
): string[] {
  const rows = planAgents(files, deployed, { isWhole }).map((plan) => {
    const file = files.find(({ definition }) => definition.name === plan.name);
    return [
      plan.revision ?? plan.name,
      plan.change === 'unchanged' ? 'the same' : (plan.deployed ?? '-'),
      file?.definition.model.map(({ model }) => model).join(' > ') ?? '-',
      describeTools(file),
      file?.file ?? '-',
    ];
  });
  return alignColumns([['AGENT', 'DEPLOYED', 'MODELS', 'TOOLS', 'FILE'], ...rows]);
}

function describeTools(file: LoadedAgent | undefined): string {
  const names = file?.definition.tools.map(({ name }) => name) ?? [];
  return names.length === 0 ? '-' : names.join(' ');
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
