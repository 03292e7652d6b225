import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { projectRoot } from '../src/config/root.ts'
import { TESTED_THROUGH } from './tidy/mirrors.ts'
import {
  functionsOf,
  importsOf,
  lineOf,
  listFiles,
  readSources,
  type Source,
} from './tidy/source.ts'

/** Which rooms each room may import. A room not listed here does not exist. */
const DOORS: Record<string, readonly string[]> = {
  core: [],
  crypto: [],
  config: [],
  cache: ['core'],
  gateway: ['core'],
  store: ['core'],
  telemetry: ['core'],
  authorizer: ['core', 'crypto', 'config', 'cache', 'gateway', 'store', 'telemetry'],
  identity: ['core', 'crypto', 'config', 'store', 'telemetry'],
  // The commands alone may join the two processes, as `dvara dev` does.
  command: [
    ...['authorizer', 'identity', 'gateway', 'cache', 'store', 'telemetry'],
    ...['core', 'crypto', 'config'],
  ],
}

const DRIVERS = {
  pg: 'src/store/postgres.ts',
  ioredis: 'src/store/redis-link.ts',
  'uWebSockets.js': 'src/gateway/engine-uws.ts',
  maxmind: 'src/store/geo.ts',
}

/** Outside config/, who may touch process.env, and why. */
const ENVIRONMENT_READERS: Record<string, string> = {
  'src/gateway/engine-uws.ts': 'the engine takes its limit on headers from nowhere else',
}

const FILE_LINES_MAX = 300
/** A suite may hold more cases than a module may hold code. */
const TEST_LINES_MAX = 500
const FUNCTION_LINES_MAX = 60
/** A `create…` function may hold several small ones; even so it shall fit two screens. */
const FACTORY_LINES_MAX = 100
const COLUMNS_MAX = 100
/** A key, a digest, an address, a pattern: what no one could break over two lines. */
const UNBREAKABLE = /\S{60,}/

const BANNED_NAME = /(^|[/.-])(utils?|helpers?|common|misc|managers?|services?)([/.-]|$)/

const src = readSources('src')
const ci = readSources('.ci')
const rest = [...readSources('test'), ...readSources('bench')]
const all = [...src, ...ci, ...rest]

/** As Node decides it: by the name's end, else by the nearest package.json. */
function isForRequire(name: string): boolean {
  const file = fileURLToPath(import.meta.resolve(name))
  if (/\.[cm]js$/.test(file)) return file.endsWith('.cjs')
  let folder = dirname(file)
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  const { type } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return type !== 'module'
}

describe('doors', () => {
  test('a room imports only the rooms it leans on', () => {
    assertNone(
      src.flatMap((source) => {
        const room = roomOf(source.path)
        if (room === undefined) return []
        const doors = DOORS[room]
        if (doors === undefined) return [`${source.path}: ${room} is not a room`]
        return importsOf(source)
          .filter((path) => path.startsWith('.'))
          .map((path) => join(dirname(source.path), path))
          .filter((path) => roomOf(path) !== room && !doors.includes(roomOf(path) ?? ''))
          .map((path) => `${source.path} may not import ${path}`)
      }),
    )
  })

  test('only main.ts lives outside the rooms, and it imports only commands and config', () => {
    const outside = src.filter((source) => roomOf(source.path) === undefined)
    assert.deepEqual(
      outside.map((source) => source.path),
      ['src/main.ts'],
    )
    assertNone(
      outside.flatMap((source) =>
        importsOf(source).filter((path) => !/^\.\/(command|config)\//.test(path)),
      ),
    )
  })

  test('a package written for require that is loaded late is taken by its default', () => {
    // In dist/dvara it has no other: its names are not known before it has run.
    assertNone(
      src.flatMap(({ path, text }) =>
        [...text.matchAll(/\bimport\('([^.'][^']*)'\)(\)\.default\b)?/g)]
          .filter(([, name = '', byDefault]) => byDefault === undefined && isForRequire(name))
          .map(([, name]) => `${path}: (await import('${name}')).default`),
      ),
    )
  })

  test('nothing in src leans on tests, benches or CI', () => {
    assertNone(
      src.flatMap((source) =>
        importsOf(source)
          .filter((path) => path.startsWith('.'))
          .map((path) => join(dirname(source.path), path))
          .filter((path) => !path.startsWith('src/'))
          .map((path) => `${source.path} imports ${path}`),
      ),
    )
  })

  test('the reference shares nothing with what it is compared to', () => {
    const reference = rest.filter((source) => source.path.startsWith('test/reference/'))
    assert.ok(reference.length > 0)
    assertNone(
      reference.flatMap((source) =>
        importsOf(source)
          .filter((path) => !/^\.\/[\w-]+\.ts$/.test(path) && !path.startsWith('node:'))
          .map((path) => `${source.path} imports ${path}`),
      ),
    )
  })

  test('each driver is imported by one file', () => {
    for (const [driver, owner] of Object.entries(DRIVERS)) {
      const users = src.filter((source) => importsOf(source).includes(driver))
      assert.deepEqual([driver, users.map((source) => source.path)], [driver, [owner]])
    }
  })

  test('the environment is read in config alone', () => {
    assertNone(
      places(src, /\bprocess\s*\.\s*env\b/g).filter(
        (place) =>
          !place.startsWith('src/config/') && !((place.split(':')[0] ?? '') in ENVIRONMENT_READERS),
      ),
    )
  })
})

describe('core', () => {
  const core = src.filter((source) => roomOf(source.path) === 'core')

  test('does nothing: no clock, no chance, no waiting, no process', () => {
    assertNone(places(core, /\b(async|await|process|fetch|set\w+out|setInterval|console)\b/gi))
    assertNone(places(core, /\bMath\.random\b|\b(Date|performance)\.now\b|\bnew Date\(\s*\)/g))
  })

  test('imports only core and node:assert', () => {
    assertNone(
      core.flatMap((source) =>
        importsOf(source)
          .filter((path) => !/^\.\/[\w.-]+$/.test(path) && !/^node:assert(\/strict)?$/.test(path))
          .map((path) => `${source.path} imports ${path}`),
      ),
    )
  })
})

describe('size', () => {
  test(`no file has more than ${FILE_LINES_MAX} lines, no test ${TEST_LINES_MAX}`, () => {
    assertNone(
      all.flatMap(({ path, text }) => {
        const linesCount = text.split('\n').length - 1
        const linesMax = path.startsWith('test/') ? TEST_LINES_MAX : FILE_LINES_MAX
        return linesCount > linesMax ? [`${path} has ${linesCount}`] : []
      }),
    )
  })

  test(`no function has more than ${FUNCTION_LINES_MAX} lines of its own`, () => {
    assertNone(
      [...src, ...ci].flatMap(({ path, code }) =>
        functionsOf(code)
          .filter(
            (span) =>
              span.ownLinesCount > FUNCTION_LINES_MAX || span.linesCount > FACTORY_LINES_MAX,
          )
          .map((span) => `${path}:${span.line} ${span.name}: ${span.linesCount}`),
      ),
    )
  })

  test(`no line is wider than ${COLUMNS_MAX} columns`, () => {
    assertNone(
      all.flatMap(({ path, text }) =>
        text
          .split('\n')
          .map((line, at) => ({ width: [...line.replace(UNBREAKABLE, '')].length, at }))
          .filter(({ width }) => width > COLUMNS_MAX)
          .map(({ width, at }) => `${path}:${at + 1} has ${width}`),
      ),
    )
  })
})

describe('words', () => {
  test('no file or folder has a name that says nothing', () => {
    const folders = ['src', 'test', '.ci', 'docs', 'migrations', 'nginx', 'docker', 'bench']
    const paths = folders.filter((folder) => existsSync(join(projectRoot, folder)))
    assertNone(paths.flatMap(listFiles).filter((path) => BANNED_NAME.test(path)))
  })

  test('no any, no enum, no default export', () => {
    assertNone(places(all, /(:|\bas|<|,|\|)\s*any\b(?!\s*[(:])/g))
    assertNone(places(all, /\benum\s+\w+\s*\{/g))
    assertNone(places(all, /\bexport\s+default\b/g))
  })

  test('nothing is left for later in the source', () => {
    const later = new RegExp(`\\b(${['TO', 'FIX'].map((w) => `${w}DO|${w}ME`).join('|')})\\b`)
    assertNone(
      all.flatMap(({ path, text }) =>
        later.test(text) ? [`${path}: finish it, or say why not`] : [],
      ),
    )
  })
})

describe('mirrors', () => {
  const hasMirror = (path: string) =>
    existsSync(join(projectRoot, path.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts')))

  test('every source file has its test in the same place, or says which test covers it', () => {
    assertNone(
      src
        .filter((source) => !isOnlyTypes(source.code) && !hasMirror(source.path))
        .map((source) => source.path)
        .filter((path) => TESTED_THROUGH[path] === undefined),
    )
  })

  test('the list of exceptions names files and tests that exist, and nothing needless', () => {
    assertNone(
      Object.entries(TESTED_THROUGH).flatMap(([path, by]) => {
        const source = src.find((one) => one.path === path)
        if (source === undefined) return [`${path} does not exist`]
        if (hasMirror(path) || isOnlyTypes(source.code)) return [`${path} needs no exception`]
        return existsSync(join(projectRoot, by)) ? [] : [`${path}: ${by} does not exist`]
      }),
    )
  })
})

/** No statement of it is left once types are erased. */
function isOnlyTypes(code: string): boolean {
  return !/^(export\s+)?(async\s+)?(const|let|function|class)\b/m.test(code)
}

function roomOf(path: string): string | undefined {
  return /^src\/([\w-]+)\//.exec(path)?.[1]
}

function places(sources: readonly Source[], pattern: RegExp): string[] {
  return sources.flatMap(({ path, code }) =>
    [...code.matchAll(pattern)].map(
      (match) => `${path}:${lineOf(code, match.index ?? 0)} ${match[0].trim()}`,
    ),
  )
}

function assertNone(found: readonly string[]): void {
  assert.equal(found.length, 0, `\n  ${found.join('\n  ')}\n(see docs/contributing.md)`)
}

test('the names of this file’s own lists are files', () => {
  for (const path of Object.keys(ENVIRONMENT_READERS)) {
    assert(existsSync(join(projectRoot, path)), `${basename(path)} is gone: drop its exception`)
  }
})

test('the lock holds every platform’s optional packages, or npm ci would refuse it', () => {
  const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const names = Object.keys(lock.packages)
  assertNone(
    Object.values(lock.packages)
      .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
      .filter((name) => !names.some((path) => path.endsWith(`node_modules/${name}`))),
  )
})
