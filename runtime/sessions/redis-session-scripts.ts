import { exportGraceMs } from './kept.ts';

/**
 * What the scripts of one session share. Its keys: a hash of the session and its lease; a hash of its turns, fields `NUMBER:name`
 * and the two ways to find a number, `id=…` and `key=…`; a hash of entries, `NUMBER:POSITION`; the open turns; the turns to
 * export. JSON is never decoded here: Lua has one kind of table for `[]` and `{}`, and no large integers.
 */
const session = `
local meta, turns, entries, open, unexported = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]
local now = math.floor(nowUs / 1000)
-- Lua writes large numbers as 1.7e+12.
local function int(number) return string.format('%.0f', number) end
local function number(name) return tonumber(redis.call('HGET', meta, name) or 0) end
local function turn(n, name) return redis.call('HGET', turns, n .. ':' .. name) or false end
local function exists() return redis.call('EXISTS', meta) == 1 end
local function isAlive() return exists() and (number('expires') > now or redis.call('ZCARD', open) > 0) end

-- A session with open turns never expires, one with turns to export later.
local function keepAsLongAsNeeded()
  local at = number('expires')
  if redis.call('ZCARD', unexported) > 0 then at = at + ${exportGraceMs} end
  local isOpen = redis.call('ZCARD', open) > 0
  for _, key in ipairs(KEYS) do
    if isOpen then redis.call('PERSIST', key) else redis.call('PEXPIREAT', key, int(at)) end
  end
end

local function readTurn(n)
  local reply = redis.call('HMGET', turns, n .. ':id', n .. ':state', n .. ':accepted', n .. ':started', n .. ':key',
    n .. ':hash', n .. ':input', n .. ':end', n .. ':claims', n .. ':count')
  table.insert(reply, 1, n)
  for position = 0, tonumber(reply[11] or 0) - 1 do
    reply[12 + position] = redis.call('HGET', entries, n .. ':' .. position)
  end
  return reply
end

local function heldTurn(turnId, owner, fence)
  local lease = redis.call('HMGET', meta, 'leaseId', 'leaseOwner', 'fence', 'leaseUntil', 'leaseTurn')
  if lease[1] == turnId and lease[2] == owner and lease[3] == fence and tonumber(lease[4]) > now then return lease[5] end
  return nil
end

local function dropLease()
  redis.call('HDEL', meta, 'leaseTurn', 'leaseId', 'leaseOwner', 'leaseUntil', 'leaseToken')
end

local ended = {}
local function endTurn(n, state, result)
  local id = turn(n, 'id')
  local at = int(nowUs + #ended)
  redis.call('HSET', turns, n .. ':state', state, n .. ':end', result)
  redis.call('ZREM', open, n)
  redis.call('ZADD', unexported, at, id)
  ended[#ended + 1] = id
  ended[#ended + 1] = at
end

-- Ends a turn that waits; of one that runs, whoever runs it is told. The template ends with the time, as 0.
local function ask(n, what, state, template)
  if turn(n, 'state') == 'waiting' then
    endTurn(n, state, string.sub(template, 1, -3) .. int(now) .. '}')
  elseif turn(n, 'asked') ~= 'cancel' then
    redis.call('HSET', turns, n .. ':asked', what)
  end
  -- Whoever goes on with a turn that waits ends it.
  if turn(n, 'state') == 'running' then redis.call('HDEL', meta, 'paused') end
end
`;

/** Changes come with the time until which they may happen: one that was stuck for longer was reported as failed. */
export const lateError = 'SGLATE';
export const notLate = `if now > tonumber(ARGV[#ARGV]) then return redis.error_reply('${lateError} too late') end\n`;

const create = `
local there = redis.call('HGET', meta, 'json')
if there then return there == ARGV[1] and 1 or 0 end
redis.call('HSET', meta, 'json', ARGV[1], 'expires', ARGV[2])
keepAsLongAsNeeded()
return 1`;

/** ARGV: 1 if one that expired counts. */
const find = `
if ARGV[1] == '1' and exists() or isAlive() then
  return { redis.call('HGET', meta, 'json'), redis.call('HGET', meta, 'expires'), redis.call('PTTL', meta), int(now),
    redis.call('HGET', meta, 'paused') }
end
return {}`;

const list = `
return { redis.call('HGET', meta, 'last'), redis.call('HGETALL', turns), redis.call('HGETALL', entries) }`;

const findTurn = `
local n = redis.call('HGET', turns, 'id=' .. ARGV[1])
if n then return readTurn(n) end
return {}`;

const remove = `
local json = redis.call('HGET', meta, 'json')
local gone = redis.call('ZRANGE', unexported, 0, -1)
redis.call('UNLINK', unpack(KEYS))
return { json, gone }`;

/** ARGV: id, 1 if there is a key, key, hash, input, ttl, onBusy, queue limit, after turn or '', state and template of those that wait. */
const accept = `
if not isAlive() then return { 'not_found' } end
local known = redis.call('HGET', turns, 'id=' .. ARGV[1])
if known then return { 'accepted', readTurn(known), ended } end
if ARGV[2] == '1' then
  local same = redis.call('HGET', turns, 'key=' .. ARGV[3])
  if same and turn(same, 'hash') == ARGV[4] then return { 'repeated', readTurn(same), ended } end
  if same then return { 'key_reused' } end
end
local last = number('last')
if last > 0 and not turn(last, 'id') then return { 'damaged' } end
if ARGV[9] ~= '' and last > tonumber(ARGV[9]) then return { 'stale' } end
local count = redis.call('ZCARD', open)
if count > 0 and ARGV[7] == 'reject' then return { 'busy' } end
if ARGV[7] == 'queue' and count > tonumber(ARGV[8]) then return { 'queue_full' } end
if ARGV[7] == 'interrupt' then
  for _, n in ipairs(redis.call('ZRANGE', open, 0, -1)) do ask(n, 'supersede', ARGV[10], ARGV[11]) end
end
local n = int(last + 1)
redis.call('HSET', turns, 'id=' .. ARGV[1], n, n .. ':id', ARGV[1], n .. ':state', 'waiting', n .. ':accepted', int(now),
  n .. ':hash', ARGV[4], n .. ':input', ARGV[5])
if ARGV[2] == '1' then redis.call('HSET', turns, 'key=' .. ARGV[3], n, n .. ':key', ARGV[3]) end
redis.call('ZADD', open, n, n)
redis.call('HSET', meta, 'last', n, 'ttl', ARGV[6], 'expires', int(now + tonumber(ARGV[6])))
keepAsLongAsNeeded()
return { 'accepted', readTurn(n), ended }`;

/** ARGV: owner, length of the lease, a token that only this call has: repeated, it answers the same. */
const claim = `
local heldUntil = number('leaseUntil')
if heldUntil > now then
  if redis.call('HGET', meta, 'leaseToken') ~= ARGV[3] then return {} end
  return { redis.call('HGET', meta, 'fence'), int(heldUntil), readTurn(redis.call('HGET', meta, 'leaseTurn')) }
end
local n = redis.call('ZRANGE', open, 0, 0)[1]
if not n or not exists() or redis.call('HEXISTS', meta, 'paused') == 1 then return {} end
-- Also larger than one that was given before Redis lost its last second, or before the session was deleted.
local fence = int(math.max(number('fence') + 1, nowUs))
local leaseUntil = int(now + tonumber(ARGV[2]))
redis.call('HSET', meta, 'fence', fence, 'leaseTurn', n, 'leaseId', turn(n, 'id'), 'leaseOwner', ARGV[1],
  'leaseUntil', leaseUntil, 'leaseToken', ARGV[3])
redis.call('HSET', turns, n .. ':state', 'running')
redis.call('HSETNX', turns, n .. ':started', int(now))
redis.call('HINCRBY', turns, n .. ':claims', 1)
return { fence, leaseUntil, readTurn(n) }`;

/** ARGV of what a holder does: turn, owner, fence, then its own. */
const renew = `
local n = heldTurn(ARGV[1], ARGV[2], ARGV[3])
if not n then return { 'lost' } end
local leaseUntil = int(now + tonumber(ARGV[4]))
redis.call('HSET', meta, 'leaseUntil', leaseUntil)
return { turn(n, 'asked') or 'held', leaseUntil }`;

/** ARGV: …, position, entries, and the time limit last. */
const append = `
local n = heldTurn(ARGV[1], ARGV[2], ARGV[3])
if not n then return { 'lost' } end
local at, count = tonumber(ARGV[4]), tonumber(turn(n, 'count') or 0)
if at > count then return { 'missing', int(count) } end
local size = #ARGV - 5
for index = 0, math.min(size, count - at) - 1 do
  if redis.call('HGET', entries, n .. ':' .. int(at + index)) ~= ARGV[5 + index] then return { 'other', int(at + index) } end
end
for index = count - at, size - 1 do
  redis.call('HSET', entries, n .. ':' .. int(at + index), ARGV[5 + index])
end
redis.call('HSET', turns, n .. ':count', int(math.max(count, at + size)))
return { 'kept' }`;

/** ARGV: …, state, result. */
const finish = `
local n = heldTurn(ARGV[1], ARGV[2], ARGV[3])
if not n then
  -- Ended by this very claim, with a call that seemed to fail?
  local known = redis.call('HGET', turns, 'id=' .. ARGV[1])
  if known and turn(known, 'by') == ARGV[3] then return { 'ended', {} } end
  return { 'lost' }
end
endTurn(n, ARGV[4], ARGV[5])
redis.call('HSET', turns, n .. ':by', ARGV[3])
dropLease()
redis.call('HSET', meta, 'expires', int(math.max(number('expires'), now + number('ttl'))))
keepAsLongAsNeeded()
return { 'ended', ended, redis.call('ZCARD', open) }`;

const release = `
if not heldTurn(ARGV[1], ARGV[2], ARGV[3]) then return 0 end
dropLease()
return 1`;

/** ARGV: …, JSON of the pause. */
const pause = `
local n = heldTurn(ARGV[1], ARGV[2], ARGV[3])
if not n then
  -- By this very claim, with a call that seemed to fail?
  local isOwn = redis.call('HGET', meta, 'fence') == ARGV[3] and redis.call('HEXISTS', meta, 'paused') == 1
  return isOwn and 'held' or 'lost'
end
local asked = turn(n, 'asked')
if asked then return asked end
dropLease()
redis.call('HSET', meta, 'paused', ARGV[4])
return 'held'`;

const resume = `return redis.call('HDEL', meta, 'paused')`;

/** ARGV: 1 if one turn is named, its id, state and template of those that wait. */
const cancel = `
local count = 0
for _, n in ipairs(redis.call('ZRANGE', open, 0, -1)) do
  if ARGV[1] == '0' or turn(n, 'id') == ARGV[2] then
    ask(n, 'cancel', ARGV[3], ARGV[4])
    count = count + 1
  end
end
if count > 0 then keepAsLongAsNeeded() end
return { count, ended }`;

/** What an index may have wrong about the session. */
const check = `
return { redis.call('ZCARD', open), int(number('leaseUntil')), int(now), redis.call('ZRANGE', unexported, 0, -1, 'WITHSCORES'),
  redis.call('HGET', meta, 'paused'), redis.call('HGET', meta, 'json') }`;

/** ARGV: turns. */
const exported = `
for index = 1, #ARGV - 1 do redis.call('ZREM', unexported, ARGV[index]) end
if exists() then keepAsLongAsNeeded() end
return 1`;

const isUnexported = `return redis.call('ZSCORE', unexported, ARGV[1]) and 1 or 0`;

/** Of one session, each one atomic. `isRefusedLate`: it comes with a time limit as its last argument. */
export const sessionScripts = {
  create: { lua: session + notLate + create, keys: 5, isRefusedLate: true },
  find: { lua: session + find, keys: 5, isRefusedLate: false },
  list: { lua: session + list, keys: 5, isRefusedLate: false },
  findTurn: { lua: session + findTurn, keys: 5, isRefusedLate: false },
  remove: { lua: session + notLate + remove, keys: 5, isRefusedLate: true },
  accept: { lua: session + notLate + accept, keys: 5, isRefusedLate: true },
  claim: { lua: session + notLate + claim, keys: 5, isRefusedLate: true },
  renew: { lua: session + notLate + renew, keys: 5, isRefusedLate: true },
  append: { lua: session + notLate + append, keys: 5, isRefusedLate: true },
  finish: { lua: session + notLate + finish, keys: 5, isRefusedLate: true },
  release: { lua: session + notLate + release, keys: 5, isRefusedLate: true },
  pause: { lua: session + notLate + pause, keys: 5, isRefusedLate: true },
  resume: { lua: session + notLate + resume, keys: 5, isRefusedLate: true },
  cancel: { lua: session + notLate + cancel, keys: 5, isRefusedLate: true },
  check: { lua: session + check, keys: 5, isRefusedLate: false },
  exported: { lua: session + notLate + exported, keys: 5, isRefusedLate: true },
  isUnexported: { lua: session + isUnexported, keys: 5, isRefusedLate: false },
} as const;
