import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment, repositoryDir } from './program.ts';
import type { System } from './system.ts';

const run = promisify(execFile);

/** A key as who runs the product makes it, on the command line, while it runs. */
export async function makeKey(
  system: System,
  options: { name: string; project: string; scopes: string },
): Promise<{ keyId: string; secret: string }> {
  const start = join(repositoryDir, 'server/standalone/sightglass.mjs');
  const asked = ['--name', options.name, '--project', options.project, '--scope', options.scopes, '--json'];
  const { stdout } = await run(process.execPath, [start, 'keys', 'create', ...asked], {
    cwd: system.dataDir,
    env: { ...cleanEnvironment(), SIGHTGLASS_DATA_DIR: system.dataDir },
  });
  const { key, secret } = JSON.parse(stdout) as { key: { keyId: string }; secret: string };
  return { keyId: key.keyId, secret };
}
