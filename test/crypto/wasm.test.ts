import assert from 'node:assert/strict'
import test from 'node:test'
import {
  claimKeyTables,
  createWasmInstance,
  slotsOf,
  writeAsciiInto,
  writeInto,
} from '../../src/crypto/wasm.ts'

test('two instances share no memory', () => {
  const [one, other] = [createWasmInstance(), createWasmInstance()]
  one.bytes[one.outputAt] = 1
  assert.equal(other.bytes[other.outputAt], 0)
})

test('room for tables is behind the fixed map and counted in whole tables', () => {
  const { keyTableBytes } = createWasmInstance()
  const instance = createWasmInstance({ keyTablesBytesMax: 3 * keyTableBytes + 5 })
  assert.equal(instance.keyTablesMax, 3)
  const end = instance.entry('edKeysAt')() + 3 * keyTableBytes
  assert.ok(end <= instance.bytes.length)
  assert.ok(keyTableBytes <= 181 * 1024)
})

test('the places for messages, parameters and output do not overlap', () => {
  const w = createWasmInstance()
  assert.ok(w.messageBytesMax < w.messageStride)
  assert.ok(w.messagesAt + 16 * w.messageStride <= w.outputAt)
  assert.ok(w.outputAt < w.parametersAt)
})

test('a name that is not exported is an Error that says what to do', () => {
  assert.throws(() => createWasmInstance().entry('nothing'), /npm run build/)
})

test('text and bytes are written whole or not at all', () => {
  const place = new Uint8Array(4)
  assert.equal(writeInto(place, 'A word', 'abcd'), 4)
  assert.equal(writeInto(place, 'A word', 'éé'), 4)
  assert.equal(writeInto(place, 'A word', Uint8Array.of(1, 2)), 2)
  assert.throws(() => writeInto(place, 'A word', 'abcde'), /A word/)
  assert.throws(() => writeInto(place, 'A word', 'ééa'), RangeError)
  assert.throws(() => writeInto(place, 'A word', new Uint8Array(5)), RangeError)
})

test('text that should be ASCII says so when it is not', () => {
  const place = new Uint8Array(3)
  assert.equal(writeAsciiInto(place, 'abc'), true)
  for (const text of ['abé', 'éab', '\ud800ab', '１23']) {
    assert.equal(writeAsciiInto(place, text), false, text)
  }
})

test('a slot has one holder at a time, and everybody asks the same slots', () => {
  const instance = createWasmInstance()
  const slots = slotsOf(instance, 'things', 'edSignSlotsMax')
  const slotsMax = instance.entry('edSignSlotsMax')()
  const taken = new Set(Array.from({ length: slotsMax }, () => slots.take()))
  assert.equal(taken.size, slotsMax)
  assert.throws(() => slotsOf(instance, 'things', 'edSignSlotsMax').take(), /things/)
  slots.release(7)
  assert.equal(slots.take(), 7)
})

test('the room for tables has one holder: two would write over each other', () => {
  const instance = createWasmInstance()
  claimKeyTables(instance)
  assert.throws(() => claimKeyTables(instance), /its own/)
  claimKeyTables(createWasmInstance())
})
