import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { repositoryDir } from './program.ts';

export interface Imports {
  /** Names of npm packages. */
  packages: Set<string>;
  /** Files of the repository, by their path in it. */
  files: Set<string>;
}

const specifiers = /(?:\bfrom|\bimport\(|^import|\.resolve\()\s*'([^']+)'/gm;

/** What the TypeScript and JavaScript of a folder imports or resolves; types too, as nothing is compiled. */
export function readImports(folder: string): Imports {
  const imports: Imports = { packages: new Set(), files: new Set() };
  for (const name of readdirSync(join(repositoryDir, folder), { recursive: true, encoding: 'utf8' })) {
    if (!/\.(ts|mjs)$/.test(name)) continue;
    const path = join(repositoryDir, folder, name);
    for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(specifiers)) {
      if (specifier.startsWith('node:')) continue;
      if (specifier.startsWith('.')) imports.files.add(relative(repositoryDir, join(dirname(path), specifier)));
      else imports.packages.add(packageOf(specifier));
    }
  }
  return imports;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
