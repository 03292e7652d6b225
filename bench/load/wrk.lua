-- Sends the requests of one file and prints the outcome as JSON. The file: head, tail and then the
-- variants, each followed by a NUL.
local head, tail, variants, at = "", "", {}, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local text = file:read("*a")
  file:close()
  local from = 1
  local function field()
    local to = text:find("\0", from, true)
    if to == nil then return nil end
    local value = text:sub(from, to - 1)
    from = to + 1
    return value
  end
  head, tail = field(), field()
  for variant in field do variants[#variants + 1] = variant end
end

function request()
  at = at % #variants + 1
  return head .. variants[at] .. tail
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"elapsedMs":%.1f,"refused":%d,"failed":%d,"bytes":%d,"p50Us":%.0f,"p99Us":%.0f}\n',
    summary.requests, summary.duration / 1000, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, summary.bytes,
    latency:percentile(50), latency:percentile(99)))
end
