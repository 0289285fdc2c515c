import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { getPlatformLibrary } from '../../../../server/standalone/platform-library.ts';

const folder = mkdtempSync(join(tmpdir(), 'sightglass-library-'));
writeFileSync(join(folder, 'libchdb.so'), '');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const linux = { platform: 'linux', arch: 'x64', libc: 'glibc' } as const;

test('names the library inside the package of the platform', () => {
  const asked: string[] = [];
  const path = getPlatformLibrary(linux, (specifier) => {
    asked.push(specifier);
    return join(folder, 'package.json');
  });
  expect(path).toBe(join(folder, 'libchdb.so'));
  expect(asked).toEqual(['@chdb/lib-linux-x64-gnu/package.json']);
});

test('says in one line that the package is not installed, and what to do', () => {
  const notFound = () => {
    throw new Error('Cannot find module');
  };
  expect(() => getPlatformLibrary(linux, notFound)).toThrow(
    'the embedded ClickHouse is not installed: npm package @chdb/lib-linux-x64-gnu is missing; run npm install without --omit=optional, or set CLICKHOUSE_URL to a ClickHouse server instead',
  );
});

test('says so when the package lacks the library file', () => {
  expect(() => getPlatformLibrary(linux, () => '/nowhere/package.json')).toThrow('is missing');
});

test.each([
  { platform: 'win32', arch: 'x64', libc: null, key: 'win32-x64' },
  { platform: 'linux', arch: 'x64', libc: 'musl', key: 'linux-x64-musl' },
] as const)('refuses $key by name', ({ key, ...platform }) => {
  expect(() => getPlatformLibrary(platform, () => '')).toThrow(`the embedded ClickHouse does not exist for ${key}`);
});

test('finds the library that this installation has', () => {
  expect(getPlatformLibrary()).toMatch(/libchdb\.so$/);
});
