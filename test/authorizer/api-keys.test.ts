import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { ApiKey, KeyAlgorithm } from '../../src/core/api-key.ts'
import type { Check } from '../../src/core/check.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Principal } from '../../src/core/principal.ts'
import { nodeCrypto, openCrypto } from '../../src/crypto/engine.ts'
import { checkOf, NOW } from '../core/facts.ts'
import {
  createKeyWorld,
  formV2,
  KID,
  keyFactsOf,
  pairOf,
  signatureOf,
  signedV2,
  signV1,
} from './keys.ts'
import { createWorld, said } from './world.ts'

function createSigned(options: Parameters<typeof createKeyWorld>[0] = {}) {
  const clock = { ms: NOW, monotonicMs: 5000 }
  const keys = createKeyWorld({ ...options, clock })
  const world = createWorld({
    keys: keys.dependencies,
    nowMs: () => clock.ms,
    monotonicMs: () => clock.monotonicMs,
  })
  const ask = async (check: Check) => said(await world.authorize(check))
  return { ...world, ...keys, clock, ask }
}

const ALLOWED = 'Bearer for dvara'
const nonceAt = (ms: number) => String(NOW + ms)
const v1 = (nonce = nonceAt(0), fields: Partial<Check> = {}) =>
  checkOf({ ...fields, apiKey: signV1(nonce) })

describe('version 1, in Barong’s order', () => {
  const CASES: [
    string,
    Check,
    string,
    { key?: Partial<ApiKey>; principal?: Partial<Principal> }?,
  ][] = [
    ['a good request', v1(), ALLOWED],
    ['a POST without CSRF token', v1(undefined, { method: 'POST' }), ALLOWED],
    ['a nonce with a tail', v1(`${nonceAt(0)}abc`), ALLOWED],
    ['a nonce 4999 ms old', v1(nonceAt(-4999)), ALLOWED],
    ['a nonce 5000 ms old', v1(nonceAt(-5000)), 'authz.nonce_expired'],
    ['a nonce 4999 ms ahead', v1(nonceAt(4999)), ALLOWED],
    ['a nonce 5000 ms ahead', v1(nonceAt(5000)), 'authz.nonce_expired'],
    ['a nonce in seconds', v1('1700000000'), 'authz.nonce_expired'],
    ['a nonce that is no number', v1('nonce'), 'authz.nonce_not_valid_timestamp'],
    ['a nonce of 0', v1('0'), 'authz.nonce_not_valid_timestamp'],
    [
      'an unknown key before its bad nonce',
      checkOf({ apiKey: signV1('nonce', 'ffffffffffffffff') }),
      'authz.unexistent_apikey',
    ],
    [
      'an expired nonce before a wrong signature',
      checkOf({ apiKey: signV1(nonceAt(-9000), KID, 'wrong') }),
      'authz.nonce_expired',
    ],
    [
      'a wrong signature before a disabled key',
      checkOf({ apiKey: signV1(nonceAt(0), KID, 'wrong') }),
      'authz.invalid_signature',
      { key: { state: 'inactive' } },
    ],
    ['a disabled key', v1(), 'authz.apikey_not_active', { key: { state: 'inactive' } }],
    ['an owner banned', v1(), 'authz.invalid_session', { principal: { state: 'banned' } }],
    ['an owner without 2FA', v1(), 'authz.disabled_2fa', { principal: { otp: false } }],
    [
      'a path without a rule',
      v1(undefined, { path: '/x', foldedPath: '/x' }),
      'authz.invalid_permission',
    ],
    ['off at the key', v1(), 'authz.apikey_version_refused', { key: { isV1Accepted: false } }],
  ]
  for (const [name, check, expected, fields] of CASES) {
    test(name, async () => {
      const { ask, stored } = createSigned()
      stored.set(KID, keyFactsOf(fields))
      // The first time from the store, the second from memory.
      assert.equal(await ask(check), expected)
      assert.equal(await ask(check), expected)
    })
  }

  test('a missing or blank header comes before everything, and asks no store', async () => {
    const { ask, state } = createSigned()
    for (const name of ['kid', 'nonce', 'signature'] as const) {
      for (const value of [undefined, '', ' \t']) {
        const apiKey = { ...signV1(nonceAt(0)), [name]: value }
        assert.equal(await ask(checkOf({ apiKey })), 'authz.invalid_api_key_headers')
      }
    }
    assert.equal(state.loads, 0)
  })

  test('the signature has one spelling', async () => {
    const { ask } = createSigned()
    const good = signV1(nonceAt(0))
    const signature = good.signature as string
    const others = [signature.toUpperCase(), `${signature}0`, signature.slice(1), ` ${signature}`]
    for (const other of others) {
      const apiKey = { ...good, signature: other }
      assert.equal(await ask(checkOf({ apiKey })), 'authz.invalid_signature')
    }
  })

  test('no key of another algorithm takes it, whatever the public key was used for', async () => {
    for (const algorithm of ['EdDSA', 'ES256', 'RS256'] as const) {
      const { ask, stored } = createSigned()
      stored.set(KID, keyFactsOf({ key: { algorithm } }))
      const { publicKey } = pairOf(algorithm)
      const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string
      const nonce = nonceAt(0)
      for (const signature of [
        signV1(nonce, KID, pem).signature,
        signatureOf(algorithm, nonce + KID),
      ]) {
        const check = checkOf({ apiKey: { ...signV1(nonce), signature } })
        assert.equal(await ask(check), 'authz.invalid_signature')
      }
    }
  })

  test('a nonce may be used again, and after a refusal for another request', async () => {
    const { ask } = createSigned()
    const refused = v1(undefined, { method: 'POST', path: '/x', foldedPath: '/x' })
    assert.equal(await ask(refused), 'authz.invalid_permission')
    for (let n = 0; n < 3; n++) assert.equal(await ask(v1()), ALLOWED)
  })

  test('unless replay is denied: then it is good once, for whatever method', async () => {
    const { ask } = createSigned({ isV1Once: true })
    const refused = v1(undefined, { path: '/x', foldedPath: '/x' })
    assert.equal(await ask(refused), 'authz.invalid_permission')
    assert.equal(await ask(v1()), ALLOWED)
    assert.equal(await ask(v1()), 'authz.nonce_used')
    assert.equal(await ask(v1(undefined, { method: 'POST' })), 'authz.nonce_used')
    assert.equal(await ask(v1(nonceAt(1))), ALLOWED)
  })
})

describe('version 2', () => {
  const ALGORITHMS: readonly KeyAlgorithm[] = ['HS256', 'EdDSA', 'ES256', 'RS256']
  const FULL = { method: 'PUT', path: '/app/orders', foldedPath: '/app/orders', query: 'a=1&b=2' }
  const DIGEST = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'

  for (const algorithm of ALGORITHMS) {
    test(`a request signed with ${algorithm} passes, and with no other algorithm`, async () => {
      const { ask, stored, clock } = createSigned()
      stored.set(KID, keyFactsOf({ key: { algorithm, isV1Accepted: false } }))
      for (const used of ALGORITHMS) {
        clock.ms++
        const check = signedV2(FULL, { algorithm: used, digest: DIGEST, nonce: String(clock.ms) })
        assert.equal(await ask(check), used === algorithm ? ALLOWED : 'authz.invalid_signature')
      }
    })

    test(`no field of a request signed with ${algorithm} can be changed`, async () => {
      const { ask, stored } = createSigned()
      stored.set(KID, keyFactsOf({ key: { algorithm } }))
      stored.set('other', keyFactsOf({ key: { algorithm, kid: 'other' } }))
      const signed = signedV2(FULL, { algorithm, digest: DIGEST })
      const { apiKey } = signed
      assert.ok(apiKey !== undefined)
      const changed: [string, Check][] = [
        ['method', { ...signed, method: 'POST' }],
        ['path', { ...signed, path: '/app/order', foldedPath: '/app/order' }],
        ['capitals in the path', { ...signed, path: '/App/orders' }],
        ['query', { ...signed, query: 'a=1&b=3' }],
        ['no query', { ...signed, query: '' }],
        ['host', { ...signed, host: 'app.example.evil' }],
        ['nonce', { ...signed, apiKey: { ...apiKey, nonce: nonceAt(1) } }],
        ['key', { ...signed, apiKey: { ...apiKey, kid: 'other' } }],
        ['digest', { ...signed, apiKey: { ...apiKey, contentDigest: `${DIGEST}x` } }],
        ['no digest', { ...signed, apiKey: { ...apiKey, contentDigest: undefined } }],
        ['version 1', { ...signed, apiKey: { ...apiKey, version: undefined } }],
      ]
      for (const [name, check] of changed) {
        assert.equal(await ask(check), 'authz.invalid_signature', name)
      }
      assert.equal(await ask(signed), ALLOWED)
    })
  }

  test('any change of one field is refused', async () => {
    const { ask } = createSigned()
    const letters = fc.string({ unit: fc.constantFrom('a', 'B', '1', '/', '-', '.'), maxLength: 9 })
    const arbitrary = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH'),
      path: letters.map((text) => `/app/${text}`),
      query: letters,
      host: letters,
      digest: fc.option(
        letters.map((text) => `d${text}`),
        { nil: undefined },
      ),
    })
    const names = ['method', 'path', 'query', 'host', 'digest'] as const
    await fc.assert(
      fc.asyncProperty(arbitrary, arbitrary, fc.constantFrom(...names), async (a, b, name) => {
        if (a[name] === b[name]) return
        const signed = signedV2(a, a.digest === undefined ? {} : { digest: a.digest })
        const changed: Check =
          name === 'digest' && signed.apiKey !== undefined
            ? { ...signed, apiKey: { ...signed.apiKey, contentDigest: b.digest } }
            : { ...signed, [name]: b[name] }
        assert.equal(await ask(changed), 'authz.invalid_signature')
      }),
      { numRuns: 500 },
    )
  })

  test('a signature of version 1 does not help, whatever else is as it was', async () => {
    const { ask } = createSigned()
    const apiKey = { ...signV1(nonceAt(0)), version: '2' }
    assert.equal(await ask(checkOf({ apiKey })), 'authz.invalid_signature')
  })

  const REFUSED: [string, Check, string][] = [
    [
      'an unknown version',
      checkOf({ apiKey: { ...signV1(nonceAt(0)), version: '3' } }),
      'authz.apikey_version_refused',
    ],
    [
      'a lenient nonce',
      signedV2({}, { nonce: `${nonceAt(0)}x` }),
      'authz.nonce_not_valid_timestamp',
    ],
    ['a nonce too old', signedV2({}, { nonce: nonceAt(-5000) }), 'authz.nonce_expired'],
    ['a nonce too new', signedV2({}, { nonce: nonceAt(5000) }), 'authz.nonce_expired'],
    ['an unknown key', signedV2({}, { kid: 'ffffffffffffffff' }), 'authz.unexistent_apikey'],
    ['a key id that is none', signedV2({}, { kid: '../' }), 'authz.unexistent_apikey'],
  ]
  for (const [name, check, expected] of REFUSED) {
    test(`${name} is refused`, async () => {
      const { ask } = createSigned()
      assert.equal(await ask(check), expected)
      assert.equal(await ask(check), expected)
    })
  }

  test('ECDSA in DER, and any signature in capitals, is none', async () => {
    const { ask, stored } = createSigned()
    stored.set(KID, keyFactsOf({ key: { algorithm: 'ES256' } }))
    const signed = signedV2({}, { algorithm: 'ES256' })
    const { sign } = await import('node:crypto')
    const form = formV2(signed, KID, nonceAt(0))
    const der = sign('sha256', Buffer.from(form), pairOf('ES256').privateKey).toString('hex')
    const capitals = (signed.apiKey?.signature ?? '').toUpperCase()
    for (const signature of [der, capitals, '', '0', '00'.repeat(64), 'zz'.repeat(64)]) {
      if (signed.apiKey === undefined || signature === '') continue
      const check = { ...signed, apiKey: { ...signed.apiKey, signature } }
      assert.equal(await ask(check), 'authz.invalid_signature')
    }
    assert.equal(await ask(signed), ALLOWED)
  })
})

describe('the nonce of a request that changes something', () => {
  test('is good once; that of one that changes nothing is good while it lives', async () => {
    const { ask, state } = createSigned()
    for (const method of ['GET', 'HEAD']) {
      for (let n = 0; n < 3; n++) assert.equal(await ask(signedV2({ method })), ALLOWED)
    }
    assert.deepEqual(state.burns, [])
    assert.equal(await ask(signedV2({ method: 'POST' })), ALLOWED)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      assert.equal(await ask(signedV2({ method })), 'authz.nonce_used', method)
    }
    assert.deepEqual(state.burns, ['burned', 'used', 'used', 'used', 'used'])
  })

  test('is not used up by a refusal', async () => {
    const { ask, state } = createSigned()
    const elsewhere = { method: 'POST', path: '/x', foldedPath: '/x' }
    assert.equal(await ask(signedV2(elsewhere)), 'authz.invalid_permission')
    const forged = signedV2({ method: 'POST' })
    const apiKey = { ...signV1(nonceAt(0)), version: '2' }
    assert.equal(await ask({ ...forged, apiKey }), 'authz.invalid_signature')
    assert.deepEqual(state.burns, [])
    assert.equal(await ask(forged), ALLOWED)
  })

  test('is used up by exactly one of many that come at once', async () => {
    const { ask } = createSigned()
    const check = signedV2({ method: 'POST' })
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(check)))
    assert.equal(answers.filter((one) => one === ALLOWED).length, 1)
    assert.equal(answers.filter((one) => one === 'authz.nonce_used').length, 49)
  })

  test('is refused as one too many when no more can be remembered', async () => {
    const keys = createKeyWorld()
    const full = { ...keys.dependencies, nonces: { burn: async () => 'full' as const } }
    const { authorize } = createWorld({ keys: full })
    const answer = await authorize(signedV2({ method: 'POST' }))
    assert.equal(answer.kind === 'deny' && answer.status, 429)
    assert.equal(said(answer), 'authz.nonces_exhausted')
  })

  test('cannot be used up while the store is away: refused, and GET goes on', async () => {
    const { ask, state, faults } = createSigned()
    assert.equal(await ask(signedV2({})), ALLOWED)
    state.fault = new Fault('store_unavailable')
    assert.equal(await ask(signedV2({ method: 'POST' })), 'authz.unavailable')
    assert.equal(await ask(signedV2({})), ALLOWED)
    assert.deepEqual(state.burns, ['fault'])
    assert.equal(faults.length, 1)
  })

  test('does not save a key that was revoked while it was used up', async () => {
    const keys = createKeyWorld()
    const { memory, stored } = keys
    const nonces = {
      async burn() {
        stored.delete(KID)
        memory.known.forgetTagged(`key:${KID}`)
        return 'burned' as const
      },
    }
    const { authorize } = createWorld({ keys: { ...keys.dependencies, nonces } })
    const answer = await authorize(signedV2({ method: 'POST' }))
    assert.equal(said(answer), 'authz.unexistent_apikey')
  })
})

describe('who asks with a key that does not work', () => {
  /** Counts what is done for a request, so that no clock has to be trusted. */
  function createCounted() {
    const counts = { verified: 0 }
    const { prepare } = nodeCrypto.hmacKeys
    const crypto = {
      ...nodeCrypto,
      hmacKeys: {
        prepare(secret: Uint8Array) {
          const key = prepare(secret)
          const verifyHex = (message: string | Uint8Array, macHex: string) => {
            counts.verified++
            return key.verifyHex(message, macHex)
          }
          return { verifyHex, forget: key.forget }
        },
      },
    }
    return { ...createSigned({ crypto }), counts }
  }

  test('is answered after the same work: one load at most, one HMAC a request', async () => {
    const kids = { revoked: 'aa', unknown: 'bb', active: 'cc', 'no key id': 'd d' }
    for (const version of [undefined, '2']) {
      for (const [name, kid] of Object.entries(kids)) {
        const { ask, counts, state, stored } = createCounted()
        stored.set('aa', keyFactsOf({ key: { kid: 'aa', state: 'inactive' } }))
        stored.set('cc', keyFactsOf({ key: { kid: 'cc' } }))
        const apiKey = { ...signV1(nonceAt(0), kid, 'wrong'), version }
        const said = new Set<string>()
        for (let n = 1; n <= 3; n++) {
          said.add(await ask(checkOf({ apiKey })))
          assert.equal(counts.verified, n, name)
        }
        const isKnown = kid === 'aa' || kid === 'cc'
        assert.deepEqual(
          [...said],
          [isKnown ? 'authz.invalid_signature' : 'authz.unexistent_apikey'],
        )
        assert.equal(state.loads, kid === 'd d' ? 0 : 1)
      }
    }
  })
})

describe('what is remembered of keys', () => {
  test('a key is loaded once for all who ask at once, and answered from memory after', async () => {
    const { ask, authorize, state } = createSigned()
    await Promise.all(Array.from({ length: 20 }, () => ask(v1())))
    assert.equal(state.loads, 1)
    assert.ok(!(authorize(v1()) instanceof Promise))
  })

  test('an unknown key asks the store once a second, and at once when it is created', async () => {
    const { ask, authorize, clock, memory, state, stored } = createSigned()
    const check = checkOf({ apiKey: signV1(nonceAt(0), 'feedfeedfeedfeed') })
    for (let n = 0; n < 5; n++) assert.equal(await ask(check), 'authz.unexistent_apikey')
    assert.equal(state.loads, 1)
    assert.ok(!(authorize(check) instanceof Promise))
    clock.monotonicMs += 1001
    assert.equal(await ask(check), 'authz.unexistent_apikey')
    assert.equal(state.loads, 2)
    stored.set('feedfeedfeedfeed', keyFactsOf({ key: { kid: 'feedfeedfeedfeed' } }))
    assert.equal(await ask(check), 'authz.unexistent_apikey')
    memory.unknown.forgetTagged('key:feedfeedfeedfeed')
    assert.equal(await ask(check), ALLOWED)
  })

  test('what cannot be a key id never reaches the store', async () => {
    const { ask, state } = createSigned()
    for (const kid of ['a b', 'x'.repeat(65), '{dv}*', '__proto__ ', 'a\0b', 'é']) {
      assert.equal(await ask(checkOf({ apiKey: signV1('1', kid) })), 'authz.unexistent_apikey')
    }
    assert.equal(state.loads, 0)
  })

  test('a name that objects know by themselves is an unknown key like any other', async () => {
    const { ask } = createSigned()
    for (const kid of ['__proto__', 'constructor', 'toString']) {
      assert.equal(await ask(checkOf({ apiKey: signV1('1', kid) })), 'authz.unexistent_apikey')
    }
  })

  for (const tag of [`key:${KID}`, 'user:ID0000000001']) {
    test(`an invalidation of ${tag} is in force in the next request`, async () => {
      const { ask, memory, stored } = createSigned()
      assert.equal(await ask(v1()), ALLOWED)
      stored.set(KID, keyFactsOf({ key: { state: 'inactive' } }))
      assert.equal(await ask(v1()), ALLOWED)
      assert.equal(memory.known.forgetTagged(tag), 1)
      assert.equal(await ask(v1()), 'authz.apikey_not_active')
    })
  }

  test('a load that an invalidation has overtaken is made again', async () => {
    const { ask, ring, state } = createSigned()
    ring.record({ seq: 2, scope: 'key', id: KID })
    const answer = ask(v1())
    state.head = 2
    assert.equal(await answer, ALLOWED)
    assert.equal(state.loads, 2)
  })

  test('a key that leaves the table gives its room back, and is loaded anew', async () => {
    const { ask, stored, memory, state } = createSigned({ keysMax: 1 })
    stored.set('other', keyFactsOf({ key: { kid: 'other' } }))
    assert.equal(await ask(v1()), ALLOWED)
    const entry = memory.known.recall(KID)
    assert.equal(entry?.isForgotten, false)
    assert.equal(await ask(checkOf({ apiKey: signV1(nonceAt(0), 'other') })), ALLOWED)
    assert.equal(entry?.isForgotten, true)
    assert.equal(await ask(v1()), ALLOWED)
    assert.equal(state.loads, 3)
  })

  test('keys that take one another’s room are never taken for one another', async () => {
    const crypto = openCrypto('wasm', (problem) => assert.fail(problem))
    const { ask, stored } = createSigned({ keysMax: 3, crypto })
    const algorithms = ['HS256', 'EdDSA', 'ES256', 'HS256', 'RS256', 'HS256'] as const
    for (const [at, algorithm] of algorithms.entries()) {
      stored.set(`k${at}`, keyFactsOf({ key: { kid: `k${at}`, algorithm } }))
    }
    for (let n = 0; n < 120; n++) {
      const at = (n * 7 + (n >> 2)) % algorithms.length
      const [kid, algorithm] = [`k${at}`, algorithms[at] ?? 'HS256']
      assert.equal(await ask(signedV2({}, { kid, algorithm })), ALLOWED)
      const { apiKey } = signedV2({}, { kid: `k${(at + 3) % 6}`, algorithm })
      assert.ok(apiKey !== undefined)
      const foreign = checkOf({ apiKey: { ...apiKey, kid } })
      assert.equal(await ask(foreign), 'authz.invalid_signature')
    }
  })

  test('a secret sealed for another row is a fault, never a key', async () => {
    const { ask, stored, faults } = createSigned()
    const { material } = keyFactsOf({ key: { kid: 'other' } }).key
    stored.set(KID, keyFactsOf({ key: { material } }))
    assert.equal(await ask(v1()), 'authz.unavailable')
    assert.equal((faults[0] as Fault).code, 'store_garbage')
  })

  test('without lease nothing is believed', async () => {
    const { ask, clock, state, faults } = createSigned()
    assert.equal(await ask(v1()), ALLOWED)
    clock.monotonicMs += 10_000
    assert.equal(await ask(v1()), 'authz.unavailable')
    assert.equal(state.loads, 1)
    assert.equal(faults.length, 0)
  })
})
