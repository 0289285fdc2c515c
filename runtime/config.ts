import { join } from 'node:path';

/** What the runtime's commands know of their environment. */
export type CommandConfig = Readonly<{
  /** Definition files, where no path is given. */
  agentsDir: string;
  /** Where references of definitions are found. */
  environment: NodeJS.ProcessEnv;
}>;

const samplesDir = join(import.meta.dirname, 'examples');

/** An empty variable counts as absent. */
export function loadCommandConfig(env: NodeJS.ProcessEnv = process.env): CommandConfig {
  const named = env['SIGHTGLASS_AGENTS_DIR'] ?? '';
  return Object.freeze({ agentsDir: named === '' ? samplesDir : named, environment: env });
}
