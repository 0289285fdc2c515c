import { structuredPatch } from 'diff';
import type { LoadedAgent } from '../definition/read-definition.ts';
import { findWidenings } from './find-widenings.ts';
import { compareSettings, type SettingChange } from './flatten.ts';

export type Definition = LoadedAgent['definition'];

/** Lines around a changed one. */
const contextLines = 2;

/** What differs between two definitions of an agent; empty parts do not. */
export interface DefinitionChanges {
  /** Lines with `+`, `-` or a space before them; `@@ … @@` between parts. */
  instructions: string[];
  /** The chain of models, where it is another one. */
  models: { before: string[]; after: string[] } | null;
  tools: { gained: string[]; lost: string[]; changed: { name: string; settings: SettingChange[] }[] };
  /** Everything else. */
  settings: SettingChange[];
  /** What the agent may do, spend or record from now on and could not before. */
  widenings: string[];
}

/** Compares what is deployed with a file. Without `before` everything is new. */
export function compareDefinitions(before: Definition | undefined, after: Definition): DefinitionChanges {
  const [oldModels, newModels] = [before?.model ?? [], after.model].map((list) => list.map(({ model }) => model));
  const isSameChain = oldModels?.join(' ') === newModels?.join(' ');
  return {
    instructions: before === undefined ? [] : diffLines(before.instructions, after.instructions),
    models: isSameChain ? null : { before: oldModels ?? [], after: newModels ?? [] },
    tools: compareTools(before?.tools ?? [], after.tools),
    settings: before === undefined ? [] : compareSettings(partsOf(before, after), partsOf(after, before)),
    widenings: findWidenings(before, after),
  };
}

function diffLines(before: string, after: string): string[] {
  if (before === after) return [];
  const { hunks } = structuredPatch('', '', `${before}\n`, `${after}\n`, undefined, undefined, {
    context: contextLines,
  });
  return hunks.flatMap(({ oldStart, newStart, lines }) => [`@@ line ${oldStart} → ${newStart} @@`, ...lines]);
}

function compareTools(before: Definition['tools'], after: Definition['tools']): DefinitionChanges['tools'] {
  const names = (tools: Definition['tools']) => tools.map(({ name }) => name);
  const changed = after.flatMap((tool) => {
    const old = before.find(({ name }) => name === tool.name);
    const settings = old === undefined ? [] : compareSettings(old, tool);
    return settings.length === 0 ? [] : [{ name: tool.name, settings }];
  });
  return {
    gained: names(after).filter((name) => !names(before).includes(name)),
    lost: names(before).filter((name) => !names(after).includes(name)),
    changed,
  };
}

/** Of a definition what nothing else compares; of its models those that the other one has too. */
function partsOf(definition: Definition, other: Definition): object {
  const { instructions: _instructions, tools: _tools, name: _name, model, ...rest } = definition;
  const names = other.model.map((one) => one.model);
  return { model: model.filter((one) => names.includes(one.model)), ...rest };
}
