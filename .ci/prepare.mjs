// Makes dist/ and node_modules/ what the checkout says they should be, and little else:
// with nothing to do it costs one hash and one incremental compile.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const STAMP = join(root, 'node_modules', '.dvara-installed')
const BUILT = join(root, 'dist', '.dvara-built')
const BUNDLER = join(root, '.ci/bundle.mjs')
const NODE_OLDEST = [20, 19]
const COMPILED_FOLDERS = ['src', 'test', 'bench', 'wasm']
const GENERATED = join('wasm', 'assembly', 'generated')

/** Installs and builds what is missing or stale; ends the process with one line if it cannot. */
export function prepare() {
  requireNode()
  install()
  build()
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [oldest, oldestMinor] = NODE_OLDEST
  if (major > oldest || (major === oldest && minor >= oldestMinor)) return
  fail(`Node ${NODE_OLDEST.join('.')} or newer is needed; this is ${process.versions.node}.`)
}

function install() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  const wanted = createHash('sha256')
    .update(`${process.versions.modules} ${process.platform} ${process.arch}\n`)
    .update(lock)
    .digest('hex')
  if (readOrEmpty(STAMP) === wanted) return
  say('Installing packages (npm ci) …')
  const ran = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  if (ran !== 0) fail('npm ci did not succeed: is a package registry within reach? Then run again.')
  writeFileSync(STAMP, wanted)
}

function build() {
  const sources = listSources()
  const compiler = statSync(join(root, 'node_modules/typescript/package.json')).mtimeMs
  const config = [join(root, 'tsconfig.json'), BUNDLER].map((file) => statSync(file).mtimeMs)
  const wanted = createHash('sha256')
    .update(`${compiler} ${config}\n${sources.map((s) => `${s.path} ${s.mtimeMs}`).join('\n')}`)
    .digest('hex')
  if (readOrEmpty(BUILT) === wanted) return
  say('Building …')
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  // Types are judged by `checkTypes`: to judge them here would make a first start twice as long.
  const emit = [tsc, '-p', root, '--noCheck']
  if (run(process.execPath, emit) !== 0) fail('The build found errors, shown above.')
  removeStale(sources)
  const module = join(root, 'dist/wasm/build.js')
  if (run(process.execPath, [module]) !== 0) fail('dvara.wasm did not compile: see above.')
  if (run(process.execPath, [BUNDLER]) !== 0) fail('The product was not put together: see above.')
  writeFileSync(BUILT, wanted)
}

/** The compiler's exit code; only what changed since the last time is judged again. */
export function checkTypes() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const memory = join(root, 'dist', '.types.tsbuildinfo')
  return run(process.execPath, [tsc, '-p', root, '--noEmit', '--tsBuildInfoFile', memory])
}

function listSources() {
  const found = []
  // By hand: `recursive` of readdirSync takes 30 ms for them, of every start.
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (path !== GENERATED) walk(path)
      } else if (path.endsWith('.ts')) {
        found.push({ path, mtimeMs: statSync(join(root, path)).mtimeMs })
      }
    }
  }
  for (const folder of COMPILED_FOLDERS) if (existsSync(join(root, folder))) walk(folder)
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A deleted test must not go on running from dist/. */
function removeStale(sources) {
  const kept = new Set(sources.map((source) => source.path.slice(0, -'.ts'.length)))
  for (const folder of COMPILED_FOLDERS) {
    const built = join(root, 'dist', folder)
    if (!existsSync(built)) continue
    for (const entry of readdirSync(built, { recursive: true })) {
      const stem = join(folder, entry).replace(/\.js(\.map)?$/, '')
      if (/\.js(\.map)?$/.test(entry) && !kept.has(stem)) rmSync(join(built, entry))
    }
  }
}

/** Runs a command with its output shown on our standard error; its exit code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    ...options,
  })
  if (error !== undefined) say(`${command}: ${error.message}`)
  return status ?? 1
}

export function say(line) {
  process.stderr.write(`${line}\n`)
}

function fail(line) {
  say(line)
  process.exit(1)
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  prepare()
  if (process.argv.includes('--types') && checkTypes() !== 0) {
    fail('The types do not fit, as shown above.')
  }
}
