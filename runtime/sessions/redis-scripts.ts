import { callLimit, deploymentLimit } from './kept.ts';
import { secondsCounted } from './rate-window.ts';
import { notLate, sessionScripts } from './redis-session-scripts.ts';

const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function int(number) return string.format('%.0f', number) end
`;

/** Of the lists of sessions, ARGV: id, `[id, agent]`, created, expires. 0: an older session of this id is still on them. */
const announce = `
redis.call('ZADD', KEYS[3], 'NX', ARGV[4], ARGV[2])
return redis.call('ZADD', KEYS[1], 'NX', ARGV[3], ARGV[1]) * redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[1])`;

/** Of one list over all sessions. ARGV: member. */
const touch = `redis.call('ZADD', KEYS[1], int(now), ARGV[1]) return 1`;

/** ARGV: offset, limit. */
const due = `return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'WITHSCORES', 'LIMIT', ARGV[1], ARGV[2])`;

/** Moves a member on, or takes it off without a new score, unless someone else has touched it. ARGV: member, old score, new score or ''. */
const settle = `
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then return redis.call('ZREM', KEYS[1], ARGV[1]) end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1`;

const keepCall = `
if redis.call('HLEN', KEYS[1]) >= ${callLimit} and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), ARGV[1])
end
return 1`;

const removeCalls = `
for _, id in ipairs(ARGV) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
return 1`;

const listCalls = `
local found = {}
for index, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, ARGV[1] - 1)) do found[index] = redis.call('HGET', KEYS[1], id) end
return found`;

const point = `
local revisions, deployed, own, deployments = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local function pointTo(agent, revision)
  local previous = redis.call('HGET', deployed, agent)
  if previous == revision then return redis.call('LINDEX', deployments, 0) end
  local json = cjson.encode({ agent = agent, revision = revision, previous = previous or cjson.null, deployedMs = now })
  redis.call('HSET', deployed, agent, revision)
  redis.call('LPUSH', deployments, json)
  redis.call('LTRIM', deployments, 0, ${deploymentLimit - 1})
  return json
end
`;

/** ARGV: agent, revision, JSON of the revision. */
const deploy = `
if redis.call('HSETNX', revisions, ARGV[2], ARGV[3]) == 1 then redis.call('LPUSH', own, ARGV[2]) end
return pointTo(ARGV[1], ARGV[2])`;

/** ARGV: agent, revision. */
const moveAlias = `
if redis.call('LPOS', own, ARGV[2]) == false then return false end
return pointTo(ARGV[1], ARGV[2])`;

/** Session, limit, milliseconds: 1 if the session has one of the places. */
const takePlace = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local has = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not has and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], 2 * tonumber(ARGV[3]))
return 1`;

/** As `rate-window.ts`: `{ second, requests, tokens }` of each second that counts. */
const rateWindow = `
local second = math.floor(now / 1000)
local buckets = {}
local json = redis.call('GET', KEYS[1])
for _, one in ipairs(json and cjson.decode(json) or {}) do
  if one[1] > second - ${secondsCounted} and one[1] <= second + 1 then buckets[#buckets + 1] = one end
end
local function keep() redis.call('SET', KEYS[1], cjson.encode(buckets), 'PX', ${2 * secondsCounted * 1000}) end
`;

/** ARGV: limits of calls and tokens, -1 for none; tokens. 0 and the second; or which limit is full, and milliseconds. */
const takeRate = `
local function findWait(place, wanted, limit)
  if limit < 0 then return 0 end
  local surplus, wait = wanted - limit, 0
  for _, one in ipairs(buckets) do surplus = surplus + one[place] end
  for _, one in ipairs(buckets) do
    if surplus <= 0 then return wait end
    surplus = surplus - one[place]
    wait = (one[1] + ${secondsCounted}) * 1000 - now
  end
  return wait
end
local tokens = tonumber(ARGV[3])
local ofRequests, ofTokens = findWait(2, 1, tonumber(ARGV[1])), findWait(3, tokens, tonumber(ARGV[2]))
if ofTokens > ofRequests then return { 2, ofTokens } end
if ofRequests > 0 then return { 1, ofRequests } end
local last = buckets[#buckets]
if not last or last[1] < second then
  last = { second, 0, 0 }
  buckets[#buckets + 1] = last
end
last[2], last[3] = last[2] + 1, last[3] + tokens
keep()
return { 0, last[1] }`;

/** ARGV: second, calls and tokens to add. */
const correctRate = `
for _, one in ipairs(buckets) do
  if one[1] == tonumber(ARGV[1]) then
    one[2], one[3] = math.max(0, one[2] + tonumber(ARGV[2])), math.max(0, one[3] + tonumber(ARGV[3]))
    keep()
  end
end
return 1`;

/** All that is done in Redis, each one atomic. */
export const redisScripts = {
  ...sessionScripts,
  announce: { lua: announce, keys: 3, isRefusedLate: false },
  touch: { lua: clock + touch, keys: 1, isRefusedLate: false },
  due: { lua: clock + due, keys: 1, isRefusedLate: false },
  settle: { lua: settle, keys: 1, isRefusedLate: false },
  keepCall: { lua: keepCall, keys: 3, isRefusedLate: false },
  removeCalls: { lua: removeCalls, keys: 3, isRefusedLate: false },
  listCalls: { lua: listCalls, keys: 3, isRefusedLate: false },
  takePlace: { lua: clock + takePlace, keys: 1, isRefusedLate: false },
  takeRate: { lua: clock + rateWindow + takeRate, keys: 1, isRefusedLate: false },
  correctRate: { lua: clock + rateWindow + correctRate, keys: 1, isRefusedLate: false },
  deploy: { lua: clock + notLate + point + deploy, keys: 4, isRefusedLate: true },
  moveAlias: { lua: clock + notLate + point + moveAlias, keys: 4, isRefusedLate: true },
} as const;

export type ScriptName = keyof typeof redisScripts;
