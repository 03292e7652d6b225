// Writes the generated sources, compiles wasm/assembly to dvara.wasm and its text beside the
// compiled form of this file, and skips the compiler when nothing it reads has changed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Every module in wasm/generate exports this: file name under assembly/generated to its text. */
export interface Generator {
  readonly sources: Readonly<Record<string, () => string>>
}

const here = dirname(fileURLToPath(import.meta.url))
const root = findRoot(here)
const assembly = join(root, 'wasm/assembly')
const generated = join(assembly, 'generated')
const target = join(here, 'dvara.wasm')
const stamp = join(here, 'dvara.wasm.stamp')

function findRoot(start: string): string {
  let folder = start
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  writeFileSync(path, text)
}

async function generate(): Promise<void> {
  mkdirSync(generated, { recursive: true })
  for (const file of readdirSync(join(here, 'generate'))) {
    if (!file.endsWith('.js')) continue
    const module = (await import(join(here, 'generate', file))) as Partial<Generator>
    for (const [name, text] of Object.entries(module.sources ?? {})) {
      writeIfChanged(join(generated, name), text())
    }
  }
}

function digestOfSources(): string {
  const digest = createHash('sha256')
  const files = readdirSync(assembly, { recursive: true }) as string[]
  for (const file of files.filter((name) => name.endsWith('.ts')).sort()) {
    digest.update(`${file}\0`).update(readFileSync(join(assembly, file)))
  }
  digest.update(readFileSync(join(root, 'wasm/asconfig.json')))
  digest.update(readFileSync(join(root, 'node_modules/assemblyscript/package.json')))
  return digest.digest('hex')
}

/** The compiler is of WebAssembly itself, and run once: to make it fast first takes longer. */
const HASTE = '--liftoff-only'
/** With which Node ends when it does not know one of its options. */
const OPTION_UNKNOWN = 9

function compile(): number {
  const status = compileWith([HASTE])
  return status === OPTION_UNKNOWN ? compileWith([]) : status
}

function compileWith(options: readonly string[]): number {
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
  const { status } = spawnSync(
    process.execPath,
    [
      ...options,
      asc,
      join(assembly, 'index.ts'),
      ...['--config', join(root, 'wasm/asconfig.json')],
      ...['--baseDir', root, '--outFile', target, '--textFile', target.replace(/wasm$/, 'wat')],
    ],
    { stdio: ['ignore', 2, 2], cwd: root },
  )
  return status ?? 1
}

await generate()
const wanted = digestOfSources()
const isFresh = existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
if (!isFresh) {
  const status = compile()
  if (status === 0) writeFileSync(stamp, wanted)
  else process.exitCode = status
}
