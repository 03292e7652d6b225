import { PREPARE_KEYS } from './key-scripts.ts'
import { POST_PRINCIPAL } from './script-parts.ts'

/** What it is sealed as, for the process that was asked; false otherwise. */
const SEALED_AS = `
local number, run = string.match(redis.call('GET', '{dv}ep') or '', '^(%d+)%.(.+)$')
local sealed = run == ARGV[1] and number
`

const UNSEALED = `${SEALED_AS}
if sealed then return redis.error_reply('CONFLICT already sealed') end
`

/** Among so many keys of others it is looked whether there is one of those that are filled in. */
const KEYS_LOOKED_AT_MAX = 1000

/**
 * ARGV: run id, epoch number, number that it may be sealed under, or empty. Whoever began to
 * re-fill it before has to begin again. 1 if there is nothing of what is filled in; a user who may
 * not know that is told that there is. Activities and limits need no seal.
 */
const BEGIN = `${SEALED_AS}
if sealed and sealed ~= ARGV[3] then return redis.error_reply('CONFLICT already sealed') end
redis.call('DEL', '{dv}ep')
local function isEmpty()
  local size = redis.pcall('DBSIZE')
  if type(size) ~= 'number' or size > ${KEYS_LOOKED_AT_MAX} then return false end
  local cursor = '0'
  repeat
    if size == 0 then return true end
    local found = redis.pcall('SCAN', cursor, 'COUNT', ${KEYS_LOOKED_AT_MAX})
    if found.err then return false end
    cursor = found[1]
    for _, key in ipairs(found[2]) do
      if string.match(key, '^{dv}[sgpktx]:') then return false end
    end
  until cursor == '0'
  return true
end
local is = isEmpty()
redis.call('SET', '{dv}sealing', ARGV[2])
return is and 1 or 0
`

const FILLING = `${UNSEALED}
if redis.call('GET', '{dv}sealing') ~= ARGV[2] then
  return redis.error_reply('CONFLICT re-filled by another, or restarted half-way')
end
`

/**
 * ARGV: run id, epoch number, 1 if it held nothing, sessions, ended hashes…. Sessions are one text
 * of fields, each behind its length, six to a session: hash, uid, record, idle deadline, end,
 * generation.
 */
const PREPARE = `${FILLING}
local call, unpack = redis.call, struct.unpack
for n = 5, #ARGV do call('DEL', '{dv}s:' .. ARGV[n]) end
local text, at, size, isEmpty = ARGV[4], 1, #ARGV[4], ARGV[3] == '1'
local fields = '>' .. string.rep('I4c0', 6)
while at <= size do
  local hash, uid, record, idle, ends, generation
  hash, uid, record, idle, ends, generation, at = unpack(fields, text, at)
  local key = '{dv}s:' .. hash
  if not isEmpty then
    local known = call('HMGET', key, 'i', 'g')
    if known[1] and tonumber(known[1]) > tonumber(idle) then idle = known[1] end
    if known[2] and tonumber(known[2]) > tonumber(generation) then generation = known[2] end
  end
  if isEmpty or call('EXISTS', '{dv}t:' .. hash) == 0 then
    call('HSET', key, 'b', record, 'i', idle, 'u', uid, 'g', generation)
    call('PEXPIREAT', key, ends)
  end
end
return 1
`

/**
 * ARGV: run id, epoch number, 1 if it held nothing, generation life, users as one text like
 * sessions: uid, generation, version, record, until when it is kept.
 */
const PREPARE_PRINCIPALS = `${FILLING}${POST_PRINCIPAL}
local call, unpack = redis.call, struct.unpack
local text, at, size, isEmpty = ARGV[5], 1, #ARGV[5], ARGV[3] == '1'
local fields = '>' .. string.rep('I4c0', 5)
while at <= size do
  local uid, generation, version, record, untilMs
  uid, generation, version, record, untilMs, at = unpack(fields, text, at)
  local key = '{dv}p:' .. uid
  if isEmpty then
    if generation ~= '0' then call('SET', '{dv}g:' .. uid, generation, 'PX', ARGV[4]) end
    call('HSET', key, 'v', version, 'b', record, 'n', ARGV[2])
    call('PEXPIREAT', key, untilMs)
  else
    call('DEL', '{dv}g:' .. uid)
    raise(uid, generation, ARGV[4])
    post(ARGV[2], uid, version, record, untilMs)
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
  /** ARGV: run id. */
  sealedAs: `${SEALED_AS} return sealed`,
  begin: BEGIN,
  prepare: PREPARE,
  preparePrincipals: PREPARE_PRINCIPALS,
  prepareKeys: `${FILLING}${POST_PRINCIPAL}${PREPARE_KEYS}`,
  seal: SEAL,
} as const
