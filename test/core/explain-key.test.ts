import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ApiKey, compileKey, decideKey } from '../../src/core/api-key.ts'
import { traceOf } from '../../src/core/explain.ts'
import { explainKey } from '../../src/core/explain-key.ts'
import { addressOf, checkOf, factsOf, NOW, policyOf } from './facts.ts'

const keys = fc.record({
  isV1Accepted: fc.boolean(),
  scopes: fc.constantFrom<string[]>([], ['/app'], ['GET /app/x', '/other'], ['POST /app']),
  networks: fc.constantFrom<string[]>([], ['198.51.100.0/24'], ['10.0.0.0/8', '2001:db8::/32']),
  state: fc.constantFrom('active', 'active', 'disabled'),
  expiresAtMs: fc.constantFrom(undefined, NOW - 1, NOW, NOW + 1),
})
const principals = fc.record({
  role: fc.constantFrom('member', 'admin'),
  state: fc.constantFrom('active', 'pending', 'banned'),
  kind: fc.constantFrom('user' as const, 'service' as const),
  otp: fc.boolean(),
})
const checks = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PURGE'),
  path: fc.constantFrom('/app', '/app/x', '/app/admin', '/other', '/APP'),
  address: fc.constantFrom('198.51.100.7', '10.1.2.3', '2001:db8::1', '::1').map(addressOf),
})

function keyOf(fields: Partial<ApiKey>): ApiKey {
  return {
    ...{ kid: 'k', uid: 'ID0000000001', algorithm: 'HS256', material: new Uint8Array(0) },
    ...{ isV1Accepted: true, scopes: [], networks: [], state: 'active' },
    ...{ expiresAtMs: undefined, rate: undefined, version: 1 },
    ...fields,
  }
}

test('it says what is decided of a key: the verdict and the reason', () => {
  const versions = fc.constantFrom(1 as const, 2 as const)
  fc.assert(
    fc.property(keys, principals, checks, versions, (fields, principal, changes, version) => {
      const facts = { key: keyOf(fields), principal: factsOf({ principal }).principal }
      const usable = compileKey(facts)
      const check = checkOf(changes)
      const policy = policyOf()
      const decided = decideKey(check, usable, version, policy, NOW)
      const trace = traceOf(explainKey({ check, policy, usable, version, nowMs: NOW }))
      assert.equal(trace.verdict, decided === undefined ? 'allow' : 'deny')
      assert.equal(trace.reason, decided?.reason ?? null)
    }),
    { numRuns: 3000 },
  )
})

test('the scope and the network that let it pass are named', () => {
  const key = keyOf({ scopes: ['GET /app', '/other'], networks: ['10.0.0.0/8', '198.51.0.0/16'] })
  const { principal } = factsOf({ principal: { otp: true } })
  const usable = compileKey({ key, principal })
  const asked = { check: checkOf(), policy: policyOf(), usable, version: 2, nowMs: NOW } as const
  const rows = explainKey(asked).flatMap((step) => step.rows.map(({ kind, id }) => `${kind} ${id}`))
  assert.deepEqual(rows, ['network 198.51.0.0/16', 'scope GET /app', 'permission 1'])
})

test('an unknown key is refused, and nothing is asked of it', () => {
  const asked = { check: checkOf(), policy: policyOf(), usable: undefined } as const
  const steps = explainKey({ ...asked, version: 2, nowMs: NOW })
  assert.equal(traceOf(steps).reason, 'authz.unexistent_apikey')
  assert.ok(steps.slice(1).every(({ outcome }) => outcome === 'skip'))
})
