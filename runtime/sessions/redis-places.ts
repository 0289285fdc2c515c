import type { RedisClient } from './redis-client.ts';
import { placesKey } from './redis-keys.ts';
import type { SessionStore } from './store.ts';

/** How many sessions of an agent run at a time. */
export function redisPlaces(redis: RedisClient): Pick<SessionStore, 'takePlace' | 'freePlace'> {
  return {
    takePlace: async (agent, { sessionId, limit, leaseMs }) =>
      (await redis.run('takePlace', [placesKey(agent)], [sessionId, limit, leaseMs])) === 1,
    freePlace: async (agent, sessionId) => {
      await redis.raw((commands) => commands.zrem(placesKey(agent), sessionId));
    },
  };
}
