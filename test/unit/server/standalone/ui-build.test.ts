import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isUiStale } from '../../../../server/standalone/ui-build.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sightglass-ui-'));
  write('ui/pages/Traces.svelte', 1000);
  write('ui/main.ts', 1000);
  setTime('ui/pages', 1000);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('is stale when it was never built', () => {
  expect(isUiStale(folder)).toBe(true);
});

test('is fresh when every source is older than the build', () => {
  write('ui/dist/index.html', 2000);
  write('ui/dist/assets/later.js', 3000);
  expect(isUiStale(folder)).toBe(false);
});

test('is stale when a source is newer than the build', () => {
  write('ui/dist/index.html', 2000);
  write('ui/pages/Traces.svelte', 3000);
  setTime('ui/pages', 1000);
  expect(isUiStale(folder)).toBe(true);
});

test('is stale when a source was removed after the build', () => {
  write('ui/dist/index.html', 2000);
  rmSync(join(folder, 'ui/pages/Traces.svelte'));
  expect(isUiStale(folder)).toBe(true);
});

function write(name: string, second: number): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), '');
  setTime(name, second);
}

function setTime(name: string, second: number): void {
  utimesSync(join(folder, name), second, second);
}
