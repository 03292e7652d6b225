import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLimits, type LimitOptions } from '../../src/authorizer/limits.ts'
import type { ApiKey } from '../../src/core/api-key.ts'
import type { Check } from '../../src/core/check.ts'
import { compileNetworks, type NetworkSet } from '../../src/core/network.ts'
import { compileRoutes, readRouteTable } from '../../src/core/route.ts'
import type { Answer } from '../../src/core/verdict.ts'
import { addressOf, checkOf, factsOf, NOW, policyOf } from '../core/facts.ts'
import { createKeyWorld, KID, keyFactsOf, signedV2 } from './keys.ts'
import { createWorld, ID, said } from './world.ts'

const FIVE = { count: 5, windowMs: 1000, burst: 5 }

function networks(...cidrs: string[]): NetworkSet {
  const compiled = compileNetworks(cidrs)
  assert.ok(compiled.kind === 'compiled')
  return compiled.networks
}

function limitsOf(changes: Partial<LimitOptions> = {}) {
  const clock = { ms: 1000 }
  const counted: string[] = []
  const limits = createLimits({
    perAddress: 'off',
    requestCost: 1,
    failureCost: 3,
    perPrincipal: 'off',
    perKey: 'off',
    exempt: networks('127.0.0.0/8'),
    bucketsMax: 1024,
    hashKey: [1, 2],
    monotonicMs: () => clock.ms,
    onLimited: (limit) => counted.push(limit),
    ...changes,
  })
  return { limits, clock, counted }
}

const ME = addressOf('198.51.100.7')
const OTHER = addressOf('198.51.100.8')

test('an address that has drawn its burst waits, and nobody else does', () => {
  const { limits, clock, counted } = limitsOf({ perAddress: FIVE })
  for (let at = 0; at < 5; at++) assert.equal(limits.admitAddress(ME), undefined)
  const denied = limits.admitAddress(ME)
  assert.equal(denied?.reason, 'authz.rate_limited.address')
  assert.equal(denied?.status, 429)
  assert.equal(denied?.retryAfterS, 1)
  assert.equal(limits.admitAddress(OTHER), undefined)
  clock.ms += 200
  assert.equal(limits.admitAddress(ME), undefined)
  assert.equal(limits.admitAddress(ME), denied, 'a denial is a constant')
  assert.deepEqual(counted, ['address', 'address'])
})

test('a /64 is one address, exempt ones have no limit, and off is off', () => {
  const six = limitsOf({ perAddress: FIVE }).limits
  for (let at = 0; at < 5; at++) six.admitAddress(addressOf(`2001:db8::${at}`))
  assert.ok(six.admitAddress(addressOf('2001:db8::ffff')) !== undefined)
  assert.equal(six.admitAddress(addressOf('2001:db8:0:1::')), undefined)
  const off = limitsOf().limits
  for (let at = 0; at < 50; at++) {
    assert.equal(six.admitAddress(addressOf('127.0.0.1')), undefined)
    assert.equal(off.admitAddress(ME), undefined)
  }
})

test('wrong credentials cost more; a request without one, and a refusal by rules, do not', () => {
  const { limits, counted } = limitsOf({ perAddress: FIVE, requestCost: 0 })
  const check = checkOf()
  for (let at = 0; at < 50; at++) {
    limits.chargeFailure(check, 'authz.invalid_session', false)
    limits.chargeFailure(check, 'authz.invalid_permission', true)
    limits.chargeFailure(check, 'authz.missing_csrf_token', true)
    limits.chargeFailure(check, 'authz.unavailable', true)
    assert.equal(limits.admitAddress(ME), undefined)
  }
  limits.chargeFailure(check, 'authz.invalid_session', true)
  assert.equal(limits.admitAddress(ME), undefined)
  limits.chargeFailure(check, 'authz.csrf_token_mismatch', true)
  const denied = limits.admitAddress(ME)
  assert.equal(denied?.reason, 'authz.rate_limited.address')
  assert.deepEqual(counted, ['address'])
})

test('however many failures are under way at once, the average stays below the rate', () => {
  const { limits, clock } = limitsOf({ perAddress: FIVE, requestCost: 0, failureCost: 5 })
  let admitted = 0
  for (let ms = 0; ms < 20_000; ms += 10) {
    clock.ms += 10
    if (limits.admitAddress(ME) !== undefined) continue
    admitted++
    limits.chargeFailure(checkOf(), 'authz.invalid_session', true)
  }
  assert.ok(admitted >= 19 && admitted <= 22, String(admitted))
})

const KEY: ApiKey = {
  kid: 'k1',
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
const { principal } = factsOf()
const STRANGER = { ...principal, uid: 'ID0000000002' }

test('a principal has one bucket for all sessions and keys', () => {
  const { limits } = limitsOf({ perPrincipal: FIVE })
  const ask = (who = principal, key?: ApiKey) =>
    limits.admitProven(checkOf(), policyOf(), who, key)?.reason
  for (let at = 0; at < 5; at++) assert.equal(ask(principal, at % 2 ? KEY : undefined), undefined)
  assert.equal(ask(), 'authz.rate_limited.principal')
  assert.equal(ask(principal, KEY), 'authz.rate_limited.principal')
  assert.equal(ask(STRANGER), undefined)
})

test('a key has its own rate, or that of the settings', () => {
  const { limits, clock } = limitsOf({ perKey: FIVE })
  const own = { ...KEY, kid: 'k2', rate: { perSecond: 2, burst: 1 } }
  const ask = (key: ApiKey) => limits.admitProven(checkOf(), policyOf(), principal, key)?.reason
  assert.equal(ask(own), undefined)
  assert.equal(ask(own), 'authz.rate_limited.key')
  clock.ms += 500
  assert.equal(ask(own), undefined)
  for (let at = 0; at < 5; at++) assert.equal(ask(KEY), undefined)
  assert.equal(ask(KEY), 'authz.rate_limited.key')
})

test('a request that its principal’s limit refuses draws nothing from the key', () => {
  const { limits } = limitsOf({ perPrincipal: FIVE, perKey: { ...FIVE, count: 6, burst: 6 } })
  const ask = (who = principal) => limits.admitProven(checkOf(), policyOf(), who, KEY)?.reason
  for (let at = 0; at < 5; at++) assert.equal(ask(), undefined)
  for (let at = 0; at < 9; at++) assert.equal(ask(), 'authz.rate_limited.principal')
  assert.equal(ask(STRANGER), undefined)
  assert.equal(ask(STRANGER), 'authz.rate_limited.key')
})

test('a key named like a person has a bucket of its own', () => {
  const { limits } = limitsOf({ perPrincipal: FIVE, perKey: FIVE })
  const key = { ...KEY, kid: STRANGER.uid }
  const ask = (who = principal, by: ApiKey | undefined = undefined) =>
    limits.admitProven(checkOf(), policyOf(), who, by)?.reason
  for (let at = 0; at < 5; at++) assert.equal(ask(principal, key), undefined)
  assert.equal(ask(STRANGER), undefined)
})

function limitedPolicy() {
  const read = readRouteTable({
    version: 1,
    default_audience: ['dvara'],
    limits: [
      { name: 'orders', prefixes: ['/app/orders'], rate: '2/m' },
      { name: 'reports', prefixes: ['/app/reports'], rate: '2/m', per: 'everyone' },
    ],
  })
  assert.ok('table' in read)
  return policyOf({ routes: compileRoutes(read.table) })
}

test('a class counts for each principal, or for everyone together', () => {
  const { limits } = limitsOf()
  const policy = limitedPolicy()
  const ask = (path: string, who = principal) =>
    limits.admitProven(checkOf({ path }), policy, who, undefined)
  for (const [path, mine, theirs] of [
    ['/app/orders/1', 'authz.rate_limited.route', undefined],
    ['/app/reports', 'authz.rate_limited.route', 'authz.rate_limited.route'],
  ] as const) {
    assert.equal(ask(path), undefined)
    assert.equal(ask(path), undefined)
    assert.equal(ask(path)?.reason, mine)
    assert.equal(ask(path)?.retryAfterS, 30)
    assert.equal(ask(path, STRANGER)?.reason, theirs)
  }
  assert.equal(ask('/app'), undefined)
})

test('a request that one limit refuses draws from none', () => {
  const { limits } = limitsOf({ perPrincipal: FIVE, perKey: FIVE })
  const policy = limitedPolicy()
  const ask = (path: string) =>
    limits.admitProven(checkOf({ path }), policy, principal, KEY)?.reason
  for (let at = 0; at < 2; at++) assert.equal(ask('/app/orders'), undefined)
  for (let at = 0; at < 9; at++) assert.equal(ask('/app/orders'), 'authz.rate_limited.route')
  for (let at = 0; at < 3; at++) assert.equal(ask('/app'), undefined)
  assert.equal(ask('/app'), 'authz.rate_limited.key')
})

test('in the corridor: public and blocked paths are no concern of any limit', () => {
  const { limits } = limitsOf({ perAddress: { count: 1, windowMs: 3_600_000, burst: 1 } })
  const world = createWorld({ limits })
  const ask = (path: string) => said(world.authorize(checkOf({ path })) as Answer)
  assert.equal(ask('/app'), 'authz.invalid_session')
  assert.equal(ask('/app'), 'authz.rate_limited.address')
  assert.equal(ask('/public/x'), 'anyone')
  assert.equal(ask('/management'), 'authz.permission_denied')
})

test('in the corridor: a limited address hears the same whatever it sends', async () => {
  const { limits } = limitsOf({ perAddress: FIVE, requestCost: 1 })
  const world = createWorld({ limits })
  const good = checkOf({ cookies: `dvara_session=${ID}` })
  await world.authorize(good)
  for (let at = 0; at < 4; at++) await world.authorize(good)
  const loads = world.store.loads
  const answers = [
    await world.authorize(good),
    await world.authorize(checkOf({ cookies: 'dvara_session=forged' })),
    await world.authorize(checkOf()),
    await world.authorize(checkOf({ cookies: `dvara_session=${'X'.repeat(43)}` })),
  ]
  for (const answer of answers) assert.equal(said(answer), 'authz.rate_limited.address')
  assert.equal(world.store.loads, loads, 'the store was asked for a limited address')
})

test('in the corridor: naming a victim draws nothing from the victim', async () => {
  const { limits } = limitsOf({ perPrincipal: FIVE })
  const world = createWorld({ limits })
  const bad = checkOf({ cookies: `dvara_session=${ID}`, method: 'POST', csrfToken: 'wrong' })
  for (let at = 0; at < 50; at++) {
    assert.equal(said(await world.authorize(bad)), 'authz.csrf_token_mismatch')
  }
  const good = checkOf({ cookies: `dvara_session=${ID}` })
  for (let at = 0; at < 5; at++) assert.match(said(await world.authorize(good)), /^Bearer/)
  assert.equal(said(await world.authorize(good)), 'authz.rate_limited.principal')
})

test('in the corridor: only who can sign draws from a key; no nonce burns in vain', async () => {
  const { limits } = limitsOf()
  const keys = createKeyWorld()
  const key = { rate: { perSecond: 2, burst: 2 } }
  keys.stored.set(KID, keyFactsOf({ key }))
  const world = createWorld({ limits, keys: keys.dependencies })
  const ask = async (nonce: number, changes: Partial<Check> = {}) => {
    const signed = signedV2({ method: 'POST' }, { nonce: String(nonce) })
    return said(await world.authorize({ ...signed, ...changes }))
  }
  for (let at = 0; at < 9; at++) {
    assert.equal(await ask(NOW, { path: '/x' }), 'authz.invalid_signature')
  }
  assert.match(await ask(NOW), /^Bearer/)
  assert.match(await ask(NOW + 1), /^Bearer/)
  assert.equal(await ask(NOW + 2), 'authz.rate_limited.key')
  assert.equal(keys.state.burns.length, 2)
})

test('one address that floods leaves the places and the tokens of others alone', () => {
  const { limits, clock } = limitsOf({ perAddress: FIVE, bucketsMax: 1024 })
  const others = Array.from({ length: 200 }, (_, at) => addressOf(`203.0.113.${at}`))
  let floodAdmitted = 0
  let refusedOthers = 0
  for (let second = 0; second < 5; second++) {
    for (const other of others) {
      for (let at = 0; at < 50; at++) if (limits.admitAddress(ME) === undefined) floodAdmitted++
      if (limits.admitAddress(other) !== undefined) refusedOthers++
      clock.ms += 5
    }
  }
  assert.equal(refusedOthers, 0)
  assert.ok(floodAdmitted <= 5 + 5 * 5, String(floodAdmitted))
})
