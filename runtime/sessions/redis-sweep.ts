import type { RedisClient } from './redis-client.ts';
import { indexKeys, sessionKeys } from './redis-keys.ts';
import type { Reply } from './redis-rows.ts';
import { forgetSession, notePause } from './redis-sessions.ts';
import type { Pause } from './pause.ts';
import type { Session } from './record.ts';
import type { PausedSession, SessionStore } from './store.ts';

type SweepMethods = Pick<
  SessionStore,
  'listAbandoned' | 'listPaused' | 'removeExpired' | 'listUnexported' | 'markExported'
>;

const pageSize = 200;
/** A list is written before its session: for so long it may name one that is still to come. */
const settleMs = 60_000;
/** Times are whole milliseconds but for these. */
const secondLook = '.5';

/** What reads the lists over all sessions: each member is checked against its session, and put right on the way. */
export function redisSweep(redis: RedisClient): SweepMethods {
  return {
    listAbandoned: (limit) => listAbandoned(redis, limit),
    listPaused: (limit) => listPaused(redis, limit),
    removeExpired: (limit) => removeExpired(redis, limit),
    listUnexported: (limit) => listUnexported(redis, limit),
    markExported: async (turns) => {
      const bySession = Map.groupBy(turns, ({ sessionId }) => sessionId);
      await Promise.all(
        [...bySession].map(([sessionId, own]) =>
          redis.run(
            'exported',
            sessionKeys(sessionId),
            own.map(({ turnId }) => turnId),
          ),
        ),
      );
      const members = turns.map(({ sessionId, turnId }) => JSON.stringify([sessionId, turnId]));
      if (members.length > 0) await redis.raw((commands) => commands.zrem(indexKeys.unexported, ...members));
    },
  };
}

async function listAbandoned(redis: RedisClient, limit: number): Promise<string[]> {
  const abandoned: string[] = [];
  for (let from = 0; abandoned.length < limit;) {
    const page = await readDue(redis, { key: indexKeys.open, from, limit: pageSize });
    const stay = await Promise.all(page.map(([sessionId, score]) => checkOpen(redis, sessionId, score)));
    abandoned.push(...page.filter((_, index) => stay[index] === 'abandoned').map(([sessionId]) => sessionId));
    from += stay.filter((one) => one !== 'moved').length;
    if (page.length < pageSize) break;
  }
  return abandoned.slice(0, limit);
}

/** `moved`: it is not due any more. */
async function checkOpen(
  redis: RedisClient,
  sessionId: string,
  score: string,
): Promise<'abandoned' | 'moved' | 'stays'> {
  const [open, leaseUntil, now, unexported, paused, json] = (await redis.run('check', sessionKeys(sessionId))) as [
    number,
    string,
    string,
    string[],
    Reply,
    Reply,
  ];
  // The exporter's list is written behind the session; whoever did it may have died in between.
  for (let index = 0; index + 1 < unexported.length; index += 2) {
    const member = JSON.stringify([sessionId, unexported[index]]);
    await redis.raw((commands) => commands.zadd(indexKeys.unexported, unexported[index + 1] ?? '', member));
  }
  const isHeld = open > 0 && Number(leaseUntil) > Number(now);
  const waits = open > 0 && paused !== null && json !== null;
  if (open > 0 && !isHeld && !waits) return 'abandoned';
  // Taken off the list by whoever let it go on, just when it was paused again.
  if (waits) await notePause(redis, JSON.parse(json) as Session, JSON.parse(paused) as Pause);
  // A turn may be on its way whose session is on the list already: one with nothing open is taken off at the second look only.
  const isSecondLook = score.endsWith(secondLook);
  const later = String(Number(now) + settleMs);
  const next = isHeld ? leaseUntil : waits ? later : isSecondLook ? '' : `${later}${secondLook}`;
  return (await redis.run('settle', [indexKeys.open], [sessionId, score, next])) === 1 ? 'moved' : 'stays';
}

/** The list may name too much: who lets one go on that does not wait takes it off. */
async function listPaused(redis: RedisClient, limit: number): Promise<PausedSession[]> {
  const all = await redis.raw((commands) => commands.hvals(indexKeys.paused));
  return all
    .map((json) => JSON.parse(json) as PausedSession)
    .sort((a, b) => a.pause.sinceMs - b.pause.sinceMs)
    .slice(0, limit);
}

async function removeExpired(redis: RedisClient, limit: number): Promise<number> {
  let removed = 0;
  for (const [member, score] of await readDue(redis, { key: indexKeys.expiring, from: 0, limit })) {
    const [sessionId, agent] = JSON.parse(member) as [string, string];
    const [, expires, ttl, now] = (await redis.run('find', sessionKeys(sessionId), [1])) as [
      string?,
      string?,
      number?,
      string?,
    ];
    const isGone = expires === undefined || ttl === undefined;
    // Redis itself removes sessions. One with open turns has no time to live.
    const next = isGone ? '' : String(Number(now) + (ttl < 0 ? settleMs : ttl));
    const settled = await redis.run('settle', [indexKeys.expiring], [member, score, next]);
    if (!isGone || settled !== 1) continue;
    await forgetSession(redis, sessionId, agent);
    removed += 1;
  }
  return removed;
}

async function listUnexported(redis: RedisClient, limit: number): Promise<{ sessionId: string; turnId: string }[]> {
  const found: { sessionId: string; turnId: string }[] = [];
  for (let from = 0; found.length < limit;) {
    const members = await redis.raw((commands) =>
      commands.zrange(indexKeys.unexported, String(from), String(from + pageSize - 1)),
    );
    const turns = members.map((member) => JSON.parse(member) as [string, string]);
    const answers = await Promise.all(
      turns.map(([sessionId, turnId]) => redis.run('isUnexported', sessionKeys(sessionId), [turnId])),
    );
    const gone = members.filter((_, index) => answers[index] !== 1);
    if (gone.length > 0) await redis.raw((commands) => commands.zrem(indexKeys.unexported, ...gone));
    found.push(
      ...turns.filter((_, index) => answers[index] === 1).map(([sessionId, turnId]) => ({ sessionId, turnId })),
    );
    from += members.length - gone.length;
    if (members.length < pageSize) break;
  }
  return found.slice(0, limit);
}

/** Members whose time has come, each with its score. */
async function readDue(
  redis: RedisClient,
  { key, from, limit }: { key: string; from: number; limit: number },
): Promise<[string, string][]> {
  const flat = (await redis.run('due', [key], [from, limit])) as string[];
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[index * 2] ?? '', flat[index * 2 + 1] ?? '']);
}
