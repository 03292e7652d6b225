/** Lua that scripts.ts puts behind its own beginnings: what is done for API keys. */
export const POST_KEY = `
local function putKey(n, kid, uid, record, version, untilMs)
  if redis.call('EXISTS', '{dv}x:' .. kid) == 1 then return end
  local key = '{dv}k:' .. kid
  local known = redis.call('HMGET', key, 'v', 'n')
  -- What an earlier sealing left behind says nothing: Postgres is the truth.
  if known[2] == n and tonumber(known[1]) > tonumber(version) then return end
  redis.call('HSET', key, 'b', record, 'v', version, 'u', uid, 'n', n)
  redis.call('PEXPIREAT', key, untilMs)
end
`

/** ARGV: run id, kid. Sealed. */
export const LOAD_KEY = `
local seq = redis.call('GET', '{dv}seq')
local k = redis.call('HMGET', '{dv}k:' .. ARGV[2], 'b', 'u', 'n')
if not k[1] or k[3] ~= number then return { ep, seq } end
local p = redis.call('HMGET', '{dv}p:' .. k[2], 'b', 'n')
if p[1] and p[2] ~= number then return { ep, seq } end
return { ep, seq, k[1], p[1] }
`

/**
 * ARGV: run id, epoch number, until when principals are kept, then for each key: kid, uid,
 * record, version, until, principal version and record. Filling, with POST_PRINCIPAL.
 */
export const PREPARE_KEYS = `${POST_KEY}
for at = 4, #ARGV, 7 do
  putKey(ARGV[2], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  post(ARGV[2], ARGV[at + 1], ARGV[at + 5], ARGV[at + 6], ARGV[3])
end
return 1
`
