import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copiedPaths, readDockerfile, type Instruction } from '../../../../support/dockerfile.ts';
import { readImports } from '../../../../support/imports.ts';
import { repositoryDir } from '../../../../support/program.ts';

const stages = readDockerfile();
const [build = [], image = []] = stages;
const folders = ['collector', 'runtime', 'server', 'migrations'];
const textOf = (stage: readonly Instruction[], name: string) => stage.findLast((one) => one.name === name)?.text;

describe('the image', () => {
  it('copies only what exists, and all of it is sent to the build', () => {
    const sent = readFileSync(join(repositoryDir, '.dockerignore'), 'utf8').split('\n');
    const copied = stages.flatMap(copiedPaths);
    expect(copied.length).toBeGreaterThan(7);
    for (const path of copied) {
      expect(existsSync(join(repositoryDir, path)), path).toBe(true);
      expect(sent).toContain(`!${path.split('/')[0] ?? ''}`);
    }
  });

  it('holds every file that its programs import', () => {
    const copied = copiedPaths(image);
    expect(copied).toEqual(expect.arrayContaining(folders));
    const missing = folders
      .flatMap((folder) => [...readImports(folder).files])
      .filter((file) => !copied.some((path) => file === path || file.startsWith(`${path}/`)));
    expect(missing).toEqual([]);
  });

  it('leaves out only packages that are there and that no program of it needs', () => {
    const needed = new Set(folders.flatMap((folder) => [...readImports(folder).packages]));
    needed.delete('vite'); // built the UI already
    const { dependencies } = readJson('package.json') as { dependencies: Record<string, string> };
    const run = build.find(({ text }) => text.startsWith('npm pkg delete'))?.text ?? '';
    const deleted = [...run.matchAll(/dependencies[.[]([^\s"\]]+)/g)].map(([, name = '']) => name);
    expect(deleted.length).toBeGreaterThan(5);
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(deleted));
    expect(deleted.filter((name) => needed.has(name))).toEqual([]);
  });

  it('runs the Node of package-lock.json', () => {
    const { packages } = readJson('package-lock.json') as { packages: Record<string, { version: string }> };
    const minor = packages['node_modules/node']?.version.split('.').slice(0, 2).join('.');
    for (const stage of stages)
      expect(textOf(stage, 'FROM')).toMatch(new RegExp(`^node:${minor}-[a-z]+-slim( AS build)?$`));
  });

  it('is not root, keeps its data in a volume, listens only with keys and stops by SIGTERM', () => {
    expect(textOf(image, 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(textOf(image, 'VOLUME')).toBe('["/data"]');
    expect(textOf(image, 'ENV')).toContain('SIGHTGLASS_DATA_DIR=/data');
    expect(textOf(image, 'ENV')).toContain('SIGHTGLASS_AUTH=on');
    expect(textOf(image, 'STOPSIGNAL')).toBe('SIGTERM');
  });
});

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repositoryDir, path), 'utf8'));
}
