import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayProblem } from '../../src/command/command.ts'
import { Fault } from '../../src/core/fault.ts'
import { EngineError } from '../../src/gateway/engine.ts'

test('an error for operators is its message alone, with its cause', () => {
  assert.equal(sayProblem(new EngineError('no port')), 'no port')
  const cause = new Error('connection refused')
  assert.equal(
    sayProblem(new Fault('store_unavailable', { cause, about: 'postgres' })),
    'store_unavailable: postgres (connection refused)',
  )
})

test('a port in use says what to do', () => {
  const error = Object.assign(new Error('listen'), {
    code: 'EADDRINUSE',
    address: '127.0.0.1',
    port: 9091,
  })
  assert.equal(
    sayProblem(error),
    '127.0.0.1:9091 is in use: stop who listens there, or choose another address',
  )
})

test('a bug shows its stack', () => {
  assert.match(sayProblem(new TypeError('x is not a function')), /command\.test/)
  assert.equal(sayProblem('text'), 'text')
})
