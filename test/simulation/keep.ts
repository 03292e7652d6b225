import assert from 'node:assert/strict'
import type { Worker } from './crew.ts'
import { addSum, createSum, lineOf } from './sum.ts'

const SEEDS_PER_JOB = 250

/** Runs so many histories; each must keep every rule, and have something to keep. */
export async function keepRules(worker: Worker, first: number, seeds: number): Promise<void> {
  const sum = createSum()
  for (let from = first; from < first + seeds; from += SEEDS_PER_JOB) {
    const done = await worker.do({ kind: 'seeds', from, count: SEEDS_PER_JOB })
    if (done.kind === 'seeds') addSum(sum, done.sum)
  }
  assert.deepEqual(sum.broken, [])
  assert.equal(sum.seeds, seeds)
  assert.equal(sum.staleAllows, 0)
  assert.ok(sum.checksAfterAck > 50 * seeds, lineOf(sum, { count: 0, killed: 0 }))
}
