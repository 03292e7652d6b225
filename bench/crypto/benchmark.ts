import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectRoot } from '../../src/config/root.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import { replaceBetween } from '../document.ts'
import { versionOf } from '../machine.ts'
import { measureEd25519 } from '../micro/crypto-ed25519.ts'
import { measureMacs } from '../micro/crypto-mac.ts'
import type { Row } from '../micro/crypto-measure.ts'
import { adjustMeasuring, describe } from '../micro/crypto-measure.ts'
import { measureP256 } from '../micro/crypto-p256.ts'
import { measureTokens } from '../micro/crypto-tokens.ts'
import { plotRatios } from '../plot.ts'
import type { Result, Task } from '../run.ts'
import { measureColdStart } from './cold-start.ts'
import { measureOpenssl, opensslRows } from './openssl.ts'
import { pageOf } from './page.ts'
import type { CryptoReport, KeyMemory } from './report.ts'
import { reportOf } from './report.ts'
import { measureRivals, RIVALS } from './rivals.ts'

const PAGE = 'BENCHMARKS.md'
const PLOT = 'docs/plots/crypto.svg'

/** What one public key with a table takes, as the module itself says. */
export function measureKeyMemory(): KeyMemory[] {
  const instance = createWasmInstance()
  return [
    { name: 'Ed25519', bytes: instance.keyTableBytes },
    { name: 'P-256', bytes: instance.entry('p256KeyBytes')() },
  ]
}

/** The comparisons with node:crypto and fast-jwt that promises stand on. */
export function measureOwn(): Row[] {
  return [...measureEd25519(), ...measureP256(), ...measureTokens(), ...measureMacs()]
}

/** Measures all of crypto: some twenty seconds. */
export async function benchCrypto({ rounds, setting, say }: Task): Promise<Result> {
  adjustMeasuring({ rounds, onRow: (row) => say(describe(row)) })
  const own = measureOwn()
  const rivals = await measureRivals()
  say('openssl speed …')
  const speed = measureOpenssl()
  say('cold start …')
  const report = reportOf({
    setting,
    rows: [...own, ...rivals, ...(speed === undefined ? [] : opensslRows(speed, own))],
    coldStart: measureColdStart(rounds),
    keyMemory: measureKeyMemory(),
    opensslSpeed: speed?.version ?? 'no openssl on this machine',
    rounds,
    versions: Object.fromEntries(RIVALS.map((name) => [name, versionOf(name)])),
  })
  return {
    report,
    lines: summaryOf(report),
    document: () => writePage(report),
    passes: true,
  }
}

function summaryOf(report: CryptoReport): string[] {
  const { coldStart, notFaster } = report
  return [
    ...report.rows.map(describe),
    `cold start ${coldStart.medianMs.toFixed(1)} ms of ${coldStart.mustMs} ms at most`,
    ...notFaster.map(
      ({ name, ratio, why }) => `not faster: ${name} (${ratio.toFixed(2)}×): ${why}`,
    ),
    `written: ${PAGE}, ${PLOT}`,
  ]
}

function writePage(report: CryptoReport): void {
  const page = join(projectRoot, PAGE)
  const plot = join(projectRoot, PLOT)
  const text = readFileSync(page, 'utf8')
  writeFileSync(page, replaceBetween(text, 'crypto', pageOf(report, PLOT)))
  mkdirSync(dirname(plot), { recursive: true })
  writeFileSync(
    plot,
    plotRatios('Times as fast as the other way (the dashed line: just as fast)', report.rows),
  )
}
