import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why the spool cannot be used, in one line. */
export class SpoolError extends Error {}

/** A collector that was told to end has ended by then. */
const waitMs = 12_000;
const pollMs = 100;

/**
 * Takes hold of a folder for this process alone: a lock of the operating system, which ends with the process however that
 * ends. Waits for one that is just ending.
 * @throws SpoolError
 */
export async function lockSpool(path: string, patienceMs: number = waitMs): Promise<{ release: () => void }> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return { release: () => lock.close() };
    if (performance.now() > deadline) {
      throw new SpoolError(
        `another collector uses the spool ${path}: stop it, or set SIGHTGLASS_DATA_DIR to another folder`,
      );
    }
    await sleep(pollMs);
  }
}

function tryLock(path: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(join(path, 'lock'), { timeout: 0 });
    // Without a journal: it must be possible on a full disk.
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if ((error as { errcode?: number }).errcode === 5) return undefined; // SQLITE_BUSY
    const reason = error instanceof Error ? error.message : String(error);
    throw new SpoolError(`the spool ${path} cannot be used: ${reason}; set SIGHTGLASS_DATA_DIR to another folder`);
  }
}
