import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { hireWorker } from './crew.ts'
import { keepRules } from './keep.ts'
import { THEME_NAMES } from './plan.ts'

const worker = hireWorker()
after(worker.dismiss)

test('a thousand histories keep every rule, and each seed is one history', () =>
  keepRules(worker, 1, 1_000))

for (const theme of THEME_NAMES) {
  test(`the theme ${theme} replays bit for bit`, async () => {
    // The first history of a job is run twice.
    const done = await worker.do({ kind: 'seeds', from: 7, count: 1, theme })
    assert.ok(done.kind === 'seeds')
    assert.deepEqual(done.sum.broken, [])
    assert.equal(done.sum.seeds, 1)
  })
}
