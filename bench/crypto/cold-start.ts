import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { openCrypto } from '../../src/crypto/engine.ts'
import { median } from '../statistics.ts'

/** Milliseconds from nothing to a module that proved itself, each in a process of its own. */
export interface ColdStart {
  readonly medianMs: number
  readonly minMs: number
  readonly maxMs: number
  /** Of the median's kind, but only what a processor was had: less on a machine that is shared. */
  readonly processorMs: number
  readonly rounds: number
}

interface Start {
  readonly tookMs: number
  readonly processorMs: number
}

/** Throws when a fresh process could not prove the module right. */
export function measureColdStart(rounds: number): ColdStart {
  const file = fileURLToPath(import.meta.url)
  const starts = Array.from({ length: rounds }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`The cold start failed: ${stderr}`)
    return JSON.parse(stdout) as Start
  })
  const tookMs = starts.map((start) => start.tookMs)
  return {
    medianMs: median(tookMs),
    minMs: Math.min(...tookMs),
    maxMs: Math.max(...tookMs),
    processorMs: median(starts.map((start) => start.processorMs)),
    rounds,
  }
}

/** Compiles, instantiates, builds the default curve’s tables and proves: a worker’s start. */
function startCold(): Start {
  const { privateKey } = generateKeyPairSync('ed25519')
  const startedMs = performance.now()
  const before = process.cpuUsage()
  const engine = openCrypto('wasm', (problem) => {
    throw new Error(problem)
  })
  engine.stamp({ alg: 'EdDSA', kid: 'cold', privateKey })
  const { user, system } = process.cpuUsage(before)
  return { tookMs: performance.now() - startedMs, processorMs: (user + system) / 1000 }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(startCold()))
}
