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
