import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Subject } from '../../bench/timing/dudect.ts'
import { judge, largestT } from '../../bench/timing/dudect.ts'
import { SUBJECTS } from '../../bench/timing/subjects.ts'

/** Numbers that look random and are the same in every run. */
function createDice(): () => number {
  let state = 12345
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Does as much work as it is told. */
function spin(rounds: number): number {
  let sum = 0
  for (let at = 0; at < rounds; at++) sum = Math.imul(sum + at, 2654435761)
  return sum
}

describe('the largest t', () => {
  const dice = createDice()
  const times = (count: number, base: number) =>
    Array.from({ length: count }, () => base + 100 * dice())

  test('is small between times of one kind', () => {
    assert.ok(largestT([times(5000, 1000), times(5000, 1000)]) < 4.5)
  })

  test('is large between times of two kinds', () => {
    assert.ok(largestT([times(5000, 1000), times(5000, 1010)]) > 4.5)
  })

  test('finds a difference that long interruptions would hide', () => {
    const interrupted = (values: number[]) =>
      values.map((value, at) => (at % 20 === 0 ? value + 1e6 * dice() : value))
    const found = largestT([interrupted(times(5000, 1000)), interrupted(times(5000, 1010))])
    assert.ok(found > 4.5, `${found}`)
  })

  test('is beyond every bound where nothing is left to compare', () => {
    assert.equal(largestT([times(100, 1000), times(100, 9000)]), Number.POSITIVE_INFINITY)
  })
})

describe('a verdict', () => {
  test('fails what takes longer for one class, however often it is measured', () => {
    const leak: Subject = {
      name: 'leak',
      samples: 300,
      prepare: () => (klass) => spin(klass === 0 ? 2_000 : 20_000),
    }
    const verdict = judge(leak)
    assert.equal(verdict.passes, false)
    assert.equal(verdict.attempts.length, 3)
    assert.equal(verdict.samples, 300 * 4 * 4)
  })

  test('measures again with more when the first attempt was bad luck', () => {
    let prepared = 0
    const unlucky: Subject = {
      name: 'unlucky',
      samples: 300,
      prepare() {
        prepared++
        const isLeaking = prepared === 1
        return (klass) => spin(isLeaking && klass === 1 ? 20_000 : 2_000)
      },
    }
    const attempted: number[] = []
    const verdict = judge(unlucky, ({ samples }) => attempted.push(samples))
    assert.ok(attempted.length >= 2)
    assert.deepEqual(attempted.slice(0, 2), [300, 1200])
    assert.ok((verdict.attempts[0] ?? 0) > 4.5)
  })
})

describe('every subject', () => {
  for (const { name, prepare } of SUBJECTS) {
    test(`${name}: can be called with either class`, () => {
      const call = prepare()
      for (const klass of [0, 1] as const) {
        const answer = call(klass, 3)
        // A comparison must have refused what is wrong; a signature must have been made.
        if (name.includes('verify')) assert.equal(answer, false)
        else assert.ok(answer !== undefined)
      }
    })
  }
})
