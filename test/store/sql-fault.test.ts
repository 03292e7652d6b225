import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { sqlFault } from '../../src/store/sql-fault.ts'

const CASES = [
  { code: '23505', expect: 'store_conflict', message: /: users_email$/ },
  { code: '57014', expect: 'store_timeout', message: /: Postgres$/ },
  { code: '23514', expect: 'store_rejected', message: /rejected a statement: 23514/ },
  { code: '42P01', expect: 'store_rejected', message: /rejected a statement: 42P01/ },
  { code: 'ECONNREFUSED', expect: 'store_unavailable', message: /: Postgres$/ },
  { code: '57P01', expect: 'store_unavailable', message: /: Postgres$/ },
]
for (const { code, expect, message } of CASES) {
  test(`${code} is ${expect}, with its cause`, () => {
    const cause = Object.assign(new Error('words'), { parameters: ['secret'], detail: 'secret' })
    const fault = sqlFault({ code, constraint: 'users_email', server: 'Postgres', cause })
    assert.equal(fault.code, expect)
    assert.match(fault.message, message)
    assert.ok(!inspect(fault).includes('secret'))
    assert.equal((fault.cause as Error).message, cause.message)
  })
}

test('a value that the server quotes in its words goes no further', () => {
  const cause = new Error('invalid input syntax for type json: "secret"')
  const fault = sqlFault({ code: '22P02', constraint: undefined, server: 'PGlite', cause })
  assert.ok(!inspect(fault).includes('secret'))
})
