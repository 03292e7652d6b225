/**
 * Defines `close`. `text` is a JSON list of [sid, uid, reason]: their stream is written in the step
 * that puts the change into force, or somebody could be told too early or never.
 */
export const CLOSE = `
local function close(seq, text, most)
  local all = cjson.decode(text)
  for n, one in ipairs(all) do
    redis.call('XADD', '{dv}closed', 'MAXLEN', '~', most, seq .. '-' .. (n - 1),
      's', one[1], 'u', one[2], 'q', seq, 'w', one[3])
  end
  if #all > 0 then redis.call('INCRBY', '{dv}closings', #all) end
end
`

/**
 * ARGV: run id, place or empty, most. How many were cut off is what was ever added less what is
 * there; counted from the sealing, which deletes both.
 */
export const CLOSED = `
local seq = redis.call('GET', '{dv}seq')
local added = tonumber(redis.call('GET', '{dv}closings') or '0')
local trimmed = added - redis.call('XLEN', '{dv}closed')
local first = redis.call('XRANGE', '{dv}closed', '-', '+', 'COUNT', 1)[1]
local entries = {}
if ARGV[2] ~= '' then
  entries = redis.call('XRANGE', '{dv}closed', '(' .. ARGV[2], '+', 'COUNT', ARGV[3])
end
return { seq, string.format('%.0f', trimmed), first and first[1] or '', entries }
`
