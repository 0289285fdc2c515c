import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { loadAgents } from './definition/load-agents.ts';
import type { SessionStore } from './sessions/store.ts';

/** The definition files have faults: one line each. */
class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}

/**
 * Deploys the agents of the folder that were never deployed; one whose file says something else than what is deployed is named in
 * the log and stays as it is: `sightglass agents deploy` decides. Throws with a line for every fault.
 */
export async function deployNew({
  store,
  config,
  log,
}: {
  store: SessionStore;
  config: Config;
  log: Pick<Logger, 'info' | 'warn'>;
}): Promise<void> {
  const loaded = loadAgents([config.agentsDir], config.environment);
  if ('faults' in loaded) throw new DefinitionError(loaded.faults.join('\n'));
  for (const { definition, source, hash, revision } of loaded.agents) {
    const deployed = await store.findDeployed(definition.name);
    if (deployed === undefined) {
      await store.deploy({ agent: definition.name, revision, hash, definition: source, registeredMs: Date.now() });
      log.info({ revision }, 'deployed');
    } else if (deployed.hash !== hash) {
      log.warn(
        { deployed: deployed.revision, file: revision },
        'the file differs from what is deployed: sightglass agents deploy',
      );
    }
  }
}
