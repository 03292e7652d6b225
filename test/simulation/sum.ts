import type { Outcome } from './one.ts'

/** What came of many histories; sums of parts are added up in any order. */
export interface Sum {
  seeds: number
  checksAfterAck: number
  staleAllows: number
  worstAgeMs: number
  validAsked: number
  deniedWhileValid: number
  /** How many acknowledgements took so many whole milliseconds. */
  readonly acksByMs: Record<number, number>
  /** Of all histories, in hex; the order in which they ran does not matter. */
  historyHash: string
  /** The first seeds whose history breaks a rule. */
  readonly broken: { readonly seed: number; readonly rule: string; readonly text: string }[]
}

const BROKEN_MAX = 20

export function createSum(): Sum {
  return {
    ...{ seeds: 0, checksAfterAck: 0, staleAllows: 0, worstAgeMs: 0, validAsked: 0 },
    ...{ deniedWhileValid: 0, acksByMs: {}, historyHash: '0', broken: [] },
  }
}

export function addOutcome(sum: Sum, { seed, tally, hash }: Outcome): void {
  sum.seeds += 1
  sum.checksAfterAck += tally.checksAfterAck
  sum.staleAllows += tally.staleAllows
  sum.worstAgeMs = Math.max(sum.worstAgeMs, tally.worstAgeMs)
  sum.validAsked += tally.validAsked
  sum.deniedWhileValid += tally.deniedWhileValid
  for (const ms of tally.acksMs) {
    const whole = Math.ceil(ms)
    sum.acksByMs[whole] = (sum.acksByMs[whole] ?? 0) + 1
  }
  addHash(sum, BigInt(hash) * (2n * BigInt(seed) + 1n))
  const [first] = tally.violations
  if (first === undefined || sum.broken.length >= BROKEN_MAX) return
  sum.broken.push({ seed, rule: first.rule, text: first.text })
}

export function addSum(sum: Sum, part: Sum): void {
  sum.seeds += part.seeds
  sum.checksAfterAck += part.checksAfterAck
  sum.staleAllows += part.staleAllows
  sum.worstAgeMs = Math.max(sum.worstAgeMs, part.worstAgeMs)
  sum.validAsked += part.validAsked
  sum.deniedWhileValid += part.deniedWhileValid
  for (const [ms, count] of Object.entries(part.acksByMs)) {
    sum.acksByMs[Number(ms)] = (sum.acksByMs[Number(ms)] ?? 0) + count
  }
  addHash(sum, BigInt(`0x${part.historyHash}`))
  sum.broken.push(...part.broken.slice(0, BROKEN_MAX - sum.broken.length))
}

function addHash(sum: Sum, hash: bigint): void {
  sum.historyHash = BigInt.asUintN(64, BigInt(`0x${sum.historyHash}`) + hash).toString(16)
}

/** The last line that the command prints. */
export function lineOf(
  sum: Sum,
  mutants: { readonly count: number; readonly killed: number },
): string {
  const share = sum.validAsked === 0 ? 0 : sum.deniedWhileValid / sum.validAsked
  return JSON.stringify({
    seeds: sum.seeds,
    checksAfterAck: sum.checksAfterAck,
    staleAllows: sum.staleAllows,
    worstAgeMs: Math.round(sum.worstAgeMs),
    ackMs: { p50: ackAt(sum, 0.5), p99: ackAt(sum, 0.99), max: ackAt(sum, 1) },
    deniedWhileValid: Number(share.toFixed(4)),
    mutants: mutants.count,
    mutantsKilled: mutants.killed,
    historyHash: sum.historyHash,
  })
}

function ackAt({ acksByMs }: Sum, part: number): number {
  const all = Object.entries(acksByMs).map(([ms, count]) => [Number(ms), count] as const)
  all.sort(([one], [other]) => one - other)
  let left = part * all.reduce((sum, [, count]) => sum + count, 0)
  for (const [ms, count] of all) {
    left -= count
    if (left <= 0) return ms
  }
  return all.at(-1)?.[0] ?? 0
}
