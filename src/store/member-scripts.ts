import { SEALED } from './script-parts.ts'

/** `<worker> <applied>`, or any other word for: read the list. */
export const REPORT_CHANNEL = '{dv}ack'

/**
 * ARGV: run id, worker, applied. Writes, so that a primary without replicas refuses it. The two
 * times of the mark are for people to read: by a wall clock nothing is decided.
 */
const HEARTBEAT = `${SEALED}
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if run ~= ARGV[1] then return redis.error_reply('UNSEALED the connection leads elsewhere') end
local beat = string.format('%.0f', redis.call('INCR', '{dv}beats'))
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
local mark = redis.call('HGET', '{dv}m', ARGV[2])
local since = mark and string.match(mark, '^%d+,%d+,(%d+),') or now
redis.call('HSET', '{dv}m', ARGV[2], table.concat({ ARGV[3], beat, since, now }, ','))
return { ep, redis.call('GET', '{dv}seq') }
`

/**
 * ARGV: run id, worker, applied. Of members only: who was taken off has to beat first, for with the
 * beat it hears of what it missed.
 */
const REPORT = `${SEALED}
local mark = redis.call('HGET', '{dv}m', ARGV[2])
if not mark then return 0 end
local known, rest = string.match(mark, '^(%d+)(,.+)$')
if tonumber(known) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', '{dv}m', ARGV[2], ARGV[3] .. rest)
redis.call('PUBLISH', '${REPORT_CHANNEL}', ARGV[2] .. ' ' .. ARGV[3])
return 1
`

/** ARGV: run id. */
const MEMBERS = `${SEALED}
return { ep, redis.call('GET', '{dv}seq'), redis.call('HGETALL', '{dv}m') }
`

/** ARGV: run id. As MEMBERS, with the time by which the marks were made. */
const CENSUS = `${SEALED}
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
return { ep, redis.call('GET', '{dv}seq'), redis.call('HGETALL', '{dv}m'), now }
`

/** ARGV: run id, worker. Whoever leaves believes nothing any more, so this needs no seal. */
const LEAVE = `
local gone = redis.call('HDEL', '{dv}m', ARGV[2])
if gone == 1 then redis.call('PUBLISH', '${REPORT_CHANNEL}', 'left') end
return gone
`

/** ARGV: run id, worker, beat. */
const PRUNE = `${SEALED}
local mark = redis.call('HGET', '{dv}m', ARGV[2])
if not mark or string.match(mark, '^%d+,(%d+)') ~= ARGV[3] then return 0 end
redis.call('HDEL', '{dv}m', ARGV[2])
redis.call('PUBLISH', '${REPORT_CHANNEL}', 'left')
return 1
`

export const MEMBER_SCRIPTS = {
  heartbeat: HEARTBEAT,
  report: REPORT,
  members: MEMBERS,
  census: CENSUS,
  leave: LEAVE,
  prune: PRUNE,
} as const
