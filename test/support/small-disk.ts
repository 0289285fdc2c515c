import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from './temp-dir.ts';

/** A folder on a disk of its own, so that it can be full. */
export interface SmallDisk {
  path: string;
  /** Takes every byte that is left. */
  fill(): void;
  /** Gives them back. */
  empty(): void;
  remove(): void;
}

/** In memory; undefined where this user may not mount anything. */
export function mountSmallDisk(name: string, mebibytes: number): SmallDisk | undefined {
  const dir = makeTempDir(name);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', dir.path], { stdio: 'ignore' });
  } catch {
    dir.remove();
    return undefined;
  }
  const filler = join(dir.path, 'filler');
  return {
    path: dir.path,
    fill: () => {
      fillFile(filler);
    },
    empty: () => {
      rmSync(filler, { force: true });
    },
    remove: () => {
      execFileSync('umount', ['-l', dir.path]);
      dir.remove();
    },
  };
}

function fillFile(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const chunk of [Buffer.alloc(1024 * 1024), Buffer.alloc(4096)]) writeUntilFull(file, chunk);
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) === chunk.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
