import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryDir } from '../support/program.ts';

test('what is served is the production build, also when the start runs inside a test runner', () => {
  const assets = join(repositoryDir, 'ui', 'dist', 'assets');
  const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(0);
  for (const name of scripts) {
    // A development build of Svelte names every component's file.
    expect(readFileSync(join(assets, name), 'utf8')).not.toMatch(/\w+\.svelte[`'"]/);
  }
});
