import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REASONS, type Reason } from '../../src/core/reason.ts'
import { deny, GRANT_ANYONE } from '../../src/core/verdict.ts'
import { toldBy } from './granted.ts'

test('there is one denial for each reason, with its status and the body clients know', () => {
  for (const [reason, row] of Object.entries(REASONS) as [Reason, { status: number }][]) {
    const denial = deny(reason)
    assert.equal(denial, deny(reason))
    assert.equal(denial.status, row.status)
    assert.equal(denial.body, `{"errors":["${reason}"]}`)
    assert.ok(Object.isFrozen(denial))
  }
})

test('a request that passes without identity carries empty identity headers', () => {
  assert.deepEqual(toldBy(GRANT_ANYONE), { authorization: '', user: '', role: '' })
})
