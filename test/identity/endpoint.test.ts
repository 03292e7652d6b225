import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../src/core/address.ts'
import {
  type ActorCall,
  done,
  guardedEndpoint,
  openEndpoint,
  refuse,
  refuseForNow,
} from '../../src/identity/endpoint.ts'
import { Type } from '../../src/identity/shape.ts'

const SPEC = {
  door: 'resource',
  method: 'GET',
  path: '/x',
  about: 'x',
  class: 'x',
  params: Type.Object({}),
  success: { status: 200, body: Type.Object({}) },
  refusals: [],
} as const
const address = parseAddress('192.0.2.1')
assert.ok(address)
const CALL = { params: {}, client: { address, userAgent: '', sessionIds: [] } }

test('a guarded endpoint without an actor refuses, and its answer never runs', async () => {
  const answer = async (_call: ActorCall<unknown>) => assert.fail('reached')
  const endpoint = guardedEndpoint({ ...SPEC, access: 'user', answer })
  assert.deepEqual(await endpoint.answer(CALL, undefined), refuse(401, 'jwt.decode_and_verify'))
})
test('an open endpoint is for anyone', async () => {
  const endpoint = openEndpoint({ ...SPEC, answer: async () => done('body') })
  assert.equal(endpoint.access, 'anyone')
  assert.deepEqual(await endpoint.answer(CALL, undefined), done('body'))
})
test('what is done leaves the cookie alone unless it says otherwise', () => {
  assert.equal(done({}).sessionId, undefined)
  assert.equal(done({}, { sessionId: null }).sessionId, null)
})
test('a refusal for now is a 429 with its wait', () => {
  const { status, codes, retryAfterS } = refuseForNow(7)
  assert.deepEqual([status, codes, retryAfterS], [429, ['identity.session.rate_limited'], 7])
})
