import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { holdDataDir } from '../../../../server/standalone/data-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'sightglass-data-dir-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('makes the folder for this user only, and says whose it is while it holds it', () => {
  const path = join(folder, 'a b', "it's new");
  const held = holdDataDir(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(path, 'run', 'sightglass.pid'), 'utf8')).toBe(`${process.pid}\n`);
  expect(held.unclean).toBe(false);
  held.release();
  expect(existsSync(join(path, 'run', 'sightglass.pid'))).toBe(false);
});

test('can be held again after it was released', () => {
  const path = join(folder, 'twice');
  holdDataDir(path).release();
  const again = holdDataDir(path);
  expect(again.unclean).toBe(false);
  again.release();
});

test('notices that the one before ended without a goodbye', () => {
  const path = join(folder, 'unclean');
  holdDataDir(path).release();
  writeFileSync(join(path, 'run', 'sightglass.pid'), '1\n');
  const held = holdDataDir(path);
  expect(held.unclean).toBe(true);
  held.release();
});

test('refuses a folder that is held, and says by whom', () => {
  const path = join(folder, 'held');
  const held = holdDataDir(path);
  expect(() => holdDataDir(path)).toThrow(
    `another Sightglass is running on ${path} (pid ${process.pid}): stop it, or set SIGHTGLASS_DATA_DIR to another folder`,
  );
  held.release();
});

test.each([
  ['a file', () => join(folder, 'file'), 'it is a file'],
  ['a path below a file', () => join(folder, 'file', 'below'), 'it is not a folder'],
  ['a place where nothing can be made', () => '/proc/sightglass', 'it cannot be made there'],
  ['an endless name', () => join(folder, 'x'.repeat(300)), 'its name is too long'],
])('refuses %s in one line', (_, path, reason) => {
  writeFileSync(join(folder, 'file'), '');
  const hold = () => holdDataDir(path());
  expect(hold).toThrow(
    `the data folder ${path()} cannot be used: ${reason}; set SIGHTGLASS_DATA_DIR to another folder`,
  );
});

test('refuses a disk that is nearly full, with figures', () => {
  const path = join(folder, 'full');
  expect(() => holdDataDir(path, () => 10 * 1024 * 1024)).toThrow(
    `the disk of the data folder ${path} has 10 MiB left, at least 256 MiB are needed`,
  );
});
