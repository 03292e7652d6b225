import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Done, type Job, runJob } from './job.ts'
import { runSeed } from './one.ts'
import { THEME_NAMES } from './plan.ts'
import { inOwnTurn } from './schedule.ts'
import { addSum, createSum, lineOf, type Sum } from './sum.ts'

const SEEDS = 2_000
const SEEDS_PER_JOB = 250

async function sumOf(job: Job): Promise<Sum> {
  const done: Done = await runJob(job)
  if (done.kind !== 'seeds') throw new Error('not seeds')
  return done.sum
}

test(`${SEEDS} histories keep every rule, and each seed is one history`, async () => {
  const sum = createSum()
  for (let from = 1; from <= SEEDS; from += SEEDS_PER_JOB) {
    addSum(sum, await sumOf({ kind: 'seeds', from, count: SEEDS_PER_JOB }))
  }
  assert.deepEqual(sum.broken, [])
  assert.equal(sum.staleAllows, 0)
  assert.ok(sum.checksAfterAck > 50 * SEEDS, lineOf(sum, { count: 0, killed: 0 }))
})

for (const theme of THEME_NAMES) {
  test(`the theme ${theme} replays bit for bit`, async () => {
    const [one, again] = await inOwnTurn(() => [runSeed(7, { theme }), runSeed(7, { theme })])
    assert.equal(one?.hash, again?.hash)
    assert.equal(one?.callsCount, again?.callsCount)
    assert.deepEqual(one?.tally.violations, [])
  })
}
