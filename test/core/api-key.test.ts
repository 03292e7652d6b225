import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiKey, compileKey, decideKey, parseScope } from '../../src/core/api-key.ts'
import type { Check } from '../../src/core/check.ts'
import type { Principal } from '../../src/core/principal.ts'
import { addressOf, checkOf, factsOf, NOW, policyOf } from './facts.ts'

const KEY: ApiKey = {
  kid: '0123456789abcdef',
  uid: 'ID0000000001',
  algorithm: 'HS256',
  material: new Uint8Array(0),
  isV1Accepted: true,
  scopes: [],
  networks: [],
  state: 'active',
  expiresAtMs: undefined,
  rate: undefined,
  version: 1,
}

interface Case {
  readonly key?: Partial<ApiKey>
  readonly principal?: Partial<Principal>
  readonly check?: Partial<Check>
  readonly version?: 1 | 2
}

function judge({ key, principal, check, version = 2 }: Case): string {
  const facts = factsOf({ principal: { otp: true, ...principal } })
  const usable = compileKey({ key: { ...KEY, ...key }, principal: facts.principal })
  const refused = decideKey(checkOf(check), usable, version, policyOf(), NOW)
  return refused === undefined ? 'allow' : refused.reason
}

const CASES: [string, Case, string][] = [
  ['an active key of an active user passes', {}, 'allow'],
  ['a pending user passes', { principal: { state: 'pending' } }, 'allow'],
  ['version 1 where the key takes it', { version: 1 }, 'allow'],
  [
    'version 1 where the key does not take it',
    { version: 1, key: { isV1Accepted: false } },
    'authz.apikey_version_refused',
  ],
  ['version 2 where the key takes no version 1', { key: { isV1Accepted: false } }, 'allow'],
  ['an inactive key', { key: { state: 'inactive' } }, 'authz.apikey_not_active'],
  ['a state with capitals', { key: { state: 'Active' } }, 'authz.apikey_not_active'],
  ['a key a millisecond before its end', { key: { expiresAtMs: NOW + 1 } }, 'allow'],
  ['a key at its end', { key: { expiresAtMs: NOW } }, 'authz.apikey_expired'],
  ['a banned user', { principal: { state: 'banned' } }, 'authz.invalid_session'],
  ['a user without second factor', { principal: { otp: false } }, 'authz.disabled_2fa'],
  [
    'a service account without second factor',
    { principal: { otp: false, kind: 'service' } },
    'allow',
  ],
  ['a role without a rule', { principal: { role: 'guest' } }, 'authz.invalid_permission'],
  ['a path without a rule', { check: { path: '/other' } }, 'authz.invalid_permission'],
  ['a path that is dropped', { check: { path: '/app/admin' } }, 'authz.invalid_permission'],
  ['within a network', { key: { networks: ['198.51.100.0/24'] } }, 'allow'],
  ['its one address', { key: { networks: ['2001:db8::/32', '198.51.100.7'] } }, 'allow'],
  ['outside its network', { key: { networks: ['198.51.101.0/24'] } }, 'authz.ip_not_allowed'],
  [
    'outside its network of the other family',
    { key: { networks: ['::/0'] } },
    'authz.ip_not_allowed',
  ],
  [
    'within a network of IPv6',
    { key: { networks: ['2001:db8::/32'] }, check: { address: addressOf('2001:db8::7') } },
    'allow',
  ],
  [
    'a list of networks that cannot be read',
    { key: { networks: ['198.51.100.0/24', 'home'] } },
    'authz.ip_not_allowed',
  ],
  ['within a scope of any verb', { key: { scopes: ['/app'] } }, 'allow'],
  ['a verb of its scopes', { key: { scopes: ['POST /app'] }, check: { method: 'POST' } }, 'allow'],
  ['another verb', { key: { scopes: ['POST /app'] } }, 'authz.apikey_scope_not_allowed'],
  [
    'HEAD where GET is in scope',
    { key: { scopes: ['GET /app'] }, check: { method: 'HEAD' } },
    'allow',
  ],
  [
    'another path of the same beginning',
    { key: { scopes: ['/ap'] } },
    'authz.apikey_scope_not_allowed',
  ],
  ['one of two scopes', { key: { scopes: ['/other', 'GET /app'] } }, 'allow'],
  [
    'a scope adds nothing to the role',
    { key: { scopes: ['/other'] }, check: { path: '/other' } },
    'authz.invalid_permission',
  ],
  [
    'a scope that cannot be read lets nothing pass',
    { key: { scopes: ['trade'] } },
    'authz.apikey_scope_not_allowed',
  ],
]
for (const [name, given, expected] of CASES) test(name, () => assert.equal(judge(given), expected))

/** Each line breaks one thing more: the reason must be that of the first line still broken. */
const PRECEDENCE: [Case, string][] = [
  [{ version: 1, key: { isV1Accepted: false } }, 'authz.apikey_version_refused'],
  [{ key: { state: 'disabled' } }, 'authz.apikey_not_active'],
  [{ key: { expiresAtMs: NOW - 1 } }, 'authz.apikey_expired'],
  [{ key: { networks: ['10.0.0.0/8'] } }, 'authz.ip_not_allowed'],
  [{ principal: { state: 'locked' } }, 'authz.invalid_session'],
  [{ principal: { otp: false } }, 'authz.disabled_2fa'],
  [{ key: { scopes: ['/elsewhere'] } }, 'authz.apikey_scope_not_allowed'],
  [{ principal: { role: 'guest' } }, 'authz.invalid_permission'],
]
for (const [at, [, expected]] of PRECEDENCE.entries()) {
  test(`${expected} comes before all that stand behind it`, () => {
    const broken = PRECEDENCE.slice(at).map(([one]) => one)
    // A banned state and a missing factor are both of the principal: all are merged.
    const key = Object.assign({}, ...broken.map((one) => one.key))
    const principal = Object.assign({}, ...broken.map((one) => one.principal))
    const version = broken[0]?.version ?? 2
    assert.equal(judge({ key, principal, version }), expected)
  })
}

test('a scope is a path, or a verb and a path', () => {
  assert.deepEqual(parseScope('/orders'), { verb: 'ALL', path: '/orders' })
  assert.deepEqual(parseScope('GET /orders'), { verb: 'GET', path: '/orders' })
  const bad = ['', 'orders', 'get /orders', 'GET', 'GET  /orders', 'GET /a /b', '/a?b', '/a/../b']
  for (const text of [...bad, ' /a', '/a ', '*', '//a', `/${'x'.repeat(1100)}`]) {
    assert.equal(parseScope(text), undefined, text)
  }
})
