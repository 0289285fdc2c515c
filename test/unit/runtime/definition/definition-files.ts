import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadAgents } from '../../../../runtime/definition/load-agents.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';

export type Files = Record<string, string>;

/** Writes files into a folder of their own, loads it, and answers agents or faults, paths without the folder. */
export function loadFiles(files: Files, env: NodeJS.ProcessEnv = {}): { revisions: string[] } | { faults: string[] } {
  const dir = makeTempDir('agents');
  try {
    writeFiles(dir.path, files);
    const loaded = loadAgents([dir.path], env);
    if ('faults' in loaded) return { faults: loaded.faults.map((line) => line.replaceAll(`${dir.path}/`, '')) };
    return { revisions: loaded.agents.map(({ revision }) => revision) };
  } finally {
    dir.remove();
  }
}

export function writeFiles(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** A good agent with lines added at its end: the first of them is line 4. */
export function agentWith(lines: string, name = 'a'): string {
  return `name: ${name}\ninstructions: Help.\nmodel: [simulated/x]\n${lines}`;
}
