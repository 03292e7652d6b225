import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createDecisionIds, createRun, runOf, spellId } from '../../src/gateway/decision-id.ts'

const KEY = Uint32Array.of(0x01234567, 0x89abcdef, 0xfeedbeef, 0x5eed5eed)
const open = (run = 'k3x9q') => createDecisionIds({ run, key: KEY })
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

test('ids are 13 characters, count up inside and do not look like it', () => {
  const ids = open()
  const seen = new Set<string>()
  for (let number = 0; number < 50_000; number++) {
    assert.equal(ids.next(), number)
    seen.add(text(ids.bytes))
  }
  assert.equal(seen.size, 50_000)
  for (const id of seen) assert.match(id, /^k3x9q[0-9a-hjkmnp-tv-z]{8}$/)
  const [first, second] = [...seen] as [string, string]
  assert.notEqual(first.slice(0, 9), second.slice(0, 9))
})

test('every number has one id, and every id its number', () => {
  const ids = open()
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 - 1 }), (number) => {
      const id = ids.print(number)
      assert.equal(ids.parse(id), number)
      assert.equal(runOf(id), 'k3x9q')
    }),
  )
})

test('what is printed later is what was sent', () => {
  const ids = open()
  const number = ids.next()
  const sent = text(ids.bytes)
  ids.next()
  assert.equal(ids.print(number), sent)
  assert.notEqual(text(ids.bytes), sent)
})

const NO_IDS = ['', 'k3x9q', 'k3x9q0000000', 'k3x9q000000000', 'k3x9q0000000u', 'K3X9Q00000000']
for (const id of NO_IDS) {
  test(`${JSON.stringify(id)} is no id`, () => {
    assert.equal(runOf(id), undefined)
    assert.equal(open().parse(id), undefined)
  })
}

test('an id of another run is none of ours', () => {
  assert.equal(open().parse(open('k3x9r').print(0)), undefined)
})

test('an id that went through hands is read as it was meant', () => {
  assert.equal(spellId(' K3X9QO1IL0000 '), 'k3x9q01110000')
})

test('a run is drawn until it is free', () => {
  const draws = [0.5, 0.5, 0.25]
  const first = createRun(() => 0.5, new Set())
  assert.equal(first.length, 5)
  const second = createRun(() => draws.shift() ?? 0, new Set([first]))
  assert.notEqual(second, first)
  assert.equal(draws.length, 0)
})
