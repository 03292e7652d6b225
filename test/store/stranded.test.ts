import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStrandedWatch } from '../../src/store/stranded.ts'

function open(fenceMs: number) {
  const clock = { ms: 5_000 }
  const watch = createStrandedWatch({ clock: { monotonicMs: () => clock.ms }, fenceMs })
  return { clock, watch }
}

test('a board is stranded once the number has stood above its own for as long as the fence', () => {
  const { clock, watch } = open(1_500)
  assert.equal(watch.isStranded(2, 3), false)
  clock.ms += 1_499
  assert.equal(watch.isStranded(2, 3), false)
  clock.ms += 1
  assert.equal(watch.isStranded(2, 3), true)
})

test('whatever moves meanwhile begins the time anew', () => {
  const moves: readonly (readonly [number, number])[] = [
    [2, 4],
    [1, 3],
    [3, 3],
    [4, 3],
  ]
  for (const [sealedAs, epochNumber] of moves) {
    const { clock, watch } = open(1_500)
    watch.isStranded(2, 3)
    clock.ms += 1_500
    assert.equal(watch.isStranded(sealedAs, epochNumber), false)
    assert.equal(watch.isStranded(2, 3), false)
  }
})

test('where nothing fails over there is nothing to wait for', () => {
  const { watch } = open(0)
  assert.equal(watch.isStranded(2, 2), false)
  assert.equal(watch.isStranded(2, 3), true)
})
