import { refuseCall } from './kept.ts';
import type { GatewayCall } from './record.ts';
import type { RedisClient } from './redis-client.ts';
import { callKeys, registryKeys } from './redis-keys.ts';
import type { Reply } from './redis-rows.ts';
import type { Deployment, Revision, SessionStore } from './store.ts';

type RegistryMethods = Pick<
  SessionStore,
  'deploy' | 'moveAlias' | 'findDeployed' | 'findRevision' | 'listDeployed' | 'listRevisions' | 'listDeployments'
>;
type CallMethods = Pick<SessionStore, 'keepCall' | 'listCalls' | 'removeCalls'>;

const [revisionsKey = '', deployedKey = ''] = registryKeys('');

/** Registered definitions, and which of them the aliases point to. */
export function redisRegistry(redis: RedisClient): RegistryMethods {
  const readRevisions = async (names: readonly string[]): Promise<Revision[]> => {
    if (names.length === 0) return [];
    const rows = await redis.raw((commands) => commands.hmget(revisionsKey, ...names));
    return rows.filter((row) => row !== null).map((row) => JSON.parse(row) as Revision);
  };
  return {
    deploy: async (revision) => {
      const { agent, hash, definition, registeredMs } = revision;
      const json = JSON.stringify({ agent, revision: revision.revision, hash, definition, registeredMs });
      const reply = await redis.run('deploy', registryKeys(agent), [agent, revision.revision, json]);
      return JSON.parse(reply as string) as Deployment;
    },
    moveAlias: async (agent, revision) => {
      const reply = (await redis.run('moveAlias', registryKeys(agent), [agent, revision])) as Reply;
      return reply === null ? undefined : (JSON.parse(reply) as Deployment);
    },
    findDeployed: async (agent) => {
      const revision = await redis.raw((commands) => commands.hget(deployedKey, agent));
      return revision === null ? undefined : (await readRevisions([revision]))[0];
    },
    findRevision: async (revision) => (await readRevisions([revision]))[0],
    listDeployed: async () => {
      const deployed = await redis.raw((commands) => commands.hgetall(deployedKey));
      const agents = Object.keys(deployed).sort();
      return readRevisions(agents.map((agent) => deployed[agent] ?? ''));
    },
    listRevisions: async (agent) => {
      const [, , ownKey = ''] = registryKeys(agent);
      return readRevisions(await redis.raw((commands) => commands.lrange(ownKey, 0, -1)));
    },
    listDeployments: async (agent) => {
      const [, , , deploymentsKey = ''] = registryKeys(agent);
      const rows = await redis.raw((commands) => commands.lrange(deploymentsKey, 0, -1));
      return rows.map((row) => JSON.parse(row) as Deployment);
    },
  };
}

/** Calls of the gateway whose spans are to be exported. */
export function redisCalls(redis: RedisClient): CallMethods {
  return {
    keepCall: async (call) => {
      if ((await redis.run('keepCall', callKeys, [call.id, JSON.stringify(call)])) !== 1) throw refuseCall(call);
    },
    listCalls: async (limit) =>
      ((await redis.run('listCalls', callKeys, [limit])) as string[]).map((row) => JSON.parse(row) as GatewayCall),
    removeCalls: async (ids) => {
      if (ids.length > 0) await redis.run('removeCalls', callKeys, ids);
    },
  };
}
