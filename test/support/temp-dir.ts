import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder under the system's temporary folder; `remove` deletes it with all that is in it. */
export function makeTempDir(name: string): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `sightglass-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}
