import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mean, median, percentile, variance, welchT } from '../../bench/statistics.ts'

const isNear = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found}, not ${expected}`)

describe('median', () => {
  const cases: readonly [string, readonly number[], number][] = [
    ['the middle of an odd number, in any order', [9, 1, 5], 5],
    ['the mean of the two in the middle of an even number', [4, 1, 3, 2], 2.5],
    ['numbers compare as numbers, not as text', [10, 9, 100], 10],
    ['one value is its own', [7], 7],
  ]
  for (const [title, values, expected] of cases) {
    test(title, () => assert.equal(median(values), expected))
  }

  test('of nothing is no number', () => assert.ok(Number.isNaN(median([]))))

  test('leaves its input in order', () => {
    const values = [3, 1, 2]
    median(values)
    assert.deepEqual(values, [3, 1, 2])
  })
})

test('a percentile lies between its neighbours by proportion', () => {
  const values = [10, 20, 30, 40, 50]
  assert.equal(percentile(values, 0), 10)
  assert.equal(percentile(values, 1), 50)
  assert.equal(percentile(values, 0.25), 20)
  isNear(percentile(values, 0.9), 46)
})

test('mean and variance of a textbook sample', () => {
  const values = [2, 4, 4, 4, 5, 5, 7, 9]
  assert.equal(mean(values), 5)
  isNear(variance(values), 32 / 7)
  assert.ok(Number.isNaN(variance([1])))
})

describe('Welch’s t', () => {
  // By hand: means 20.82 and 23.7067 and so on would hide a slip; small numbers do not.
  test('of two small samples, worked by hand', () => {
    // Means 3 and 6, variances 2.5 and 10, five of each: -3 / sqrt(0.5 + 2).
    isNear(welchT([1, 2, 3, 4, 5], [2, 4, 6, 8, 10]), -3 / Math.sqrt(2.5))
  })

  test('of unequal sizes, worked by hand', () => {
    // Means 2 and 5, variances 1 and 20/3, three and four of them: -3 / sqrt(1/3 + 5/3).
    isNear(welchT([1, 2, 3], [2, 4, 6, 8]), -3 / Math.sqrt(2))
  })

  test('turns its sign with its sides', () => {
    const [left, right] = [
      [1, 5, 2, 8],
      [3, 3, 9],
    ]
    isNear(
      welchT(left as number[], right as number[]),
      -welchT(right as number[], left as number[]),
    )
  })

  test('is nothing between equal samples, spread or not', () => {
    assert.equal(welchT([1, 2, 3], [3, 2, 1]), 0)
    assert.equal(welchT([4, 4], [4, 4]), 0)
  })

  test('is beyond every bound between constants that differ', () => {
    assert.equal(welchT([4, 4], [5, 5]), Number.NEGATIVE_INFINITY)
  })

  test('is no number where a side has no spread to speak of', () => {
    assert.ok(Number.isNaN(welchT([1], [1, 2])))
  })
})
