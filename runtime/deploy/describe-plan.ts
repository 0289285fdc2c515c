import type { DefinitionChanges } from './compare-definitions.ts';
import type { SettingChange } from './flatten.ts';
import type { AgentPlan } from './plan.ts';

const shownValueLength = 120;

/** A plan for people, line by line; the last line counts. */
export function describePlan(plans: readonly AgentPlan[]): string[] {
  const counts = (['new', 'changed', 'unchanged', 'missing'] as const).map(
    (change) => [change, plans.filter((plan) => plan.change === change).length] as const,
  );
  const counted = counts.filter(([, count]) => count > 0).map(([change, count]) => `${count} ${change}`);
  return [...plans.flatMap(describeAgent), counted.join(', ') || 'no agents'];
}

function describeAgent(plan: AgentPlan): string[] {
  const { name, change, file, revision, deployed, changes } = plan;
  switch (change) {
    case 'unchanged':
      return [`${name}: unchanged, ${revision ?? ''}`];
    case 'missing':
      return [`${name}: deployed as ${deployed ?? ''}, but no file declares it; it stays deployed`];
    case 'new':
      return [`${name}: new, ${revision ?? ''} (${file ?? ''})`, ...indent(describeChanges(changes))];
    case 'changed': {
      const head = `${name}: ${deployed ?? ''} → ${revision ?? ''} (${file ?? ''})`;
      const note = plan.isUnreadable
        ? ['what is deployed was written for another release; this is all of the new one']
        : [];
      const lines = [...note, ...describeChanges(changes)];
      return [head, ...indent(lines.length > 0 ? lines : ['it says the same in other words'])];
    }
  }
}

function describeChanges(changes: DefinitionChanges | null): string[] {
  if (changes === null) return [];
  const { instructions, models, tools, settings, widenings } = changes;
  const list = (names: readonly string[]) => names.join(', ');
  const isNew = models?.before.length === 0;
  return [
    ...widenings.map((text) => `! ${text}`),
    ...(models === null
      ? []
      : [`models: ${isNew ? '' : `${models.before.join(' > ')} → `}${models.after.join(' > ')}`]),
    ...(tools.gained.length === 0 ? [] : [`tools gained: ${list(tools.gained)}`]),
    ...(tools.lost.length === 0 ? [] : [`tools lost: ${list(tools.lost)}`]),
    ...tools.changed.flatMap((tool) => [`tool ${tool.name}:`, ...indent(tool.settings.map(describeSetting))]),
    ...settings.map(describeSetting),
    ...(instructions.length === 0 ? [] : ['instructions:', ...indent(instructions)]),
  ];
}

function describeSetting({ path, before, after }: SettingChange): string {
  return `${path}: ${shorten(before)} → ${shorten(after)}`;
}

function shorten(value: string | undefined): string {
  if (value === undefined) return 'not set';
  const line = value.replaceAll('\n', ' ');
  return line.length > shownValueLength ? `${line.slice(0, shownValueLength)}…` : line;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
