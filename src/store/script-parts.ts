/**
 * Opens every script that believes the board: nothing of it counts unless it was sealed. `number`
 * is that of the sealing.
 */
export const SEALED = `
local ep = redis.call('GET', '{dv}ep')
local number, run = string.match(ep or '', '^(%d+)%.(.+)$')
if run ~= ARGV[1] then
  return redis.error_reply('UNSEALED not sealed for this process')
end
`

/**
 * Functions that write a session with its principal, never over something newer. A principal of
 * another sealing than `n` says nothing, whatever its version: Postgres is the truth.
 */
export const POST_PRINCIPAL = `
local function post(n, uid, version, record, untilMs)
  local key = '{dv}p:' .. uid
  local known = redis.call('HMGET', key, 'v', 'n')
  if known[2] ~= n or tonumber(version) >= tonumber(known[1]) then
    redis.call('HSET', key, 'v', version, 'b', record, 'n', n)
  end
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
