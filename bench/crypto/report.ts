import type { Goal } from '../budget.ts'
import { COLD_START_MS_MAX, CRYPTO_GOALS, KEY_TABLE_BYTES_MAX, REASONS } from '../budget.ts'
import type { Setting } from '../machine.ts'
import type { Row } from '../micro/crypto-measure.ts'
import type { ColdStart } from './cold-start.ts'

/** A promised row: how it went, and what was asked. */
export interface GoalRow extends Row {
  readonly mustRatio: number
  readonly aimRatio: number
  /** The comparison that it stands on. */
  readonly measuredAs: string
}

/** How much memory one public key takes once it has a table. */
export interface KeyMemory {
  readonly name: string
  readonly bytes: number
}

export interface LostRow {
  readonly name: string
  readonly ratio: number
  readonly why: string
}

/** What `--json` prints. */
export interface CryptoReport extends Setting {
  readonly rows: readonly GoalRow[]
  /** Compared without a promise. */
  readonly comparisons: readonly Row[]
  readonly coldStart: ColdStart & { readonly mustMs: number; readonly must: boolean }
  readonly keyMemory: readonly KeyMemory[]
  readonly notFaster: readonly LostRow[]
  readonly opensslSpeed: string
  readonly rounds: number
  readonly versions: Readonly<Record<string, string>>
}

const UNEXPLAINED = 'Not explained yet: bench/budget.ts declares no reason for it.'

export interface Measured {
  readonly setting: Setting
  readonly rows: readonly Row[]
  readonly coldStart: ColdStart
  readonly keyMemory: readonly KeyMemory[]
  readonly opensslSpeed: string
  readonly rounds: number
  readonly versions: Readonly<Record<string, string>>
}

/**
 * Everything measured, held to what was promised. Throws when a promised row was not measured, or
 * by more than one comparison: a promise that nothing answers for must not look kept.
 */
export function reportOf(measured: Measured): CryptoReport {
  const { setting, rows, coldStart, keyMemory, opensslSpeed, rounds, versions } = measured
  const goalRows = CRYPTO_GOALS.map((goal) => judge(goal, rows, keyMemory))
  const answering = new Set(goalRows.map((row) => row.measuredAs))
  const comparisons = rows.filter((row) => !answering.has(row.name))
  return {
    rows: goalRows,
    ...setting,
    comparisons,
    coldStart: {
      ...coldStart,
      mustMs: COLD_START_MS_MAX,
      must: coldStart.medianMs <= COLD_START_MS_MAX,
    },
    keyMemory,
    notFaster: rows.filter((row) => row.ratio < 1).map(lostRowOf),
    opensslSpeed,
    rounds,
    versions,
  }
}

function judge(goal: Goal, rows: readonly Row[], keyMemory: readonly KeyMemory[]): GoalRow {
  const found = rows.filter((row) => goal.measuredAs.test(row.name))
  const [row] = found
  if (row === undefined || found.length > 1) {
    throw new Error(`${found.length} comparisons answer for "${goal.name}"; one should.`)
  }
  const tableBytes = keyMemory.find((each) => each.name === goal.table)?.bytes
  if (goal.table !== undefined && tableBytes === undefined) {
    throw new Error(`Nobody measured the tables of ${goal.table}.`)
  }
  const isSmall = tableBytes === undefined || tableBytes <= KEY_TABLE_BYTES_MAX
  return {
    ...row,
    name: goal.name,
    must: isSmall && row.ratio >= goal.must,
    aim: isSmall && row.ratio >= goal.aim,
    mustRatio: goal.must,
    aimRatio: goal.aim,
    measuredAs: row.name,
  }
}

function lostRowOf({ name, ratio }: Row): LostRow {
  const why = REASONS.find((reason) => reason.measuredAs.test(name))?.why ?? UNEXPLAINED
  return { name, ratio, why }
}
