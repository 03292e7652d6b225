import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepRules } from './keep.ts'
import { runSeed } from './one.ts'
import { THEME_NAMES } from './plan.ts'
import { inOwnTurn } from './schedule.ts'

test('a thousand histories keep every rule, and each seed is one history', () =>
  keepRules(1, 1_000))

for (const theme of THEME_NAMES) {
  test(`the theme ${theme} replays bit for bit`, async () => {
    const [one, again] = await inOwnTurn(() => [runSeed(7, { theme }), runSeed(7, { theme })])
    assert.equal(one?.hash, again?.hash)
    assert.equal(one?.callsCount, again?.callsCount)
    assert.deepEqual(one?.tally.violations, [])
  })
}
