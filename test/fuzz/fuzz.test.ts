import assert from 'node:assert/strict'
import test from 'node:test'
import type { Outcome } from './fuzz.ts'
import { DISAGREEMENTS_MAX, fuzz, shareOut } from './fuzz.ts'
import { target } from './target.ts'
import { TARGETS } from './targets.ts'

/** Some seconds for all of a group together: what is quick gets more. */
const INPUTS_COUNTS: Readonly<Record<string, number>> = {
  ...{ crypto: 20_000, decide: 120_000, socket: 500 },
}
/** Fewer of a kind would be luck. */
const SEEN_MIN = 20
const SEED = 'every test run'

for (const [group, targets] of Object.entries(TARGETS)) {
  const counts = shareOut(targets, INPUTS_COUNTS[group] ?? 20_000)
  targets.forEach((each, at) => {
    test(`${group}, ${each.name}: ${each.about}`, async () => {
      const inputsCount = counts[at] as number
      const outcome = await fuzz(each, { seed: SEED, inputsCount })
      assert.deepEqual(reasonsOf(outcome), [])
      assert.ok(outcome.inputsCount >= inputsCount)
      const { outcomes = [] } = each
      assert.deepEqual(
        outcomes.filter((name) => (outcome.seen.get(name) ?? 0) < SEEN_MIN),
        [],
      )
    })
  })
}

function reasonsOf({ disagreements }: Outcome): string[] {
  return disagreements.map(({ reason }) => reason)
}

/** Wrong whenever the number is below `wrongBelow` of a hundred; counts for three inputs. */
function faulty(wrongBelow: number) {
  return target<{ number: number }>({
    name: 'faulty',
    about: 'a stand-in',
    share: 1,
    start: () => ({
      draw: (dice) => ({ number: dice.below(100) }),
      inputsOf: () => 3,
      judge({ number }) {
        if (number === 99) throw new Error('ninety-nine')
        return number < wrongBelow ? `${number} is wrong` : undefined
      },
    }),
  })
}

test('a disagreement and a throw are found, with the input that shows them', async () => {
  const { inputsCount, disagreements } = await fuzz(faulty(1), { seed: 's', inputsCount: 900 })
  assert.equal(inputsCount, 900)
  const numbers = disagreements.map(({ input }) => input.number)
  assert.deepEqual([...new Set(numbers)].sort(), [0, 99])
  assert.match(disagreements.find(({ input }) => input.number === 0)?.reason ?? '', /0 is wrong/)
  assert.match(disagreements.find(({ input }) => input.number === 99)?.reason ?? '', /ninety-nine/)
})

test('a target that is always wrong is left after a few', async () => {
  const { disagreements } = await fuzz(faulty(100), { seed: 's', inputsCount: 1_000_000 })
  assert.equal(disagreements.length, DISAGREEMENTS_MAX)
})

test('a seed gives the same cases again, and a longer run begins alike', async () => {
  const run = async (seed: string, inputsCount: number) =>
    (await fuzz(faulty(5), { seed, inputsCount })).disagreements.map(({ input }) => input.number)
  const short = await run('s', 200)
  assert.ok(short.length > 0)
  assert.deepEqual(await run('s', 200), short)
  assert.deepEqual((await run('s', 300)).slice(0, short.length), short)
  assert.notDeepEqual(await run('t', 200), short)
})

test('who watches hears how far it is', async () => {
  const heard: number[] = []
  await fuzz(faulty(0), { seed: 'quiet', inputsCount: 9, tell: (count) => void heard.push(count) })
  assert.deepEqual(heard, [3, 6, 9])
})

test('who watches can end it', async () => {
  const tell = (count: number) => (count === 6 ? Promise.resolve(true) : undefined)
  const { inputsCount } = await fuzz(faulty(0), { seed: 'quiet', inputsCount: 900, tell })
  assert.equal(inputsCount, 6)
})

test('inputs are shared out by the shares, at least one to each', () => {
  const of = (share: number) => ({ ...faulty(0), share })
  assert.deepEqual(shareOut([of(1), of(3)], 100), [25, 75])
  assert.deepEqual(shareOut([of(1), of(999)], 10), [1, 10])
})
