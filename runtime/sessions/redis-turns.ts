import { randomUUID } from 'node:crypto';
import { endUnstarted } from './kept.ts';
import type { RedisClient } from './redis-client.ts';
import { indexKeys, sessionKeys } from './redis-keys.ts';
import { damaged, readSession, readTurn } from './redis-rows.ts';
import { forgetPause, notePause } from './redis-sessions.ts';
import { type Accepted, type Claim, type Held, type SessionStore, StoreUnavailableError } from './store.ts';

type TurnMethods = Pick<
  SessionStore,
  'accept' | 'claim' | 'renew' | 'append' | 'finish' | 'release' | 'pause' | 'resume' | 'cancel'
>;

/** Turns that a script ended, each with the time, in turn. */
type Ended = readonly string[];

/** Accepting, advancing and ending turns. */
export function redisTurns(redis: RedisClient): TurnMethods {
  return {
    accept: async (sessionId, turn, { ttlMs, onBusy, queueLimit, afterTurn }) => {
      // First, so that a turn that was accepted is found by `listAbandoned` whatever happens to this process.
      await redis.run('touch', [indexKeys.open], [sessionId]);
      const reply = (await redis.run('accept', sessionKeys(sessionId), [
        ...[turn.id, turn.idempotencyKey === null ? 0 : 1, turn.idempotencyKey ?? '', turn.contentHash],
        ...[JSON.stringify(turn.input), ttlMs, onBusy, queueLimit, afterTurn ?? '', ...unstarted('supersede')],
      ])) as [string, unknown?, Ended?];
      await noteEnded(redis, sessionId, reply[2]);
      return readAccepted(sessionId, reply);
    },
    claim: async (sessionId, { owner, leaseMs }) => {
      const [fence, leaseUntil, row] = (await redis.run('claim', sessionKeys(sessionId), [
        ...[owner, leaseMs, randomUUID()],
      ])) as [string?, string?, unknown?];
      if (fence === undefined || leaseUntil === undefined) return undefined;
      await redis.raw((commands) => commands.zadd(indexKeys.open, leaseUntil, sessionId));
      const turn = readTurn(sessionId, row);
      if (turn === undefined) throw damaged(sessionId, 'the next turn');
      return { claim: { sessionId, turnId: turn.id, owner, fence: Number(fence) }, turn };
    },
    renew: async (claim, leaseMs) => {
      const [held, leaseUntil] = (await redis.run('renew', sessionKeys(claim.sessionId), [
        ...holderOf(claim),
        leaseMs,
      ])) as [Held, string?];
      if (leaseUntil !== undefined) {
        await redis.raw((commands) => commands.zadd(indexKeys.open, leaseUntil, claim.sessionId));
      }
      return held;
    },
    append: async (claim, entries, at) => {
      const rows = entries.map((entry) => JSON.stringify(entry));
      const [answer, position] = (await redis.run('append', sessionKeys(claim.sessionId), [
        ...holderOf(claim),
        at,
        ...rows,
      ])) as [string, string?];
      if (answer === 'missing')
        throw new StoreUnavailableError(`entries ${position} to ${at - 1} of the turn are missing`);
      if (answer === 'other') throw new Error(`entry ${position} of turn ${claim.turnId} is there with other content`);
      return answer === 'kept';
    },
    finish: async (claim, end) => {
      const [answer, ended, open] = (await redis.run('finish', sessionKeys(claim.sessionId), [
        ...holderOf(claim),
        end.state,
        JSON.stringify(end),
      ])) as [string, Ended?, number?];
      await noteEnded(redis, claim.sessionId, ended);
      if (open !== undefined && open > 0) await redis.run('touch', [indexKeys.open], [claim.sessionId]);
      return answer === 'ended';
    },
    release: async (claim) => {
      const released = await redis.run('release', sessionKeys(claim.sessionId), holderOf(claim));
      if (released === 1) await redis.run('touch', [indexKeys.open], [claim.sessionId]);
    },
    pause: async (claim, pause) => {
      const { sessionId } = claim;
      const session = readSession(await redis.run('find', sessionKeys(sessionId), [1]));
      if (session === undefined) return 'lost';
      // First, so that one that waits is found whatever happens to this process.
      await notePause(redis, session, pause);
      const held = await redis.run('pause', sessionKeys(sessionId), [...holderOf(claim), JSON.stringify(pause)]);
      if (held === 'cancel' || held === 'supersede') await forgetPause(redis, sessionId);
      return held as Held;
    },
    resume: async (sessionId) => {
      const resumed = (await redis.run('resume', sessionKeys(sessionId))) === 1;
      await redis.run('touch', [indexKeys.open], [sessionId]);
      await forgetPause(redis, sessionId);
      return resumed;
    },
    cancel: async (sessionId, turnId) => {
      const [count, ended] = (await redis.run('cancel', sessionKeys(sessionId), [
        ...[turnId === undefined ? 0 : 1, turnId ?? '', ...unstarted('cancel')],
      ])) as [number, Ended];
      await noteEnded(redis, sessionId, ended);
      if (count > 0) await redis.run('touch', [indexKeys.open], [sessionId]);
      return count;
    },
  };
}

function holderOf({ turnId, owner, fence }: Claim): [string, string, string] {
  return [turnId, owner, String(fence)];
}

/** State and end of turns that never began; Redis fills in the time. */
function unstarted(asked: 'cancel' | 'supersede'): [string, string] {
  const end = endUnstarted(asked, 0);
  return [end.state, JSON.stringify(end)];
}

function readAccepted(sessionId: string, [status, row]: [string, unknown?, unknown?]): Accepted {
  if (status === 'damaged') throw damaged(sessionId, 'its last turn');
  if (status !== 'accepted' && status !== 'repeated') return { status: status as 'busy' };
  const turn = readTurn(sessionId, row);
  if (turn === undefined) throw damaged(sessionId, 'a turn');
  return { status, turn };
}

/** What ends here and not there is noted by `listAbandoned`, which finds the session among those with open turns. */
async function noteEnded(redis: RedisClient, sessionId: string, ended: Ended = []): Promise<void> {
  if (ended.length === 0) return;
  const members: string[] = [];
  for (let index = 0; index + 1 < ended.length; index += 2) {
    members.push(ended[index + 1] ?? '', JSON.stringify([sessionId, ended[index]]));
  }
  await redis.raw((commands) => commands.zadd(indexKeys.unexported, ...members));
}
