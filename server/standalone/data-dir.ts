import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from './start-error.ts';

/** The data folder, held by this process alone until `release` or its death. */
export interface HeldDataDir {
  path: string;
  /** The one before did not say goodbye: its programs may still be draining for some seconds. */
  unclean: boolean;
  release(): void;
}

/** Another Sightglass has the data folder. */
export class DataDirHeldError extends StartError {}

/** Less than this and ClickHouse could not even write its first parts. */
const minFreeBytes = 256 * 1024 * 1024;

/**
 * Makes the data folder if it is not there (readable by this user only: it holds conversations) and takes hold of it.
 * The hold is a file lock of the operating system, so it ends with the process however that ends.
 * Throws a StartError when the folder cannot be used, a DataDirHeldError when another Sightglass has it.
 */
export function holdDataDir(path: string, measureFree: (path: string) => number = measureFreeBytes): HeldDataDir {
  const run = join(path, 'run');
  makeFolder(path, run);
  refuseFullDisk(path, measureFree(path));
  const lock = new DatabaseSync(join(run, 'lock'), { timeout: 0 });
  const pidFile = join(run, 'sightglass.pid');
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw new StartError(`the data folder ${path} cannot be locked: ${String(error)}`);
    const pid = readPid(pidFile);
    const who = pid === undefined ? '' : ` (pid ${pid})`;
    throw new DataDirHeldError(
      `another Sightglass is running on ${path}${who}: stop it, or set SIGHTGLASS_DATA_DIR to another folder`,
    );
  }
  const unclean = readPid(pidFile) !== undefined;
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    path,
    unclean,
    release: () => {
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function makeFolder(path: string, run: string): void {
  try {
    makeFolders(run);
    chmodSync(run, 0o700);
    const probe = join(path, '.writable');
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw refuseFolder(path, error);
  }
}

/** One by one: Node's recursive form never returns where the system says ENOENT for a parent that exists, as in /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission to write in it',
  EPERM: 'no permission to write in it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk quota is used up',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'a file is in the way',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'it cannot be made there',
};

/** One line of what the file system said about the data folder or what is in it. */
export function refuseFolder(path: string, error: unknown): StartError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reason = isFile(path) ? 'it is a file' : (reasons[code] ?? message);
  return new StartError(`the data folder ${path} cannot be used: ${reason}; set SIGHTGLASS_DATA_DIR to another folder`);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function measureFreeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function refuseFullDisk(path: string, freeBytes: number): void {
  if (freeBytes >= minFreeBytes) return;
  const [free, needed] = [freeBytes, minFreeBytes].map((bytes) => Math.floor(bytes / 1024 / 1024));
  throw new StartError(
    `the disk of the data folder ${path} has ${free ?? 0} MiB left, at least ${needed ?? 0} MiB are needed: make room, or set SIGHTGLASS_DATA_DIR to another folder`,
  );
}

function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === 5; // SQLITE_BUSY
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
