import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRestrictionRows } from '../../src/core/restriction-rows.ts'

function read(value: unknown) {
  const problems: string[] = []
  return { rows: readRestrictionRows(value, problems), problems }
}

test('a row has the fields of the admin API, and its defaults', () => {
  const { rows, problems } = read([
    { category: 'blacklist', scope: 'ip_subnet', value: '10.0.0.0/8' },
    { category: 'maintenance', scope: 'all', code: 422, state: 'disabled', id: 7 },
  ])
  assert.deepEqual(problems, [])
  assert.deepEqual(rows, [
    {
      ...{ id: 0, category: 'blacklist', scope: 'ip_subnet', value: '10.0.0.0/8' },
      ...{ code: 403, state: 'enabled' },
    },
    { id: 7, category: 'maintenance', scope: 'all', value: 'all', code: 422, state: 'disabled' },
  ])
})

const GOOD = { category: 'blacklist', scope: 'ip', value: '192.0.2.1' }
const BAD: readonly [string, unknown, RegExp][] = [
  ['no list', { rows: [] }, /^`restrictions` must be a list/],
  ['no row', [5], /^`restrictions\[0\]\.category` must be one of/],
  ['a category', [{ ...GOOD, category: 'greylist' }], /category` must be one of whitelist,/],
  ['a scope', [{ ...GOOD, scope: 'planet' }], /scope` must be one of all,/],
  ['a state', [{ ...GOOD, state: 'on' }], /state` must be one of enabled,/],
  ['a value', [{ ...GOOD, value: '192.0.2.0/24' }], /value` is no ip$/],
  ['a value that is long', [{ ...GOOD, scope: 'all', value: 'x'.repeat(65) }], /is no all$/],
  ['a code', [{ ...GOOD, code: 200 }], /code` must be a status from 400 to 599$/],
  ['a field', [{ ...GOOD, reason: 'x' }], /`restrictions\[0\]\.reason` is not one of/],
  ['a row twice', [GOOD, { ...GOOD, code: 403 }], /`restrictions\[1\]` is the same row as/],
]
for (const [name, value, says] of BAD) {
  test(`refused: ${name}`, () => {
    const { problems } = read(value)
    assert.ok(
      problems.some((problem) => says.test(problem)),
      problems.join('\n'),
    )
  })
}
