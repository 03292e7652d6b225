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
 *
 * `post` is for what fills the board, and for changes that name the principal. Whoever else brings
 * one, a login say, may `introduce` it where there is none: what changed without an entry of the
 * log would be refused by some of what an authorizer remembers, and allowed by the rest.
 */
export const POST_PRINCIPAL = `
local function keepUntil(key, untilMs)
  if redis.call('PEXPIRETIME', key) < tonumber(untilMs) then
    redis.call('PEXPIREAT', key, untilMs)
  end
end
local function post(n, uid, version, record, untilMs)
  local key = '{dv}p:' .. uid
  local known = redis.call('HMGET', key, 'v', 'n')
  if known[2] ~= n or tonumber(version) >= tonumber(known[1]) then
    redis.call('HSET', key, 'v', version, 'b', record, 'n', n)
  end
  keepUntil(key, untilMs)
end
local function introduce(n, uid, version, record, untilMs)
  local key = '{dv}p:' .. uid
  if redis.call('HGET', key, 'n') == n then return keepUntil(key, untilMs) end
  post(n, uid, version, record, untilMs)
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
