/** Opens every script that believes the board: nothing of it counts unless it was sealed. */
export const SEALED = `
local ep = redis.call('GET', '{dv}ep')
if not ep or string.match(ep, '^%d+%.(.+)$') ~= ARGV[1] then
  return redis.error_reply('UNSEALED not sealed for this process')
end
`

/** Functions that write a session with its principal, never over something newer. */
export const POST_PRINCIPAL = `
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
