import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { syncFolder } from './segment-folder.ts';

/** How far the replay of the spool has come. */
export interface SpoolPosition {
  segment: number;
  /** Everything before this byte is done with. */
  from: number;
  /** Up to here an insert was begun; what became of it is not known until `from` has passed it. */
  to: number;
  /** Goes into the token of that insert. */
  generation: number;
  /** When the ClickHouse it went to had started; null where that is not known. */
  serverStartedMs: number | null;
}

const schema = z.object({
  segment: z.int().nonnegative(),
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
  generation: z.int().nonnegative(),
  serverStartedMs: z.number().nullable(),
});
const fileName = 'position.json';

/** Undefined where there is none, or none that can be read: then the replay begins anew, and what is stored twice is read once. */
export async function readPosition(folder: string): Promise<SpoolPosition | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, fileName), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Durable when it resolves; the file is the old one or the new one, never half of it. */
export async function writePosition(folder: string, position: SpoolPosition): Promise<void> {
  const path = join(folder, fileName);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(position));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(folder);
}
