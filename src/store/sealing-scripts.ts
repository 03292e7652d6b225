import { PREPARE_KEYS } from './key-scripts.ts'
import { POST_PRINCIPAL } from './script-parts.ts'

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

/**
 * ARGV: run id, epoch number. Whoever began to re-fill it before has to begin again. 1 if there is
 * no key at all; a user who may not know that is told that there is one.
 */
const BEGIN = `${UNSEALED}
local size = redis.pcall('DBSIZE')
redis.call('SET', '{dv}sealing', ARGV[2])
return size == 0 and 1 or 0
`

const FILLING = `${UNSEALED}
if redis.call('GET', '{dv}sealing') ~= ARGV[2] then
  return redis.error_reply('CONFLICT re-filled by another, or restarted half-way')
end
`

/**
 * ARGV: run id, epoch number, generation life, sessions, ended hashes…. Sessions are one text of
 * fields, each behind its length, eight to a session: hash, uid, record, idle deadline, end,
 * generation, principal version and record, which is empty where it has been written already.
 */
const PREPARE = `${FILLING}${POST_PRINCIPAL}
for n = 5, #ARGV do redis.call('DEL', '{dv}s:' .. ARGV[n]) end
local text, at = ARGV[4], 1
local field = string.rep('I4c0', 8)
while at <= #text do
  local hash, uid, record, idle, ends, generation, version, principal
  hash, uid, record, idle, ends, generation, version, principal, at =
    struct.unpack('>' .. field, text, at)
  if redis.call('EXISTS', '{dv}t:' .. hash) == 0 then
    local key = '{dv}s:' .. hash
    local known = redis.call('HMGET', key, 'i', 'g')
    if known[1] and tonumber(known[1]) > tonumber(idle) then idle = known[1] end
    local own = generation
    if known[2] and tonumber(known[2]) > tonumber(own) then own = known[2] end
    redis.call('HSET', key, 'b', record, 'i', idle, 'u', uid, 'g', own)
    redis.call('PEXPIREAT', key, ends)
  end
  if principal ~= '' then
    redis.call('DEL', '{dv}g:' .. uid)
    raise(uid, generation, ARGV[3])
    -- Postgres is the truth: whatever version was left behind is replaced.
    redis.call('HDEL', '{dv}p:' .. uid, 'v')
    post(uid, version, principal, ends)
  end
end
return 1
`

/** ARGV: run id, epoch number, first seq. */
const SEAL = `${FILLING}
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if run ~= ARGV[1] then return redis.error_reply('UNSEALED the connection leads elsewhere') end
redis.call('DEL', '{dv}inv', '{dv}m', '{dv}closed', '{dv}closings', '{dv}sealing')
redis.call('SET', '{dv}seq', ARGV[3])
-- Before the first time ever nothing can have been burned.
local t = redis.call('TIME')
local at = ARGV[2] == '1' and 0 or t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('SET', '{dv}at', string.format('%.0f', at))
redis.call('SET', '{dv}ep', ARGV[2] .. '.' .. run)
return 1
`

export const SEALING_SCRIPTS = {
  isSealed: IS_SEALED,
  begin: BEGIN,
  prepare: PREPARE,
  prepareKeys: `${FILLING}${POST_PRINCIPAL}${PREPARE_KEYS}`,
  seal: SEAL,
} as const
