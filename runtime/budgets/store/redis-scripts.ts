import { notLate } from '../../sessions/redis-session-scripts.ts';
import {
  accountLimit,
  callLimit,
  clockDoubtMs,
  dueLimit,
  idleAccountMs,
  lateSettleMs,
  longestCountMs,
} from './kept.ts';

/**
 * Of one project. Its keys: what accounts have spent and as of when, what is reserved and pending, the accounts by when they were
 * used; calls as JSON, when each is to be looked at again, and those that wait for the ledger by when it was asked for them;
 * what accounts last refused.
 * Amounts are nano-dollars as text: Redis adds them as 64-bit integers, Lua would round them.
 */
const project = `
local spent, asOf, reserved, pending, used = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local calls, due, asked, refused = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Lua writes large numbers as 1.7e+12.
local function int(number) return string.format('%.0f', number) end

local function add(sums, account, amount)
  if amount ~= '0' and amount ~= '-0' and redis.call('HINCRBY', sums, account, amount) == 0 then redis.call('HDEL', sums, account) end
end
local function addAll(sums, call, sign)
  for _, hold in ipairs(call.holds) do add(sums, hold.account, sign .. call.amount) end
end

local function load(id)
  local json = redis.call('HGET', calls, id)
  return json and cjson.decode(json)
end
local function save(id, call, at)
  redis.call('HSET', calls, id, cjson.encode(call))
  redis.call('ZADD', due, int(at), id)
end
local function forget(id)
  redis.call('HDEL', calls, id)
  redis.call('ZREM', due, id)
  redis.call('ZREM', asked, id)
end

-- Takes a settled call off some of its accounts; it is kept until it is off all of them.
local function drop(id, call, isOver)
  local left, at = {}, math.huge
  for _, hold in ipairs(call.holds) do
    if isOver(hold) then
      add(pending, hold.account, '-' .. call.amount)
    else
      left[#left + 1] = hold
      at = math.min(at, hold.untilMs)
    end
  end
  if #left == 0 then return forget(id) end
  if #left == #call.holds then return end
  call.holds = left
  save(id, call, at)
end

local function isPast(hold) return hold.untilMs <= now end

-- Looks at the calls whose time has come; how many there were.
local function look()
  local ids = redis.call('ZRANGEBYSCORE', due, '-inf', int(now), 'LIMIT', 0, ${dueLimit})
  for _, id in ipairs(ids) do
    local call = load(id)
    if not call or call.state == 'expired' then
      forget(id)
    elseif call.state == 'reserved' then
      addAll(reserved, call, '-')
      call.state = 'expired'
      save(id, call, now + ${lateSettleMs})
    else
      drop(id, call, isPast)
    end
  end
  return #ids
end

-- Forgets accounts that no call counts to; one that has a call is in use. How many were looked at.
local function tidy(accounts)
  for _, account in ipairs(accounts) do
    if redis.call('HEXISTS', reserved, account) == 1 or redis.call('HEXISTS', pending, account) == 1 then
      redis.call('ZADD', used, int(now), account)
    else
      redis.call('HDEL', spent, account)
      redis.call('HDEL', asOf, account)
      redis.call('HDEL', refused, account)
      redis.call('ZREM', used, account)
    end
  end
  return #accounts
end
`;

/** ARGV: call, amount, milliseconds, JSON of accounts (untilMs 0: never). First of the reply: granted, refused or full. */
const reserve = `
look()
local id, amount, accounts = ARGV[1], ARGV[2], cjson.decode(ARGV[4])
local untilMs = now + tonumber(ARGV[3])
local known = load(id)
if known and known.state == 'settled' then return { 'granted' } end
if known and known.state == 'reserved' then
  save(id, known, math.max(untilMs, tonumber(redis.call('ZSCORE', due, id))))
  return { 'granted' }
end

for _, one in ipairs(accounts) do
  if redis.call('HSETNX', spent, one.account, one.spent) == 1 then redis.call('HSET', asOf, one.account, one.asOfMs) end
  redis.call('ZADD', used, int(now), one.account)
end
local surplus = redis.call('ZCARD', used) - ${accountLimit}
if surplus > 0 then tidy(redis.call('ZRANGE', used, 0, math.min(surplus, ${dueLimit}) - 1)) end

-- Whole dollars and nano-dollars: both small enough to be exact.
local function split(nanos)
  if #nanos <= 9 then return 0, tonumber(nanos) end
  return tonumber(string.sub(nanos, 1, -10)), tonumber(string.sub(nanos, -9))
end
local function rest(account, limit)
  local dollars, nanos = split(limit)
  for _, sums in ipairs({ spent, reserved, pending }) do
    local ofDollars, ofNanos = split(redis.call('HGET', sums, account) or '0')
    dollars, nanos = dollars - ofDollars, nanos - ofNanos
  end
  local carry = math.floor(nanos / 1000000000)
  return dollars + carry, nanos - carry * 1000000000
end
local needDollars, needNanos = split(amount)
local reply, isStopping = { 'refused' }, false
for index, one in ipairs(accounts) do
  local dollars, nanos = rest(one.account, one.limit)
  isStopping = isStopping or one.isStopping
  if one.isStopping and (dollars < needDollars or (dollars == needDollars and nanos < needNanos)) then
    reply[#reply + 1] = int(index - 1)
    reply[#reply + 1] = dollars < 0 and '0' or string.format('%.0f%09.0f', dollars, nanos)
  end
end
if #reply > 1 then return reply end
if not known and redis.call('HLEN', calls) >= ${callLimit} then return { isStopping and 'full' or 'granted' } end

local holds = {}
for index, one in ipairs(accounts) do
  local longest = now + ${longestCountMs}
  holds[index] = { account = one.account, untilMs = one.untilMs == 0 and longest or math.min(one.untilMs, longest) }
end
local call = { state = 'reserved', amount = amount, holds = holds }
addAll(reserved, call, '')
save(id, call, untilMs)
return { 'granted' }`;

/** ARGV: call, amount, trace, span. Nothing is left of a call that cost nothing. */
const settle = `
local id = ARGV[1]
local call = load(id)
if not call or call.state == 'settled' then return 0 end
if call.state == 'reserved' then addAll(reserved, call, '-') end
if ARGV[2] == '0' then
  forget(id)
  return 1
end
call.state, call.amount, call.traceId, call.spanId = 'settled', ARGV[2], ARGV[3], ARGV[4]
addAll(pending, call, '')
local at = math.huge
for _, hold in ipairs(call.holds) do
  at = math.min(at, hold.untilMs)
  redis.call('ZADD', used, 'NX', int(now), hold.account)
end
redis.call('ZADD', asked, int(now), id)
save(id, call, at)
drop(id, call, isPast)
return 1`;

/** ARGV: moment, JSON of accounts `[account, spent]`, JSON of calls. */
const reconcile = `
local moment = tonumber(ARGV[1])
local isTaken = {}
for _, one in ipairs(cjson.decode(ARGV[2])) do
  local known = tonumber(redis.call('HGET', asOf, one[1]) or -1)
  if moment > known or known > now + ${clockDoubtMs} then
    redis.call('HSET', spent, one[1], one[2])
    redis.call('HSET', asOf, one[1], ARGV[1])
    redis.call('ZADD', used, 'NX', int(now), one[1])
    isTaken[one[1]] = true
  end
end
for _, id in ipairs(cjson.decode(ARGV[3])) do
  local call = load(id)
  if call and call.state == 'settled' then drop(id, call, function(hold) return isTaken[hold.account] end) end
end
return 1`;

/** ARGV: JSON of `[account, amount]`. One that is not known any more is left out. */
const noteRefusal = `
for _, one in ipairs(cjson.decode(ARGV[1])) do
  if redis.call('ZSCORE', used, one[1]) then redis.call('HSET', refused, one[1], int(now) .. ' ' .. one[2]) end
end
return 1`;

/** ARGV: JSON of accounts, JSON of calls, milliseconds. */
const dropGone = `
local isGone = {}
for _, account in ipairs(cjson.decode(ARGV[1])) do
  isGone[account] = tonumber(redis.call('ZSCORE', used, account) or 0) <= now - tonumber(ARGV[3])
end
for _, id in ipairs(cjson.decode(ARGV[2])) do
  local call = load(id)
  if call and call.state == 'settled' then drop(id, call, function(hold) return isGone[hold.account] end) end
end
for account, gone in pairs(isGone) do
  if gone and redis.call('HEXISTS', reserved, account) == 0 and redis.call('HEXISTS', pending, account) == 0 then tidy({ account }) end
end
return 1`;

/** ARGV: limit. Account, spent, moment, pending, reserved of each, and when it refused into which amount. */
const readAccounts = `
look()
local found = {}
for index, account in ipairs(redis.call('ZREVRANGE', used, 0, ARGV[1] - 1)) do
  found[index] = { account }
  for at, sums in ipairs({ spent, asOf, pending, reserved, refused }) do found[index][at + 1] = redis.call('HGET', sums, account) or '0' end
end
return found`;

/** ARGV: limit. Call and JSON of each. */
const takePending = `
look()
local found = {}
for index, id in ipairs(redis.call('ZRANGE', asked, 0, ARGV[1] - 1)) do
  redis.call('ZADD', asked, int(now), id)
  found[index] = { id, redis.call('HGET', calls, id) }
end
return found`;

/** How much was looked at, and how much is left. */
const sweep = `
local idle = redis.call('ZRANGEBYSCORE', used, '-inf', int(now - ${idleAccountMs}), 'LIMIT', 0, ${dueLimit})
local seen = look() + tidy(idle)
return { seen, redis.call('HLEN', calls) + redis.call('ZCARD', used) }`;

/** Of the list of projects. ARGV: project, the score that it had. */
const forgetProject = `
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])`;

/** All that is done in Redis, each one atomic. */
export const budgetScripts = {
  reserveBudgets: { lua: project + notLate + reserve, keys: 9, isRefusedLate: true },
  settleCall: { lua: project + settle, keys: 9, isRefusedLate: false },
  reconcile: { lua: project + reconcile, keys: 9, isRefusedLate: false },
  noteRefusal: { lua: project + noteRefusal, keys: 9, isRefusedLate: false },
  dropAccounts: { lua: project + dropGone, keys: 9, isRefusedLate: false },
  readAccounts: { lua: project + readAccounts, keys: 9, isRefusedLate: false },
  takePending: { lua: project + takePending, keys: 9, isRefusedLate: false },
  sweepProject: { lua: project + sweep, keys: 9, isRefusedLate: false },
  forgetProject: { lua: forgetProject, keys: 1, isRefusedLate: false },
} as const;
