import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ApiKey, KEY_ALGORITHMS } from '../../src/core/api-key.ts'
import { Fault } from '../../src/core/fault.ts'
import { decodeKey, encodeKey } from '../../src/store/key-record.ts'
import { encodePrincipal, KINDS, seal } from '../../src/store/record.ts'

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const text = fc.string({ unit: 'grapheme', maxLength: 60 })
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })

const keys: fc.Arbitrary<ApiKey> = fc.record(
  {
    ...{ kid: name, uid: name, algorithm: fc.constantFrom(...KEY_ALGORITHMS) },
    material: fc.uint8Array({ maxLength: 600 }),
    isV1Accepted: fc.boolean(),
    ...{ scopes: fc.array(text), networks: fc.array(text), state: text },
    expiresAtMs: fc.option(whole, { nil: undefined }),
    rate: fc.option(fc.record({ perSecond: whole, burst: whole }, { noNullPrototype: true }), {
      nil: undefined,
    }),
    version: whole,
  },
  { noNullPrototype: true },
)

const PLAIN: ApiKey = {
  ...{ kid: 'k', uid: 'u', algorithm: 'HS256', material: new Uint8Array([1, 2]) },
  ...{ isV1Accepted: true, scopes: [], networks: [], state: 'active' },
  ...{ expiresAtMs: undefined, rate: undefined, version: 1 },
}

const garbage = (error: unknown) => error instanceof Fault && error.code === 'store_garbage'

test('every key comes back exactly as it was', () => {
  fc.assert(
    fc.property(keys, (key) => {
      assert.deepEqual(decodeKey(encodeKey(key), key.kid), key)
    }),
  )
})

test('a key that lies under a foreign kid is garbage', () => {
  assert.throws(() => decodeKey(encodeKey(PLAIN), 'another'), garbage)
})

test('a principal is no key, and random bytes are none', () => {
  const principal = {
    ...{ uid: 'u', kind: 'user' as const, username: null, email: 'e', role: 'r', level: 1 },
    ...{ state: 'active', referralId: null, otp: true, version: 1 },
  }
  assert.throws(() => decodeKey(encodePrincipal(principal), 'k'), garbage)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => decodeKey(Buffer.concat([Buffer.from([1, 3]), bytes]), 'k'), garbage)
    }),
  )
})

test('one flipped bit anywhere is garbage', () => {
  const bytes = encodeKey(PLAIN)
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const wrong = Uint8Array.from(bytes)
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.throws(() => decodeKey(wrong, 'k'), garbage)
  }
})

test('a whole record whose fields make no key is garbage', () => {
  const fields = ['k', 'u', 'HS256', new Uint8Array(2), true, [], [], 'active', null, null, 1]
  const withField = (at: number, value: unknown) => fields.map((one, n) => (n === at ? value : one))
  assert.equal(decodeKey(seal(KINDS.key, fields), 'k').kid, 'k')
  const wrong: Readonly<Record<number, readonly unknown[]>> = {
    ...{ 1: [''], 2: ['none', 'HS512'], 3: ['text'], 4: [1], 5: ['a', [1]], 6: [{}] },
    ...{ 7: [null], 8: [-1, 1.5], 9: [[1], [1, -1]], 10: ['1'] },
  }
  for (const [at, values] of Object.entries(wrong)) {
    for (const value of values) {
      const record = seal(KINDS.key, withField(Number(at), value))
      assert.throws(() => decodeKey(record, 'k'), garbage, at)
    }
  }
  assert.throws(() => decodeKey(seal(KINDS.key, [...fields, 1]), 'k'), garbage)
})
