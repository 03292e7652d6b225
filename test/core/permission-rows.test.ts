import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPermissionRows } from '../../src/core/permission-rows.ts'

const ROW = { role: 'member', verb: 'GET', path: '/a', action: 'ACCEPT' }

test('rows are as the database has them; number and topic may be left out', () => {
  const problems: string[] = []
  const rows = readPermissionRows([ROW, { ...ROW, id: 7, topic: 'x' }], problems)
  assert.deepEqual(problems, [])
  assert.deepEqual(rows, [
    { ...ROW, id: 0, topic: null },
    { ...ROW, id: 7, topic: 'x' },
  ])
})

for (const [name, value, problem] of [
  ['no list', {}, /must be a list/],
  ['an unknown field', [{ ...ROW, rolle: 1 }], /permissions\[0\]\.rolle/],
  ['a role that is no text', [{ ...ROW, role: 5 }], /permissions\[0\]\.role/],
  ['no path', [{ ...ROW, path: '' }], /permissions\[0\]\.path/],
  ['an unknown action', [{ ...ROW, action: 'accept' }], /permissions\[0\]\.action/],
] as const) {
  test(`${name} is a problem with its place`, () => {
    const problems: string[] = []
    readPermissionRows(value, problems)
    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', problem)
  })
}
