import assert from 'node:assert/strict'
import test from 'node:test'
import { createKeyTables, createTableHolder } from '../../src/crypto/key-tables.ts'

function createTables(placesCount: number, build = (_key: Uint8Array, _place: number) => true) {
  const built: [key: number, place: number][] = []
  const tables = createKeyTables({
    places: Array.from({ length: placesCount }, (_, at) => 100 + at),
    usesBeforeTable: 2,
    usesBeforeEviction: 4,
    build(publicKey, place) {
      built.push([publicKey[0] ?? -1, place])
      return build(publicKey, place)
    },
  })
  return { tables, built }
}

const holderOf = (name: number) => createTableHolder(Uint8Array.of(name))

test('a key gets a table at its second use, and keeps it', () => {
  const { tables, built } = createTables(2)
  const [one, other] = [holderOf(1), holderOf(2)]
  const places = [one, one, one, other, other].map(tables.placeOf)
  assert.deepEqual(places, [-1, 100, 100, -1, 101])
  assert.deepEqual(built, [
    [1, 100],
    [2, 101],
  ])
  assert.equal(tables.count(), 2)
  assert.equal(tables.max, 2)
})

test('a newcomer takes the table of the key unused for longest, after more uses', () => {
  const { tables } = createTables(2)
  const [first, second, newcomer] = [holderOf(1), holderOf(2), holderOf(3)]
  for (const each of [first, first, second, second, first]) tables.placeOf(each)
  const places = [newcomer, newcomer, newcomer, newcomer].map(tables.placeOf)
  assert.deepEqual(places, [-1, -1, -1, 101])
  assert.equal(tables.placeOf(second), -1)
  assert.equal(tables.placeOf(first), 100)
})

test('a place that was given up is the next newcomer’s, and the key may come back', () => {
  const { tables } = createTables(1)
  const [one, other] = [holderOf(1), holderOf(2)]
  for (const each of [one, one]) tables.placeOf(each)
  tables.release(one)
  tables.release(one)
  assert.equal(tables.count(), 0)
  assert.deepEqual([other, other].map(tables.placeOf), [-1, 100])
  tables.release(other)
  assert.deepEqual([one, one].map(tables.placeOf), [-1, 100])
})

test('a table that cannot be built is not tried again, and its place stays free', () => {
  const { tables, built } = createTables(1, (publicKey) => publicKey[0] !== 1)
  const [bad, good] = [holderOf(1), holderOf(2)]
  for (let use = 0; use < 20; use++) assert.equal(tables.placeOf(bad), -1)
  assert.equal(built.length, 1)
  assert.deepEqual([good, good].map(tables.placeOf), [-1, 100])
})

test('without places there are no tables', () => {
  const { tables, built } = createTables(0)
  const one = holderOf(1)
  for (let use = 0; use < 20; use++) assert.equal(tables.placeOf(one), -1)
  assert.deepEqual(built, [])
})

test('a holder’s key is its own copy', () => {
  const bytes = Uint8Array.of(7)
  const holder = createTableHolder(bytes)
  bytes[0] = 8
  assert.deepEqual(holder.publicKey, Uint8Array.of(7))
})
