import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../src/config/root.ts'

/** Where and when something was measured. */
export interface Setting {
  readonly machine: string
  readonly node: string
  readonly openssl: string
  readonly date: string
  readonly pinned: string
}

export function describeSetting(pinned: string): Setting {
  const model = cpus()[0]?.model ?? 'unknown processor'
  const gib = Math.round(totalmem() / 2 ** 30)
  return {
    machine: `${model}, ${cpus().length} cores, ${gib} GiB, ${process.platform} ${process.arch}`,
    node: process.version,
    openssl: process.versions.openssl,
    date: new Date().toISOString(),
    pinned,
  }
}

/** The version of a package as installed. */
export function versionOf(name: string): string {
  const file = join(projectRoot, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/**
 * How to start a process on one core: what goes before the command, and the words for it. The first
 * core is left to the system where there is a second.
 */
export function pinning(): { before: readonly string[]; pinned: string } {
  const core = availableParallelism() > 1 ? 1 : 0
  const before = ['taskset', '-c', String(core)]
  const { status } = spawnSync('taskset', [...before.slice(1), process.execPath, '--version'])
  if (status === 0) return { before, pinned: `core ${core}, by taskset` }
  return { before: [], pinned: 'not pinned: taskset is missing or may not pin here' }
}
