import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryDir } from './program.ts';

export interface Instruction {
  name: string;
  /** What follows the name, its lines joined. */
  text: string;
}

/** The stages of the image's Dockerfile, each from its FROM to the next. */
export function readDockerfile(): Instruction[][] {
  const text = readFileSync(join(repositoryDir, 'Dockerfile'), 'utf8');
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [name = '', ...words] = line.trim().split(/\s+/);
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, text: words.join(' ') });
  }
  return stages;
}

/** Sources of the COPY instructions that take from the repository. */
export function copiedPaths(stage: readonly Instruction[]): string[] {
  return stage
    .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from='))
    .flatMap(({ text }) => text.split(' ').slice(0, -1));
}
