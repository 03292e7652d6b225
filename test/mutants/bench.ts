import { spawn } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutation, mutate } from './mutation.ts'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** A test that takes longer is stuck, which is a way to notice. */
const TEST_MS_MAX = 60_000

/** Not of the checkout, or replaced by a copy. */
const NOT_LINKED = new Set(['dist', '.git', '.cache', '.dvara'])

/** A checkout with a compiled copy of its own, in which one file at a time is wrong. */
export interface Bench {
  /** Puts the wrong file in its place. */
  spoil(mutation: Mutation, compiled: string): void
  /** Puts the right one back. */
  mend(mutation: Mutation): void
  /** Whether the tests of one file pass. */
  passes(test: string): Promise<boolean>
}

/** A folder for everything, outside of the checkout; the caller removes it. */
export function createFolder(): string {
  return mkdtempSync(join(tmpdir(), 'dvara-mutants-'))
}

export function createBench(folder: string): Bench {
  mkdirSync(folder)
  for (const name of readdirSync(ROOT)) {
    if (!NOT_LINKED.has(name)) symlinkSync(join(ROOT, name), join(folder, name))
  }
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
  const at = ({ file }: Mutation) => join('dist/src', file.replace(/ts$/, 'js'))
  return {
    spoil: (mutation, compiled) => copyFileSync(compiled, join(folder, at(mutation))),
    mend: (mutation) => copyFileSync(join(ROOT, at(mutation)), join(folder, at(mutation))),
    passes: (test) =>
      run(['--test-force-exit', join(folder, 'dist/test', `${test}.test.js`)], folder),
  }
}

/** Runs Node silently; whether it ended well and in time. */
function run(words: readonly string[], cwd: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // A test that failed may have left a timer behind.
    const child = spawn(process.execPath, words, { cwd, stdio: 'ignore' })
    const timer = setTimeout(() => child.kill('SIGKILL'), TEST_MS_MAX)
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve(code === 0)
    })
  })
}

/**
 * Compiles every wrong file, all at once and without a look at types; where each one is. Throws an
 * Error if one no longer applies, or is no program any more.
 */
export function compile(folder: string, mutations: readonly Mutation[]): Promise<string[]> {
  const sources = mutations.map((mutation, at) => {
    const source = join(folder, 'wrong', String(at), basename(mutation.file))
    mkdirSync(join(folder, 'wrong', String(at)), { recursive: true })
    writeFileSync(source, mutate(readSource(mutation), mutation))
    return source
  })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      ...{ rootDir: 'wrong', outDir: 'made', noCheck: true, noResolve: true },
      ...{ incremental: false, sourceMap: false, types: [] },
    },
    include: ['wrong'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  return new Promise((resolve, reject) => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const child = spawn(process.execPath, [tsc, '-p', folder], { stdio: ['ignore', 2, 2] })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code !== 0) reject(new Error('a mutation is no program, see above'))
      const made = (source: string) => source.replace(join(folder, 'wrong'), join(folder, 'made'))
      resolve(sources.map((source) => made(source).replace(/ts$/, 'js')))
    })
  })
}

export function readSource({ file }: Mutation): string {
  return readFileSync(join(ROOT, 'src', file), 'utf8')
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
