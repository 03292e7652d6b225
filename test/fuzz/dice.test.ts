import assert from 'node:assert/strict'
import test from 'node:test'
import { createDice } from './dice.ts'

test('one seed gives one stream, another seed another', () => {
  const draw = (seed: string) => createDice(seed).bytes(64).toString('hex')
  assert.equal(draw('a'), draw('a'))
  assert.notEqual(draw('a'), draw('b'))
})

test('every number below a limit comes about as often as any other', () => {
  const dice = createDice('even')
  const counts = new Array<number>(10).fill(0)
  for (let at = 0; at < 100_000; at++) {
    const number = dice.below(10)
    counts[number] = (counts[number] ?? 0) + 1
  }
  for (const count of counts) assert.ok(count > 9_500 && count < 10_500, `${counts}`)
})

test('lengths stay within their limit and reach both ends', () => {
  const dice = createDice('lengths')
  const lengths = Array.from({ length: 5_000 }, () => dice.length(40))
  assert.equal(Math.min(...lengths), 0)
  assert.equal(Math.max(...lengths), 40)
  assert.equal(dice.length(0), 0)
})

test('bytes of every value turn up, and runs of one value too', () => {
  const dice = createDice('bytes')
  const all = Array.from({ length: 2_000 }, () => dice.bytes(33))
  assert.equal(new Set(Buffer.concat(all)).size, 256)
  assert.ok(all.some((bytes) => new Set(bytes).size === 1))
  assert.deepEqual(dice.bytes(0), Buffer.alloc(0))
})
