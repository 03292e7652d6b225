import { CLOSE, CLOSED } from './closing-scripts.ts'
import { LOAD_KEY, POST_KEY } from './key-scripts.ts'
import { MEMBER_SCRIPTS } from './member-scripts.ts'
import { SETTLE } from './rate-scripts.ts'
import { POST_PRINCIPAL, SEALED } from './script-parts.ts'
import { SEALING_SCRIPTS } from './sealing-scripts.ts'

/**
 * What Redis does in one step. All keys begin with `{dv}`: one slot, and one server to ask.
 *
 *   {dv}ep  `<n>.<run id>`: sealed by Keeper.seal for exactly one Redis process
 *   {dv}seq number of the last log entry     {dv}inv  the log, ids `<seq>-0`
 *   {dv}m   hash: worker → `applied,beat,since,at`   {dv}i  touched sessions by idle deadline
 *   {dv}beats heartbeats of all workers: each has a number of its own, so that a mark that was
 *           taken off and made again is never taken for the same
 *   {dv}sealing `<n>`: who is re-filling it; lost if the server restarts half-way
 *   {dv}k:<kid>  hash: b record, v version, u uid, n number of the sealing it belongs to
 *   {dv}x:<kid>  tombstone of a key
 *   {dv}closed stream of ended sessions, ids `<seq>-<n>`; {dv}closings how many were ever added
 *   {dv}at  when it was sealed, in ms; 0 the first time ever
 *   {dv}n:<kid> used-up nonces of an API key by their own time
 *   {dv}b…  what was drawn from limits (rate-scripts.ts)
 *   {dv}a   stream of activities that wait for Postgres: `r` record
 *   {dv}s:<hash> hash: b record, i idle deadline, u uid, g generation;
 *                expires at the absolute end, not when idle: the refusals differ
 *   {dv}p:<uid>  hash: b record, v version, n number of the sealing it belongs to
 *   {dv}g:<uid> generation   {dv}t:<hash> tombstone
 *
 * A script takes the run id of the server its connection leads to, learnt when the connection
 * was made: a Redis that was restarted has another one, and its old seal counts for nothing.
 * Only the heartbeat asks INFO again, since that costs as much as the rest of a load.
 */
export const CHANNEL = '{dv}push'

/**
 * ARGV: run id, hash. Nothing is found where the holder was not filled in or written since the
 * board was sealed: the session ended while it was, and what is known of the holder may be old.
 */
const LOAD = `${SEALED}
local seq = redis.call('GET', '{dv}seq')
local s = redis.call('HMGET', '{dv}s:' .. ARGV[2], 'b', 'i', 'u', 'g')
if not s[1] or not s[3] then return { ep, seq } end
local p = redis.call('HMGET', '{dv}p:' .. s[3], 'b', 'n')
if p[1] and p[2] ~= number then return { ep, seq } end
return { ep, seq, s[1], s[2], s[4], p[1], redis.call('GET', '{dv}g:' .. s[3]) }
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
if number ~= ARGV[2] then return 'moved' end
if redis.call('EXISTS', '{dv}t:' .. ARGV[3]) == 1 then return 'outdated' end
if tonumber(redis.call('GET', '{dv}g:' .. ARGV[4]) or '0') > tonumber(ARGV[8]) then
  return 'outdated'
end
put(ARGV[3], ARGV[5], ARGV[4], ARGV[6], ARGV[7], ARGV[8])
introduce(number, ARGV[4], ARGV[9], ARGV[10], ARGV[7])
return 'opened'
`

/**
 * ARGV: run id, epoch number, scope, id, tombstone life, log length,
 * closings as JSON, their most, count of ended, ended hashes…,
 * count of kept, (hash, generation)…, count of removed keys, kids…,
 * count of keys, (kid, uid, record, version, until)…, and for a principal: uid, version, record,
 * generation, until, generation life.
 */
const APPLY = `${SEALED}${POST_PRINCIPAL}${POST_KEY}${CLOSE}
if tonumber(number) < tonumber(ARGV[2]) then
  return redis.error_reply('UNSEALED the change is of a later sealing')
end
local at = 10
for n = 1, tonumber(ARGV[9]) do
  redis.call('DEL', '{dv}s:' .. ARGV[at])
  redis.call('ZREM', '{dv}i', ARGV[at])
  redis.call('SET', '{dv}t:' .. ARGV[at], '1', 'PX', ARGV[5])
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
  redis.call('SET', '{dv}x:' .. ARGV[at], '1', 'PX', ARGV[5])
  at = at + 1
end
local keys = tonumber(ARGV[at])
at = at + 1
for n = 1, keys do
  putKey(number, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  at = at + 5
end
if ARGV[at] and ARGV[3] == 'user' then
  post(number, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 4])
  raise(ARGV[at], ARGV[at + 3], ARGV[at + 5])
elseif ARGV[at] then
  introduce(number, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 4])
end
local seq = string.format('%.0f', redis.call('INCR', '{dv}seq'))
redis.call('XADD', '{dv}inv', 'MAXLEN', '~', ARGV[6], seq .. '-0', 's', ARGV[3], 'd', ARGV[4])
close(seq, ARGV[7], ARGV[8])
redis.call('PUBLISH', '${CHANNEL}', seq .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
return { ep, seq, redis.call('HGETALL', '{dv}m') }
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
  ...MEMBER_SCRIPTS,
  ...SEALING_SCRIPTS,
  load: LOAD,
  loadKey: `${SEALED}${LOAD_KEY}`,
  touch: TOUCH,
  since: SINCE,
  open: OPEN,
  apply: APPLY,
  closed: `${SEALED}${CLOSED}`,
  idle: IDLE,
  take: TAKE,
  queue: QUEUE,
  burn: BURN,
  settle: SETTLE,
} as const
