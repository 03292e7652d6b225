import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { hireWorker } from './crew.ts'
import { keepRules } from './keep.ts'
import { MUTANTS } from './mutants.ts'
import { THEME_NAMES } from './plan.ts'

// One process for all of it: each would take seconds to get as fast as the first one has become.
const worker = hireWorker()
after(worker.dismiss)

test('two thousand histories keep every rule, and each seed is one history', () =>
  keepRules(worker, 1, 2_000))

for (const theme of THEME_NAMES) {
  test(`the theme ${theme} replays bit for bit`, async () => {
    // The first history of a job is run twice.
    const done = await worker.do({ kind: 'seeds', from: 7, count: 1, theme })
    assert.ok(done.kind === 'seeds')
    assert.deepEqual(done.sum.broken, [])
    assert.equal(done.sum.seeds, 1)
  })
}

for (const [index, { name, seed }] of MUTANTS.entries()) {
  test(`a product that ${name} is found out`, async (t) => {
    const done = await worker.do({ kind: 'mutant', index })
    assert.ok(done.kind === 'mutant' && done.by !== undefined, `${name} survives`)
    const { by } = done
    if (by.seed !== seed) t.diagnostic(`seed ${seed} shows it no longer, but ${by.seed} does`)
  })
}
