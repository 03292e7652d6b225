import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Check } from '../../src/core/check.ts'
import { decide, isSameSecret, isUse, screen, screenCredential } from '../../src/core/decide.ts'
import type { Policy } from '../../src/core/policy.ts'
import type { Facts } from '../../src/core/principal.ts'
import type { Reason } from '../../src/core/reason.ts'
import { ALLOW, deny, type Verdict } from '../../src/core/verdict.ts'
import { addressOf, CSRF, checkOf, factsOf, NOW, policyOf } from './facts.ts'

function said(verdict: Verdict | undefined): 'allow' | Reason | undefined {
  return verdict?.kind === 'deny' ? verdict.reason : verdict?.kind
}

const SCREENED: readonly [name: string, check: Partial<Check>, expect: ReturnType<typeof said>][] =
  [
    ['a public path passes', { path: '/public/x' }, 'allow'],
    ['a blocked path is refused', { path: '/management' }, 'authz.permission_denied'],
    ['blocked wins over public', { path: '/public/internal' }, 'authz.permission_denied'],
    ['a pre-flight passes where configured', { path: '/app', method: 'OPTIONS' }, 'allow'],
    ['a pre-flight elsewhere needs more', { path: '/other', method: 'OPTIONS' }, undefined],
    ['GET under a pre-flight prefix needs more', { path: '/app' }, undefined],
    ['an unknown path needs more', { path: '/nowhere' }, undefined],
  ]

for (const [name, check, expect] of SCREENED) {
  test(`screen: ${name}`, () => assert.equal(said(screen(checkOf(check), policyOf())), expect))
}

const CREDENTIALS: readonly [
  name: string,
  check: Partial<Check>,
  kind: 'none' | 'forged' | 'ambiguous' | 'api_key',
  expect: ReturnType<typeof said>,
][] = [
  ['GET without a credential', {}, 'none', 'authz.invalid_session'],
  ['GET with a forged cookie', {}, 'forged', 'authz.invalid_session'],
  ['POST without anything', { method: 'POST' }, 'none', 'authz.missing_csrf_token'],
  [
    'POST with a CSRF token and no session',
    { method: 'POST', csrfToken: 'x' },
    'none',
    'authz.csrf_token_mismatch',
  ],
  ['TRACE changes state', { method: 'TRACE' }, 'none', 'authz.missing_csrf_token'],
  ['an unknown verb changes state', { method: 'FOO' }, 'none', 'authz.missing_csrf_token'],
  ['OPTIONS does not', { method: 'OPTIONS' }, 'none', 'authz.invalid_session'],
  [
    'an ambiguous cookie comes first',
    { method: 'POST' },
    'ambiguous',
    'authz.ambiguous_credential',
  ],
]

for (const [name, check, kind, expect] of CREDENTIALS) {
  test(`credential: ${name}`, () => {
    assert.equal(said(screenCredential(checkOf(check), { kind }, policyOf())), expect)
  })
}

test('credential: a key goes on to where its headers are read, CSRF token or not', () => {
  const check = checkOf({ method: 'POST' })
  assert.equal(screenCredential(check, { kind: 'api_key' }, policyOf()), undefined)
})

test('credential: a session id goes on to the store', () => {
  const verdict = screenCredential(checkOf(), { kind: 'session', id: 'x' }, policyOf())
  assert.equal(verdict, undefined)
})

const DECIDED: readonly {
  name: string
  check?: Partial<Check>
  facts?: Facts | null
  policy?: Partial<Policy>
  expect: ReturnType<typeof said>
}[] = [
  { name: 'a live session under an accepting rule passes', expect: 'allow' },
  { name: 'no such session', facts: null, expect: 'authz.invalid_session' },
  {
    name: 'POST with the right token passes',
    check: { method: 'POST', csrfToken: CSRF },
    expect: 'allow',
  },
  { name: 'POST without a token', check: { method: 'POST' }, expect: 'authz.missing_csrf_token' },
  {
    name: 'an empty token is present and wrong',
    check: { method: 'POST', csrfToken: '' },
    expect: 'authz.csrf_token_mismatch',
  },
  {
    name: 'POST with a token of another length',
    check: { method: 'POST', csrfToken: `${CSRF}0` },
    expect: 'authz.csrf_token_mismatch',
  },
  {
    name: 'CSRF comes before an unknown session',
    check: { method: 'PUT', csrfToken: CSRF },
    facts: null,
    expect: 'authz.csrf_token_mismatch',
  },
  {
    name: 'CSRF can be switched off',
    check: { method: 'POST' },
    policy: { isCsrfRequired: false },
    expect: 'allow',
  },
  {
    name: 'a session is good one millisecond before its end',
    facts: factsOf({ session: { endsAtMs: NOW + 1 } }),
    expect: 'allow',
  },
  {
    name: 'a session ends at its instant, not after it',
    facts: factsOf({ session: { endsAtMs: NOW } }),
    expect: 'authz.invalid_session',
  },
  {
    name: 'a session is good one millisecond before its idle deadline',
    facts: factsOf({ idleAtMs: NOW + 1 }),
    expect: 'allow',
  },
  {
    name: 'an idle session is over at its deadline',
    facts: factsOf({ idleAtMs: NOW }),
    expect: 'authz.client_session_mismatch',
  },
  {
    name: 'another browser is refused',
    check: { userAgent: 'curl/8' },
    expect: 'authz.client_session_mismatch',
  },
  {
    name: 'another browser passes where only the network binds',
    check: { userAgent: 'curl/8' },
    policy: { binding: 'network' },
    expect: 'allow',
  },
  {
    name: 'the same /16 passes',
    check: { address: addressOf('198.51.0.1') },
    expect: 'allow',
  },
  {
    name: 'another /16 is refused',
    check: { address: addressOf('198.52.100.7') },
    expect: 'authz.client_session_mismatch',
  },
  {
    name: 'another network passes where only the browser binds',
    check: { address: addressOf('203.0.113.1') },
    policy: { binding: 'agent' },
    expect: 'allow',
  },
  {
    name: 'an IPv6 request of an IPv4 session is refused',
    check: { address: addressOf('2001:db8::1') },
    expect: 'authz.client_session_mismatch',
  },
  {
    name: 'the same IPv6 /64 passes',
    check: { address: addressOf('2001:db8:0:1::5') },
    facts: factsOf({ session: { address: addressOf('2001:db8:0:1:ffff::1') } }),
    expect: 'allow',
  },
  {
    name: 'the next IPv6 /64 is refused',
    check: { address: addressOf('2001:db8:0:2::5') },
    facts: factsOf({ session: { address: addressOf('2001:db8:0:1::5') } }),
    expect: 'authz.client_session_mismatch',
  },
  {
    name: 'binding can be switched off',
    check: { userAgent: 'curl/8', address: addressOf('203.0.113.1') },
    policy: { binding: 'off' },
    expect: 'allow',
  },
  {
    name: 'a pending principal may pass',
    facts: factsOf({ principal: { state: 'pending' } }),
    expect: 'allow',
  },
  {
    name: 'a banned principal is refused before any rule',
    facts: factsOf({ principal: { state: 'banned', role: 'nobody' } }),
    expect: 'authz.user_not_active',
  },
  {
    name: 'a mismatch comes before the state',
    check: { userAgent: 'x' },
    facts: factsOf({ principal: { state: 'banned' } }),
    expect: 'authz.client_session_mismatch',
  },
  { name: 'no rule, no pass', check: { path: '/other' }, expect: 'authz.invalid_permission' },
  { name: 'DROP wins', check: { path: '/app/admin' }, expect: 'authz.invalid_permission' },
]

for (const { name, check, facts, policy, expect } of DECIDED) {
  test(`decide: ${name}`, () => {
    const known = facts === null ? undefined : (facts ?? factsOf())
    assert.equal(said(decide(checkOf(check), known, policyOf(policy), NOW)), expect)
  })
}

test('a session is used by what passes and by what its role alone refuses', () => {
  assert.ok(isUse(ALLOW))
  assert.ok(isUse(deny('authz.invalid_permission')))
  assert.ok(isUse(deny('authz.user_not_active')))
  assert.ok(!isUse(deny('authz.client_session_mismatch')))
  assert.ok(!isUse(deny('authz.csrf_token_mismatch')))
})

test('secrets are the same only in full, and nothing is the same as an empty one', () => {
  assert.ok(isSameSecret('abc', 'abc'))
  assert.ok(!isSameSecret('abd', 'abc'))
  assert.ok(!isSameSecret('ab', 'abc'))
  assert.ok(!isSameSecret('', ''))
})

test('comparing looks at every character, wherever the first difference is', () => {
  for (const differsAt of [0, 31, 63, undefined]) {
    const looked = new Set<number>()
    const presented = Object.assign(Object.create(null), {
      length: 64,
      charCodeAt: (at: number) => looked.add(at) && (at === differsAt ? 0x62 : 0x61),
    })
    assert.equal(isSameSecret(presented, 'a'.repeat(64)), differsAt === undefined)
    assert.equal(looked.size, 64)
  }
})
