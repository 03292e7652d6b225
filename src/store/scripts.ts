import { LOAD_KEY, POST_KEY, PREPARE_KEYS } from './key-scripts.ts'

/**
 * What Redis does in one step. All keys begin with `{dv}`: one slot, and one server to ask.
 *
 *   {dv}ep  `<n>.<run id>`: sealed by Keeper.seal for exactly one Redis process
 *   {dv}seq number of the last log entry     {dv}inv  the log, ids `<seq>-0`
 *   {dv}m   hash: worker → `applied,beats`   {dv}i    touched sessions by idle deadline
 *   {dv}sealing `<n>`: who is re-filling it; lost if the server restarts half-way
 *   {dv}k:<kid>  hash: b record, v version, u uid, n number of the sealing it belongs to
 *   {dv}x:<kid>  tombstone of a key
 *   {dv}at  when it was sealed, in ms; 0 the first time ever
 *   {dv}n:<kid> used-up nonces of an API key by their own time
 *   {dv}a   stream of activities that wait for Postgres: `r` record
 *   {dv}s:<hash> hash: b record, i idle deadline, u uid, g generation;
 *                expires at the absolute end, not when idle: the refusals differ
 *   {dv}p:<uid>  hash: b record, v version   {dv}g:<uid> generation   {dv}t:<hash> tombstone
 *
 * A script takes the run id of the server its connection leads to, learnt when the connection
 * was made: a Redis that was restarted has another one, and its old seal counts for nothing.
 * Only the heartbeat asks INFO again, since that costs as much as the rest of a load.
 */
export const CHANNEL = '{dv}push'

const SEALED = `
local ep = redis.call('GET', '{dv}ep')
if not ep or string.match(ep, '^%d+%.(.+)$') ~= ARGV[1] then
  return redis.error_reply('UNSEALED not sealed for this process')
end
`

const POST_PRINCIPAL = `
local function post(uid, version, record, untilMs)
  local key = '{dv}p:' .. uid
  local known = tonumber(redis.call('HGET', key, 'v') or '-1')
  if tonumber(version) >= known then redis.call('HSET', key, 'v', version, 'b', record) end
  if redis.call('PEXPIRETIME', key) < tonumber(untilMs) then
    redis.call('PEXPIREAT', key, untilMs)
  end
end
local function raise(uid, generation, lifeMs)
  local key = '{dv}g:' .. uid
  if tonumber(generation) == 0 then return end
  if tonumber(generation) >= tonumber(redis.call('GET', key) or '0') then
    redis.call('SET', key, generation, 'PX', lifeMs)
  end
end
local function lift(key, generation)
  if tonumber(generation) >= tonumber(redis.call('HGET', key, 'g') or '0') then
    redis.call('HSET', key, 'g', generation)
  end
end
local function put(hash, record, uid, idleAtMs, endsAtMs, generation)
  local key = '{dv}s:' .. hash
  local known = redis.call('HGET', key, 'i')
  if known and tonumber(known) > tonumber(idleAtMs) then idleAtMs = known end
  redis.call('HSET', key, 'b', record, 'i', idleAtMs, 'u', uid)
  lift(key, generation)
  redis.call('PEXPIREAT', key, endsAtMs)
end
`

/** ARGV: run id, hash. */
const LOAD = `${SEALED}
local seq = redis.call('GET', '{dv}seq')
local s = redis.call('HMGET', '{dv}s:' .. ARGV[2], 'b', 'i', 'u', 'g')
if not s[1] or not s[3] then return { ep, seq } end
return { ep, seq, s[1], s[2], s[4], redis.call('HGET', '{dv}p:' .. s[3], 'b'),
  redis.call('GET', '{dv}g:' .. s[3]) }
`

/** ARGV: run id, then hash and deadline of each. */
const TOUCH = `${SEALED}
for n = 2, #ARGV, 2 do
  local key = '{dv}s:' .. ARGV[n]
  local known = redis.call('HGET', key, 'i')
  if known and tonumber(ARGV[n + 1]) > tonumber(known) then
    redis.call('HSET', key, 'i', ARGV[n + 1])
    redis.call('ZADD', '{dv}i', ARGV[n + 1], ARGV[n])
  end
end
return 1
`

/** ARGV: run id, worker, applied. Writes, so that a primary without replicas refuses it. */
const HEARTBEAT = `${SEALED}
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if run ~= ARGV[1] then return redis.error_reply('UNSEALED the connection leads elsewhere') end
local mark = redis.call('HGET', '{dv}m', ARGV[2])
local beats = mark and tonumber(string.match(mark, ',(%d+)$')) or 0
redis.call('HSET', '{dv}m', ARGV[2], ARGV[3] .. ',' .. string.format('%.0f', beats + 1))
return { ep, redis.call('GET', '{dv}seq') }
`

/** ARGV: run id, seq, most entries. Nothing if the log does not reach back to seq. */
const SINCE = `${SEALED}
local head = tonumber(redis.call('GET', '{dv}seq'))
local from = tonumber(ARGV[2])
if from == head then return {} end
if from > head then return false end
local entries = redis.call('XRANGE', '{dv}inv', '(' .. ARGV[2] .. '-0', '+', 'COUNT', ARGV[3])
local first = entries[1] and tonumber(string.match(entries[1][1], '^%d+'))
local last = entries[1] and tonumber(string.match(entries[#entries][1], '^%d+'))
if first ~= from + 1 or last ~= head then return false end
return entries
`

/**
 * ARGV: run id, epoch number, hash, uid, session record, idle deadline, end, generation,
 * principal version, principal record.
 */
const OPEN = `${SEALED}${POST_PRINCIPAL}
if string.match(ep, '^%d+') ~= ARGV[2] then return 'moved' end
if redis.call('EXISTS', '{dv}t:' .. ARGV[3]) == 1 then return 'outdated' end
if tonumber(redis.call('GET', '{dv}g:' .. ARGV[4]) or '0') > tonumber(ARGV[8]) then
  return 'outdated'
end
put(ARGV[3], ARGV[5], ARGV[4], ARGV[6], ARGV[7], ARGV[8])
post(ARGV[4], ARGV[9], ARGV[10], ARGV[7])
return 'opened'
`

/**
 * ARGV: run id, scope, id, tombstone life, log length, count of ended, ended hashes…,
 * count of kept, (hash, generation)…, count of removed keys, kids…,
 * count of keys, (kid, uid, record, version, until)…, and for a principal: uid, version, record,
 * generation, until, generation life.
 */
const APPLY = `${SEALED}${POST_PRINCIPAL}${POST_KEY}
local at = 7
for n = 1, tonumber(ARGV[6]) do
  redis.call('DEL', '{dv}s:' .. ARGV[at])
  redis.call('ZREM', '{dv}i', ARGV[at])
  redis.call('SET', '{dv}t:' .. ARGV[at], '1', 'PX', ARGV[4])
  at = at + 1
end
local kept = tonumber(ARGV[at])
at = at + 1
for n = 1, kept do
  if redis.call('EXISTS', '{dv}s:' .. ARGV[at]) == 1 then
    lift('{dv}s:' .. ARGV[at], ARGV[at + 1])
  end
  at = at + 2
end
local removed = tonumber(ARGV[at])
at = at + 1
for n = 1, removed do
  redis.call('DEL', '{dv}k:' .. ARGV[at])
  redis.call('SET', '{dv}x:' .. ARGV[at], '1', 'PX', ARGV[4])
  at = at + 1
end
local keys = tonumber(ARGV[at])
at = at + 1
for n = 1, keys do
  putKey(string.match(ep, '^%d+'), ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3],
    ARGV[at + 4])
  at = at + 5
end
if ARGV[at] then
  post(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 4])
  raise(ARGV[at], ARGV[at + 3], ARGV[at + 5])
end
local seq = string.format('%.0f', redis.call('INCR', '{dv}seq'))
redis.call('XADD', '{dv}inv', 'MAXLEN', '~', ARGV[5], seq .. '-0', 's', ARGV[2], 'd', ARGV[3])
redis.call('PUBLISH', '${CHANNEL}', seq .. ' ' .. ARGV[2] .. ' ' .. ARGV[3])
return seq
`

/** ARGV: run id, hashes…. */
const IDLE = `${SEALED}
local found = {}
for n = 2, #ARGV do found[n - 1] = redis.call('HGET', '{dv}s:' .. ARGV[n], 'i') or '' end
return found
`

/** ARGV: run id, most. */
const TAKE = `${SEALED}
local taken = redis.call('ZPOPMIN', '{dv}i', ARGV[2])
for n = 2, #taken, 2 do taken[n] = string.format('%.0f', tonumber(taken[n])) end
return taken
`

/** ARGV: run id. */
const IS_SEALED = `
local ep = redis.call('GET', '{dv}ep')
return (ep and string.match(ep, '^%d+%.(.+)$') == ARGV[1]) and 1 or 0
`

const UNSEALED = `
local ep = redis.call('GET', '{dv}ep')
if ep and string.match(ep, '^%d+%.(.+)$') == ARGV[1] then
  return redis.error_reply('CONFLICT already sealed')
end
`

/** ARGV: run id, epoch number. Whoever began to re-fill it before has to begin again. */
const BEGIN = `${UNSEALED}
redis.call('SET', '{dv}sealing', ARGV[2])
return 1
`

const FILLING = `${UNSEALED}
if redis.call('GET', '{dv}sealing') ~= ARGV[2] then
  return redis.error_reply('CONFLICT re-filled by another, or restarted half-way')
end
`

/**
 * ARGV: run id, epoch number, generation life, count of ended, ended hashes…, then for each
 * session: hash, uid, record, idle deadline, end, generation, principal version and record.
 */
const PREPARE = `${FILLING}${POST_PRINCIPAL}
local at = 5
for n = 1, tonumber(ARGV[4]) do
  redis.call('DEL', '{dv}s:' .. ARGV[at])
  at = at + 1
end
while ARGV[at] do
  if redis.call('EXISTS', '{dv}t:' .. ARGV[at]) == 0 then
    put(ARGV[at], ARGV[at + 2], ARGV[at + 1], ARGV[at + 3], ARGV[at + 4],
      ARGV[at + 5])
    redis.call('DEL', '{dv}g:' .. ARGV[at + 1])
    raise(ARGV[at + 1], ARGV[at + 5], ARGV[3])
    -- Postgres is the truth: whatever version was left behind is replaced.
    redis.call('HDEL', '{dv}p:' .. ARGV[at + 1], 'v')
    post(ARGV[at + 1], ARGV[at + 6], ARGV[at + 7], ARGV[at + 4])
  end
  at = at + 8
end
return 1
`

/** ARGV: run id, epoch number, first seq. */
const SEAL = `${FILLING}
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if run ~= ARGV[1] then return redis.error_reply('UNSEALED the connection leads elsewhere') end
redis.call('DEL', '{dv}inv', '{dv}m', '{dv}sealing')
redis.call('SET', '{dv}seq', ARGV[3])
-- Before the first time ever nothing can have been burned.
local t = redis.call('TIME')
local at = ARGV[2] == '1' and 0 or t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('SET', '{dv}at', string.format('%.0f', at))
redis.call('SET', '{dv}ep', ARGV[2] .. '.' .. run)
return 1
`

/** ARGV: run id, stream, most entries, records…. All or none. */
const QUEUE = `
if redis.call('XLEN', ARGV[2]) + #ARGV - 3 > tonumber(ARGV[3]) then
  return redis.error_reply('FULL too many activities wait already')
end
for n = 4, #ARGV do redis.call('XADD', ARGV[2], '*', 'r', ARGV[n]) end
return #ARGV - 3
`

/** ARGV: run id, kid, nonce, lifetime, clock step, most remembered. */
const BURN = `${SEALED}
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local nonce, life = tonumber(ARGV[3]), tonumber(ARGV[4])
local keep = life + tonumber(ARGV[5])
if nonce <= now - keep then return 'stale' end
local at = tonumber(redis.call('GET', '{dv}at') or '0')
if at > 0 and nonce < at + life then return 'stale' end
local key = '{dv}n:' .. ARGV[2]
redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - keep))
if redis.call('ZSCORE', key, ARGV[3]) then return 'used' end
if redis.call('ZCARD', key) >= tonumber(ARGV[6]) then return 'full' end
redis.call('ZADD', key, ARGV[3], ARGV[3])
if redis.call('PEXPIRETIME', key) < nonce + keep then
  redis.call('PEXPIREAT', key, string.format('%.0f', nonce + keep))
end
return 'burned'
`

export const SCRIPTS = {
  load: LOAD,
  loadKey: `${SEALED}${LOAD_KEY}`,
  touch: TOUCH,
  heartbeat: HEARTBEAT,
  since: SINCE,
  open: OPEN,
  apply: APPLY,
  idle: IDLE,
  take: TAKE,
  isSealed: IS_SEALED,
  begin: BEGIN,
  prepare: PREPARE,
  prepareKeys: `${FILLING}${POST_PRINCIPAL}${PREPARE_KEYS}`,
  seal: SEAL,
  queue: QUEUE,
  burn: BURN,
} as const
