import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSayAtMost, KEYS_MAX } from '../../src/telemetry/say-at-most.ts'

function create() {
  let nowMs = 1000
  const said: [string, number][] = []
  const sayAtMost = createSayAtMost(() => nowMs)
  return {
    said,
    say: (key: string) => sayAtMost(key, 100, (dropped) => said.push([key, dropped])),
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

test('the first is said, the next within the time are not, and then their number', () => {
  const { said, say, pass } = create()
  say('a')
  say('a')
  pass(99)
  say('a')
  assert.deepEqual(said, [['a', 0]])
  pass(1)
  say('a')
  assert.deepEqual(said.at(-1), ['a', 2])
  pass(100)
  say('a')
  assert.deepEqual(said.at(-1), ['a', 0])
})

test('different things are told apart', () => {
  const { said, say } = create()
  say('a')
  say('b')
  assert.deepEqual(said, [
    ['a', 0],
    ['b', 0],
  ])
})

test('keys without end take no memory without end', () => {
  const { said, say } = create()
  for (let at = 0; at < KEYS_MAX + 500; at++) say(`key ${at}`)
  assert.equal(said.length, KEYS_MAX + 1)
})
