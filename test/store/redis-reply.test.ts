import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHead, readLoaded } from '../../src/store/redis-reply.ts'

const text = (word: string) => Buffer.from(word)
const HEAD = [text('3.abc'), text('12884901889')]
const head = { epoch: '3.abc', seq: 12_884_901_889 }

test('a head is read exactly', () => {
  assert.deepEqual(readHead(HEAD), head)
})

test('a load that found nothing has its point of the log', () => {
  assert.deepEqual(readLoaded(HEAD), { ...head, found: undefined })
})

test('a load is read whole; a generation that was never raised is 0', () => {
  const rest = [text('S'), text('7'), text('1'), text('P')]
  const found = {
    ...{ session: text('S'), principal: text('P'), idleAtMs: 7 },
    ...{ sessionGeneration: 1, generation: 0 },
  }
  assert.deepEqual(readLoaded([...HEAD, ...rest, null]), { ...head, found })
  const raised = { ...found, generation: 2 }
  assert.deepEqual(readLoaded([...HEAD, ...rest, text('2')]), { ...head, found: raised })
})

const GARBAGE: readonly { name: string; reply: unknown }[] = [
  { name: 'no list', reply: text('OK') },
  { name: 'no number', reply: [text('3.abc'), text('many')] },
  { name: 'a number too large to be exact', reply: [text('3.abc'), text('9007199254740993')] },
  { name: 'no epoch', reply: [null, text('1')] },
  { name: 'no principal', reply: [...HEAD, text('S'), text('7'), text('1'), null, null] },
  { name: 'no deadline', reply: [...HEAD, text('S'), null, text('1'), text('P'), null] },
  { name: 'no generation', reply: [...HEAD, text('S'), text('7'), null, text('P'), null] },
]
for (const { name, reply } of GARBAGE) {
  test(`a reply with ${name} is garbage`, () => {
    assert.throws(() => readLoaded(reply), { code: 'store_garbage' })
  })
}
