import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFolder, findBinary, findPort } from '../../test/process/servers.ts'
import { type Measured, startMeasured } from '../load/place.ts'
import { gatherLuaModules, type LuaModules } from './lua-modules.ts'
import type { RivalOptions } from './rules.ts'

/** nginx alone, as far as Debian's libraries go: they sign RS256, and know no EdDSA. */
export interface LuaOptions extends Omit<RivalOptions, 'algorithm'> {
  readonly redisPort: number
  /** Whether a token is signed for each answer. */
  readonly isSigning: boolean
}

/** Or a sentence on why it cannot be started here. */
export async function startNginxLua(options: LuaOptions): Promise<Measured | string> {
  const binary = findBinary('nginx')
  if (binary === undefined) return 'nginx is not on this machine.'
  const lua = gatherLuaModules()
  if (typeof lua === 'string') return lua
  const folder = await createFolder('lua')
  const port = await findPort()
  await writeFile(join(folder, 'rules.json'), JSON.stringify(options.rules))
  await writeFile(join(folder, 'key.pem'), options.privateKey)
  await writeFile(join(folder, 'nginx.conf'), configurationOf(lua, { ...options, port, folder }))
  return startMeasured({
    ...{ name: 'nginx with Lua', command: binary, folder, port },
    args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'],
    ...(lua.libraries === '' ? {} : { env: { LD_LIBRARY_PATH: lua.libraries } }),
  })
}

interface Placed extends LuaOptions {
  readonly port: number
  readonly folder: string
}

function configurationOf(lua: LuaModules, { port, redisPort, folder, isSigning }: Placed): string {
  return `${lua.modules.map((file) => `load_module ${file};`).join('\n')}
worker_processes 1; pid nginx.pid; error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  lua_package_path "${lua.path}";
  lua_package_cpath "${lua.cpath}";
  init_by_lua_block {
    json = require("cjson")
    redis = require("nginx.redis")
    base64url = require("ngx.base64").encode_base64url
    digest = require("openssl.digest")
    local function read(name)
      local file = assert(io.open("${folder}/" .. name))
      local text = file:read("*a")
      file:close()
      return text
    end
    rules = json.decode(read("rules.json"))
    key = require("openssl.pkey").new(read("key.pem"))
    token_head = base64url('{"alg":"RS256","typ":"JWT","kid":"rival"}') .. "."
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      content_by_lua_block {
        local client = redis:new()
        local id = ngx.var.cookie_dvara_session
        if not id or not client:connect("127.0.0.1", ${redisPort}) then return ngx.exit(401) end
        local found = client:get("rival:" .. id)
        client:set_keepalive(10000, 100)
        if not found or found == ngx.null then return ngx.exit(401) end
        local session = json.decode(found)
        if session.state ~= "active" or session.expiresAtMs <= ngx.now() * 1000
          or session.userAgent ~= ngx.var.http_user_agent then
          return ngx.exit(401)
        end
        local method, target = ngx.var.http_x_original_method, ngx.var.http_x_original_uri
        local path = target:match("^[^?]*")
        local is_allowed = false
        for _, rule in ipairs(rules) do
          if rule.role == session.role and (rule.verb == "ALL" or rule.verb == method)
            and path:sub(1, #rule.path) == rule.path then
            is_allowed = true
            break
          end
        end
        if not is_allowed then return ngx.exit(403) end
        ngx.header["X-Dvara-User"] = session.uid
        ngx.header["X-Dvara-Role"] = session.role
        ngx.header["Cache-Control"] = "no-store"
        ${isSigning ? SIGN : ''}
        ngx.exit(200)
      }
    }
  }
}
`
}

const SIGN = `local now = ngx.time()
        local text = token_head .. base64url(json.encode({
          sub = session.uid, uid = session.uid, email = session.email, role = session.role,
          level = session.level, state = session.state, iss = "rival", aud = { "dvara" },
          iat = now, exp = now + 60,
        }))
        local signature = key:sign(digest.new("sha256"):update(text))
        ngx.header["Authorization"] = "Bearer " .. text .. "." .. base64url(signature)`
