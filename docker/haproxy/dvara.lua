-- Asks the authorizer about the request at hand, with HAProxy's own HTTP client.
--
--     lua-load dvara.lua
--     http-request set-var(txn.dvara) str(asking)
--     http-request lua.dvara_ask http://127.0.0.1:9090/authz/haproxy
--     http-request deny unless { var(txn.dvara) -m str allowed }
--
-- Only a 200 sets txn.dvara to `allowed`; a refusal is answered here; anything else leaves the
-- variable as it was, and the rule after it refuses.

-- The authorizer answers within 150 ms or not at all. The client tries four times: 2 s in all.
local TIMEOUT_MS = 500

-- Headers of the client that a decision needs.
local ASKED = {
  "cookie", "user-agent", "x-csrf-token", "x-auth-apikey", "x-auth-nonce", "x-auth-signature",
  "x-auth-version", "content-digest",
  "x-forwarded-for", "x-forwarded-proto",
}

-- Identity that only a gateway may state: passed on so that the authorizer refuses it.
local RESERVED = {
  "^x%-dvara%-", "^x%-authentik%-", "^remote%-user$", "^remote%-groups$", "^remote%-email$",
  "^remote%-name$", "^x%-remote%-user$", "^x%-remote%-groups$", "^x%-remote%-email$",
  "^x%-remote%-name$", "^x%-auth%-user$", "^x%-auth%-role$", "^x%-auth%-uid$",
  "^x%-forwarded%-user$", "^x%-forwarded%-groups$", "^x%-forwarded%-email$",
  "^x%-forwarded%-preferred%-username$",
}

-- What an upstream is told, each exactly once on every allow.
local GRANTED = { "authorization", "x-dvara-user", "x-dvara-role" }

-- What a refused client is told besides the body.
local SHOWN = {
  "content-type", "cache-control", "www-authenticate", "retry-after", "x-decision-id",
}

local OURS = { ["dvara_session"] = true, ["__Host-dvara_session"] = true }

-- HAProxy counts the values of a header from 0.
local function values(header)
  local list = {}
  local index = 0
  while header ~= nil and header[index] ~= nil do
    list[#list + 1] = header[index]
    index = index + 1
  end
  return list
end

local function isReserved(name)
  for _, pattern in ipairs(RESERVED) do
    if name:match(pattern) then return true end
  end
  return false
end

local function question(txn, headers)
  local asked = {}
  for _, name in ipairs(ASKED) do
    local found = values(headers[name])
    if #found > 0 then
      -- Cookie lines are joined as RFC 6265 would have sent them; other repeats stay repeats.
      asked[name] = name == "cookie" and { table.concat(found, "; ") } or found
    end
  end
  for name, header in pairs(headers) do
    if isReserved(name) then asked[name] = values(header) end
  end
  asked["x-forwarded-method"] = { txn.sf:method() }
  asked["x-forwarded-uri"] = { txn.f:url() }
  asked["x-forwarded-host"] = values(headers["host"])
  return asked
end

local function refuse(txn, answer)
  local reply = txn:reply()
  reply:set_status(answer.status)
  for _, name in ipairs(SHOWN) do
    for _, value in ipairs(values(answer.headers[name])) do reply:add_header(name, value) end
  end
  reply:set_body(answer.body or "")
  txn:done(reply)
end

core.register_action("dvara_ask", { "http-req" }, function(txn, address)
  local headers = txn.http:req_get_headers()
  local answer = core.httpclient():get({
    url = address,
    headers = question(txn, headers),
    timeout = TIMEOUT_MS,
  })

  if answer == nil or answer.status == nil then return end
  if answer.status >= 400 and answer.status < 500 then return refuse(txn, answer) end
  if answer.status ~= 200 then return end

  for _, name in ipairs(GRANTED) do
    local granted = values(answer.headers[name])
    -- One of them missing or repeated is no answer of the authorizer.
    if #granted ~= 1 then return end
    txn.http:req_set_header(name, granted[1])
  end
  txn:set_var("txn.dvara", "allowed")
end, 1)

core.register_action("dvara_strip", { "http-req" }, function(txn)
  local kept = {}
  for _, line in ipairs(values(txn.http:req_get_headers()["cookie"])) do
    for pair in line:gmatch("[^;]+") do
      local name = pair:match("^%s*([^=]-)%s*=")
      if not OURS[name] then kept[#kept + 1] = pair:match("^%s*(.-)%s*$") end
    end
  end
  txn.http:req_del_header("cookie")
  if #kept > 0 then txn.http:req_add_header("cookie", table.concat(kept, "; ")) end
end, 0)
