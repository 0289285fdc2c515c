import { RedisClient } from './redis-client.ts';
import { redisPlaces } from './redis-places.ts';
import { redisRates } from './redis-rates.ts';
import { redisCalls, redisRegistry } from './redis-registry.ts';
import { redisScripts } from './redis-scripts.ts';
import { redisSessions } from './redis-sessions.ts';
import { redisSweep } from './redis-sweep.ts';
import { redisTurns } from './redis-turns.ts';
import type { SessionStore } from './store.ts';

/**
 * Sessions in Redis: for several machines. Every step is one script, leases and expiry go by Redis's clock. Throws a
 * StoreUnavailableError when there is no Redis that can be used; `warnings` say what it may lose.
 */
export async function openRedisStore(url: string): Promise<{ store: SessionStore; warnings: string[] }> {
  const redis = new RedisClient(url, redisScripts);
  const warnings = await redis.connect();
  const store: SessionStore = {
    ...redisSessions(redis),
    ...redisTurns(redis),
    ...redisSweep(redis),
    ...redisPlaces(redis),
    ...redisRates(redis),
    ...redisCalls(redis),
    ...redisRegistry(redis),
    ping: async () => {
      await redis.raw((commands) => commands.ping());
    },
    close: () => redis.close(),
  };
  return { store, warnings };
}
