import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Fault } from '../../src/core/fault.ts'
import { redisFault } from '../../src/store/redis-fault.ts'

const CASES = [
  { message: 'UNSEALED not sealed for this process', expect: 'store_unsealed' },
  { message: 'CONFLICT already sealed', expect: 'store_conflict' },
  { message: 'Command timed out', expect: 'store_timeout' },
  { message: 'LOADING Redis is loading the dataset in memory', expect: 'store_unavailable' },
  { message: 'NOREPLICAS Not enough good replicas to write.', expect: 'store_unavailable' },
  { message: 'NOPERM User x has no permissions to run this', expect: 'store_rejected' },
  { message: 'ERR ACL failure in script: User x has no permissions', expect: 'store_rejected' },
  { message: 'connect ECONNREFUSED', expect: 'store_unavailable' },
]
for (const { message, expect } of CASES) {
  test(`'${message}' is ${expect}, without the command`, () => {
    const error = Object.assign(new Error(message), { command: { args: ['secret'] } })
    const fault = redisFault(error)
    assert.equal(fault.code, expect)
    assert.ok(!inspect(fault, { depth: 9 }).includes('secret'))
  })
}

test('a fault stays the fault that it is', () => {
  const fault = new Fault('store_garbage')
  assert.equal(redisFault(fault), fault)
})
