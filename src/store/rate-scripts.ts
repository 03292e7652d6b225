import { RATE_DEBTS_MAX } from './rates.ts'

/**
 * What authorizers draw together:
 *
 *   {dv}bk       what names are hashed under
 *   {dv}b:<name> `<level> <ms>`, until its bucket is full again     {dv}bx  names by that time
 *
 * ARGV: run id, hash key, most names, then name, refill in a ms, full and drawn of each.
 */
export const SETTLE = `
local key = redis.call('GET', '{dv}bk')
if not key then
  key = ARGV[2]
  redis.call('SET', '{dv}bk', key)
end
if key ~= ARGV[2] then return { key } end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', '{dv}bx', '-inf', string.format('%.0f', now))
local room = tonumber(ARGV[3]) - redis.call('ZCARD', '{dv}bx')
local reply = { key }
for n = 4, #ARGV, 4 do
  local name = '{dv}b:' .. ARGV[n]
  local perMs, full = tonumber(ARGV[n + 1]), tonumber(ARGV[n + 2])
  local known = redis.call('GET', name)
  local level, at = full, now
  if known then
    local left, seen = string.match(known, '^(%S+) (%S+)$')
    at = math.max(now, tonumber(seen))
    level = math.min(full, tonumber(left) + (at - tonumber(seen)) * perMs)
  end
  level = math.min(full, math.max(level - tonumber(ARGV[n + 3]), -${RATE_DEBTS_MAX} * full))
  if level == full then
    redis.call('DEL', name)
    room = room + redis.call('ZREM', '{dv}bx', ARGV[n])
    reply[#reply + 1] = string.format('%.0f', level)
  elseif not known and room <= 0 then
    reply[#reply + 1] = ''
  else
    local untilMs = string.format('%.0f', at + math.ceil((full - level) / perMs))
    redis.call('SET', name, string.format('%.0f %.0f', level, at), 'PXAT', untilMs)
    room = room - redis.call('ZADD', '{dv}bx', untilMs, ARGV[n])
    if redis.call('PEXPIRETIME', '{dv}bx') < tonumber(untilMs) then
      redis.call('PEXPIREAT', '{dv}bx', untilMs)
    end
    reply[#reply + 1] = string.format('%.0f', level)
  end
end
return reply
`
