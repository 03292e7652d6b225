import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { compileLimit, TOKEN } from '../../src/core/bucket.ts'
import { RATE_NAMES_MAX } from '../../src/store/rates.ts'
import { createTwinRates } from '../../src/store/twin-rates.ts'
import { unique, WORLDS, type World } from './worlds.ts'

const KEY = '00112233445566aa'
const SLOW = compileLimit({ count: 1, windowMs: 3_600_000, burst: 10 })
const QUICK = compileLimit({ count: 1_000_000, windowMs: 1000, burst: 10 })

for (const [name, open] of Object.entries(WORLDS)) {
  describe(`shared rates in ${name}`, () => contract(open))
}

function contract(open: () => Promise<World>): void {
  let world: World
  before(async () => {
    world = await open()
  })
  after(() => world.close())

  async function draw(name: string, tokens: number, limit = SLOW): Promise<number | undefined> {
    const one = { name, limit, drawn: tokens * TOKEN }
    const { levels } = await world.authorizer.rates.settle(KEY, [one])
    return levels[0] === undefined ? undefined : Math.floor(levels[0] / TOKEN)
  }

  test('what several draw adds up, into debt, and each name has its own', async () => {
    const name = unique('n')
    assert.equal(await draw(name, 4), 6)
    assert.equal(await draw(name, 7), -1)
    assert.equal(await draw(name, 2), -3)
    assert.equal(await draw(unique('n'), 1), 9)
    assert.equal(await draw(name, -3), 0)
  })

  test('a bucket refills and never beyond its burst; drawing nothing is asking', async () => {
    const name = unique('n')
    await draw(name, 10, QUICK)
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(await draw(name, 0, QUICK), 10)
    assert.equal(await draw(name, -5, QUICK), 10)
    assert.equal(await draw(name, 3, QUICK), 7)
  })

  test('a debt has an end', async () => {
    assert.equal(await draw(unique('n'), 10_000), -640)
  })

  test('many at once, in the order that they were asked in', async () => {
    const [first, last] = [unique('n'), unique('n')]
    const draws = Array.from({ length: 1200 }, (_, at) => ({
      name: at === 0 ? first : at === 1199 ? last : unique('n'),
      limit: SLOW,
      drawn: (at % 9) * TOKEN,
    }))
    const { levels } = await world.authorizer.rates.settle(KEY, draws)
    assert.deepEqual(
      levels.map((level) => Math.floor((level as number) / TOKEN)),
      draws.map((_, at) => 10 - (at % 9)),
    )
  })

  test('whoever hashes under another key is told which, and draws nothing', async () => {
    const name = unique('n')
    const one = { name, limit: SLOW, drawn: 9 * TOKEN }
    const told = await world.authorizer.rates.settle('ffffffffffffffff', [one])
    assert.deepEqual(told, { key: KEY, levels: [] })
    assert.equal(await draw(name, 0), 10)
  })
}

test('beyond the most that are remembered a new name is counted by nobody', async () => {
  const rates = createTwinRates(() => 1000)
  const drawsOf = (count: number, at: number) =>
    Array.from({ length: count }, (_, n) => ({ name: `${at + n}`, limit: SLOW, drawn: TOKEN }))
  await rates.settle(KEY, drawsOf(RATE_NAMES_MAX, 0))
  const { levels } = await rates.settle(KEY, drawsOf(1, RATE_NAMES_MAX))
  assert.deepEqual(levels, [undefined])
  assert.deepEqual((await rates.settle(KEY, drawsOf(1, 0))).levels, [8 * TOKEN])
})
