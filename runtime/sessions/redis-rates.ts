import type { RedisClient } from './redis-client.ts';
import { ratesKey } from './redis-keys.ts';
import type { SessionStore } from './store.ts';

/** How much the model calls of an agent are in a minute. */
export function redisRates(redis: RedisClient): Pick<SessionStore, 'takeRate' | 'correctRate'> {
  return {
    takeRate: async (agent, { requestsPerMinute, tokensPerMinute, tokens }) => {
      const wanted = Math.min(tokens, tokensPerMinute ?? tokens);
      const limits = [requestsPerMinute ?? -1, tokensPerMinute ?? -1];
      const reply = (await redis.run('takeRate', [ratesKey(agent)], [...limits, wanted])) as [number, number];
      const [place, number] = reply;
      if (place === 0) return { status: 'taken', second: number, tokens: wanted };
      return { status: 'full', limit: place === 2 ? 'tokensPerMinute' : 'requestsPerMinute', waitMs: number };
    },
    correctRate: async (agent, { second, requests, tokens }) => {
      await redis.run('correctRate', [ratesKey(agent)], [second, requests, tokens]);
    },
  };
}
