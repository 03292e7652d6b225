import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'

/** nginx's Lua module with the libraries that a rival in Lua needs. */
export interface LuaModules {
  /** Of nginx, in the order of their loading. */
  readonly modules: readonly string[]
  /** Where Lua looks for libraries in Lua, and for compiled ones; as `package.path` has them. */
  readonly path: string
  readonly cpath: string
  /** Where the system finds what the modules are linked with; '' for its usual places. */
  readonly libraries: string
}

/** As Debian and its kin call them; none of it is installed, only unpacked below our own folder. */
const PACKAGES = [
  ...['libnginx-mod-http-ndk', 'libnginx-mod-http-lua', 'libluajit2-5.1-2', 'libpcre3'],
  ...['lua-resty-core', 'lua-resty-lrucache', 'lua-nginx-redis', 'lua-cjson', 'lua-luaossl'],
]
const UNPACKED = join(projectRoot, '.cache', 'nginx-lua')
const DOWNLOAD_MS_MAX = 120_000

/** What this machine has, or gets: a sentence on why it cannot where it cannot. */
export function gatherLuaModules(): LuaModules | string {
  const own = modulesIn('/')
  if (own !== undefined) return own
  const problem = existsSync(UNPACKED) ? undefined : unpack()
  return problem ?? modulesIn(UNPACKED) ?? 'what apt brought has no Lua module for nginx.'
}

function unpack(): string | undefined {
  if (!existsSync('/usr/bin/apt-get')) return 'its Lua module is not here, and neither is apt.'
  const aside = `${UNPACKED}.${process.pid}`
  mkdirSync(aside, { recursive: true })
  try {
    const quietly = { cwd: aside, timeout: DOWNLOAD_MS_MAX } as const
    const { status } = spawnSync('apt-get', ['download', '-qq', ...PACKAGES], quietly)
    if (status !== 0) return `apt-get download ${PACKAGES.join(' ')} failed (apt-get update?).`
    for (const file of readdirSync(aside).filter((name) => name.endsWith('.deb'))) {
      const { status } = spawnSync('dpkg-deb', ['-x', file, '.'], quietly)
      if (status !== 0) return `dpkg-deb could not unpack ${file}.`
    }
    renameSync(aside, UNPACKED)
    return undefined
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Undefined unless all of it is below that folder. */
function modulesIn(root: string): LuaModules | undefined {
  const modules = ['ndk_http_module.so', 'ngx_http_lua_module.so'].map((name) =>
    join(root, 'usr/lib/nginx/modules', name),
  )
  const share = join(root, 'usr/share/lua/5.1')
  const libraries = listFolder(join(root, 'usr/lib'))
    .filter((name) => name.includes('-linux-'))
    .map((name) => join(root, 'usr/lib', name))
  const compiled = libraries.find((folder) => existsSync(join(folder, 'lua/5.1/_openssl.so')))
  const isWhole = [...modules, join(share, 'nginx/redis.lua')].every((file) => existsSync(file))
  if (!isWhole || compiled === undefined) return undefined
  const beside = compiled.replace('/usr/lib/', '/lib/')
  return {
    modules,
    path: `${share}/?.lua;;`,
    cpath: `${compiled}/lua/5.1/?.so;;`,
    libraries: root === '/' ? '' : `${compiled}:${beside}`,
  }
}

function listFolder(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
