import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFolder, findBinary, findPort } from '../../test/process/servers.ts'
import { type Measured, startMeasured } from '../load/place.ts'

/** Where distributions put nginx's Lua module, with the library for Redis beside it. */
const MODULES = [
  '/usr/lib/nginx/modules/ngx_http_lua_module.so',
  '/usr/lib64/nginx/modules/ngx_http_lua_module.so',
]

/** nginx alone: Lua reads the session from Redis and answers; it signs nothing. */
export async function startNginxLua(redisPort: number): Promise<Measured | undefined> {
  const binary = findBinary('nginx')
  const module = MODULES.find((path) => existsSync(path))
  if (binary === undefined || module === undefined) return undefined
  const folder = await createFolder('lua')
  const port = await findPort()
  const ndk = module.replace('ngx_http_lua_module', 'ndk_http_module')
  const text = `load_module ${ndk}; load_module ${module};
worker_processes 1; pid nginx.pid; error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      content_by_lua_block {
        local redis = require("resty.redis"):new()
        local id = ngx.var.cookie_dvara_session
        if not id or not redis:connect("127.0.0.1", ${redisPort}) then return ngx.exit(401) end
        local found = redis:get("rival:" .. id)
        redis:set_keepalive(10000, 100)
        if found == ngx.null then return ngx.exit(401) end
        local session = require("cjson").decode(found)
        if session.state ~= "active" then return ngx.exit(401) end
        ngx.header["X-Dvara-User"] = session.uid
        ngx.header["X-Dvara-Role"] = session.role
        ngx.exit(200)
      }
    }
  }
}
`
  await writeFile(join(folder, 'nginx.conf'), text)
  return startMeasured({
    ...{ name: 'nginx with Lua', command: binary, folder, port },
    args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;'],
  })
}
