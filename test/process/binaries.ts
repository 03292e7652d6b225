import { accessSync, constants, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Programs the tests run beside the authorizer. Only Traefik may be missing in CI. */
const OPTIONAL = new Set(['traefik'])

/** Folders that hold servers but are often absent from an ordinary user's PATH. */
const EXTRA_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin']

const POSTGRES_ROOTS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']

/** Either a path to run, or the sentence that a skipped test shows. */
export type Binary = { path: string; skip: false } | { path: ''; skip: string }

/** The path of a program, or `undefined` if this machine has none. */
export function findBinary(name: string): string | undefined {
  for (const folder of foldersFor(name)) {
    const path = join(folder, name)
    if (isExecutable(path)) return path
  }
  return undefined
}

/**
 * For `test('…', { skip: binary.skip }, …)`: a missing program skips the test under its own name,
 * except under CI=true, where a test that silently did not run would be a lie.
 */
export function requireBinary(name: string): Binary {
  const path = findBinary(name)
  if (path !== undefined) return { path, skip: false }
  const reason = `${name} is not on this machine`
  if (process.env.CI === 'true' && !OPTIONAL.has(name)) {
    throw new Error(`${reason}: run npm test, which installs it or says how to.`)
  }
  return { path: '', skip: reason }
}

function* foldersFor(name: string): Generator<string> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder !== '') yield folder
  }
  yield* EXTRA_FOLDERS
  if (name === 'initdb' || name === 'postgres' || name === 'psql') yield* postgresFolders()
  yield* cachedFolders(name)
}

/** Debian keeps `initdb` in a folder per major version; the newest comes first. */
function* postgresFolders(): Generator<string> {
  for (const root of POSTGRES_ROOTS) {
    const versions = listFolder(root).filter((entry) => /^(postgresql@)?\d+$/.test(entry))
    versions.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    for (const version of versions) yield join(root, version, 'bin')
  }
}

/** Where `npm test` keeps what no system package offers: one folder per program and version. */
function* cachedFolders(name: string): Generator<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dvara')
  for (const entry of listFolder(cache).sort().reverse()) {
    if (entry.startsWith(`${name}-`)) yield join(cache, entry)
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** For servers that a test cannot do without. */
export function needBinary(name: string): string {
  const path = findBinary(name)
  if (path === undefined) {
    throw new Error(`${name} is not on this machine: npm test installs it or says how to.`)
  }
  return path
}
