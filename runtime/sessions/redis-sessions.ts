import type { Pause } from './pause.ts';
import type { Session } from './record.ts';
import type { RedisClient } from './redis-client.ts';
import { indexKeys, sessionKeys } from './redis-keys.ts';
import { readSession, readTurn, readTurns, type Reply } from './redis-rows.ts';
import type { PausedSession, SessionStore } from './store.ts';

type SessionMethods = Pick<
  SessionStore,
  'createSession' | 'findSession' | 'listTurns' | 'findTurn' | 'listSessions' | 'deleteSession'
>;

const pageSize = 100;

/** Sessions as a whole. */
export function redisSessions(redis: RedisClient): SessionMethods {
  return {
    createSession: async (session) => {
      const { id, agent, createdMs, expiresMs } = session;
      const lists = [indexKeys.created, indexKeys.createdOf(agent)];
      const isFirst = await redis.run(
        'announce',
        [...lists, indexKeys.expiring],
        [id, JSON.stringify([id, agent]), createdMs, expiresMs],
      );
      const isNew = await redis.run('create', sessionKeys(id), [JSON.stringify(session), expiresMs]);
      if (isNew !== 1) throw new Error(`session ${id} exists`);
      if (isFirst === 1) return;
      await redis.raw((commands) => Promise.all(lists.map((key) => commands.zadd(key, createdMs, id))));
    },
    findSession: async (sessionId, { evenExpired = false } = {}) =>
      readSession(await redis.run('find', sessionKeys(sessionId), [evenExpired ? 1 : 0])),
    listTurns: async (sessionId) => readTurns(sessionId, await redis.run('list', sessionKeys(sessionId))),
    findTurn: async (sessionId, turnId) =>
      readTurn(sessionId, await redis.run('findTurn', sessionKeys(sessionId), [turnId])),
    listSessions: ({ agent, limit }) => listSessions(redis, agent, limit),
    deleteSession: async (sessionId) => {
      const [json, unexported] = (await redis.run('remove', sessionKeys(sessionId))) as [Reply, string[]];
      if (json === null) return false;
      const { agent } = JSON.parse(json) as Session;
      const turns = unexported.map((turnId) => JSON.stringify([sessionId, turnId]));
      if (turns.length > 0) await redis.raw((commands) => commands.zrem(indexKeys.unexported, ...turns));
      await redis.raw((commands) => commands.zrem(indexKeys.expiring, JSON.stringify([sessionId, agent])));
      await forgetPause(redis, sessionId);
      await forgetSession(redis, sessionId, agent);
      return true;
    },
  };
}

/** Takes a session that is gone off the lists of sessions. */
export async function forgetSession(redis: RedisClient, sessionId: string, agent: string): Promise<void> {
  await redis.raw((commands) =>
    Promise.all([commands.zrem(indexKeys.created, sessionId), commands.zrem(indexKeys.createdOf(agent), sessionId)]),
  );
}

/** Puts a session on the list of those that wait. */
export async function notePause(redis: RedisClient, { id, agent, project }: Session, pause: Pause): Promise<void> {
  const paused: PausedSession = { sessionId: id, agent, project, pause };
  await redis.raw((commands) => commands.hset(indexKeys.paused, id, JSON.stringify(paused)));
}

/** Takes it off. */
export async function forgetPause(redis: RedisClient, sessionId: string): Promise<void> {
  await redis.raw((commands) => commands.hdel(indexKeys.paused, sessionId));
}

async function listSessions(redis: RedisClient, agent: string | undefined, limit: number): Promise<Session[]> {
  const key = agent === undefined ? indexKeys.created : indexKeys.createdOf(agent);
  const found: Session[] = [];
  for (let from = 0; found.length < limit; from += pageSize) {
    const ids = await redis.raw((commands) => commands.zrevrange(key, from, from + pageSize - 1));
    const replies = await Promise.all(ids.map((id) => redis.run('find', sessionKeys(id), [0])));
    found.push(...replies.map(readSession).filter((session) => session !== undefined));
    if (ids.length < pageSize) break;
  }
  return found.slice(0, limit);
}
