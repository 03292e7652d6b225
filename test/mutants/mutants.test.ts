import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { ROOT, readSource } from './bench.ts'
import { mutate } from './mutation.ts'
import { MUTATIONS } from './mutations.ts'
import { parseWanted } from './run.ts'

test('every mutation still applies, and is a change', () => {
  const problems = MUTATIONS.flatMap((mutation) => {
    const source = readSource(mutation)
    try {
      return mutate(source, mutation) === source ? [`${mutation.name} changes nothing`] : []
    } catch (cause) {
      return [String(cause)]
    }
  })
  assert.deepEqual(problems, [])
})

test('every mutation has a name of its own and tests that exist', () => {
  assert.equal(new Set(MUTATIONS.map(({ name }) => name)).size, MUTATIONS.length)
  for (const { name, killers } of MUTATIONS) {
    for (const killer of killers) {
      assert.ok(existsSync(join(ROOT, 'test', `${killer}.test.ts`)), `${name}: ${killer}`)
    }
  }
})

test('a text that is gone, or stands twice, is named', () => {
  const mutation = { name: 'one', file: 'a.ts', before: 'x', after: 'y', killers: [] }
  assert.equal(mutate('axb', mutation), 'ayb')
  assert.throws(() => mutate('ab', mutation), /one no longer applies: src\/a\.ts does not hold "x"/)
  assert.throws(() => mutate('xx', mutation), /holds more than once/)
})

test('some can be picked by a part of their names', () => {
  assert.equal(parseWanted([]).mutations.length, MUTATIONS.length)
  const { mutations, isQuiet } = parseWanted(['--', '--only', 'csrf', '--json'])
  assert.ok(isQuiet && mutations.length > 1)
  assert.ok(mutations.every(({ name }) => name.includes('csrf')))
  assert.throws(() => parseWanted(['--only', 'nothing like it']), /No mutation's name contains/)
})
