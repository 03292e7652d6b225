import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { Fault } from '../../src/core/fault.ts'
import type { Principal, Session } from '../../src/core/principal.ts'
import {
  decodePrincipal,
  decodeSession,
  encodePrincipal,
  encodeSession,
} from '../../src/store/record.ts'

const word = fc.integer({ min: 0, max: 0xffff_ffff })
const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const text = fc.string({ unit: 'grapheme', maxLength: 300 })
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })

const PLAIN = { noNullPrototype: true }

const sessions: fc.Arbitrary<Session> = fc.record(
  {
    ...{ hash: name, uid: name, csrfToken: text, userAgent: text },
    address: fc.record(
      {
        family: fc.constantFrom(4 as const, 6 as const),
        ...{ a: word, b: word, c: word, d: word, text },
      },
      PLAIN,
    ),
    ...{ createdAtMs: whole, endsAtMs: whole, generation: whole },
  },
  PLAIN,
)

const principals: fc.Arbitrary<Principal> = fc.record(
  {
    uid: name,
    kind: fc.constantFrom('user' as const, 'service' as const),
    ...{ username: fc.option(text), email: text, role: text, level: whole, state: text },
    ...{ referralId: fc.option(whole), otp: fc.boolean(), version: whole },
  },
  PLAIN,
)

/** A true value or Fault `store_garbage`: nothing else may come out. */
function outcome<T>(decode: () => T): T | 'garbage' {
  try {
    return decode()
  } catch (fault) {
    assert.ok(fault instanceof Fault, String(fault))
    assert.equal(fault.code, 'store_garbage')
    return 'garbage'
  }
}

test('every session comes back exactly as it was', () => {
  fc.assert(
    fc.property(sessions, (session) => {
      assert.deepEqual({ ...decodeSession(encodeSession(session), session.hash) }, session)
    }),
  )
})

test('every principal comes back exactly as it was', () => {
  fc.assert(
    fc.property(principals, (principal) => {
      assert.deepEqual(decodePrincipal(encodePrincipal(principal), principal.uid), principal)
    }),
  )
})

test('one flipped bit anywhere is garbage', () => {
  fc.assert(
    fc.property(sessions, fc.nat(), fc.nat(7), (session, at, bit) => {
      const bytes = Uint8Array.from(encodeSession(session))
      const index = at % bytes.length
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
      assert.equal(
        outcome(() => decodeSession(bytes, session.hash)),
        'garbage',
      )
    }),
    { numRuns: 2_000 },
  )
})

test('a record that is cut or continued is garbage', () => {
  fc.assert(
    fc.property(principals, fc.nat(), fc.uint8Array({ minLength: 1 }), (principal, at, more) => {
      const bytes = encodePrincipal(principal)
      for (const wrong of [bytes.subarray(0, at % bytes.length), Buffer.concat([bytes, more])]) {
        assert.equal(
          outcome(() => decodePrincipal(wrong, principal.uid)),
          'garbage',
        )
      }
    }),
  )
})

test('random bytes are garbage', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const wrong of [bytes, Buffer.concat([Buffer.from([1, 1]), bytes])]) {
        assert.equal(
          outcome(() => decodeSession(wrong, 'h')),
          'garbage',
        )
        assert.equal(
          outcome(() => decodePrincipal(wrong, 'u')),
          'garbage',
        )
      }
    }),
    { numRuns: 2_000 },
  )
})

const session: Session = {
  ...{ hash: 'h', uid: 'u', csrfToken: 'c', userAgent: 'a' },
  address: { family: 4, a: 0, b: 0, c: 0, d: 1, text: '0.0.0.1' },
  ...{ createdAtMs: 1, endsAtMs: 2, generation: 0 },
}
const FIELDS = ['h', 'u', 'c', 'a', [4, 0, 0, 0, 1, '0.0.0.1'], 1, 2, 0] as const

// A whole record with a right checksum around fields of our choice, as a faulty writer makes.
function forge(fields: unknown, version = 1): Uint8Array {
  const body = new Packr({ useRecords: false }).pack(fields)
  const honest = encodeSession(session)
  const bytes = Buffer.concat([honest.subarray(0, 6), body])
  bytes[0] = version
  bytes.writeUInt32BE(crcOf(body), 2)
  return bytes
}

// CRC-32 of RFC 1952 §8, started from the value over version and kind as record.ts does.
function crcOf(body: Uint8Array): number {
  let crc = ~((1 << 8) | 1)
  for (const byte of body) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0)
  }
  return ~crc >>> 0
}

test('a forged record with right fields is read: the cases below fail for their own reason', () => {
  assert.deepEqual(decodeSession(forge(FIELDS), 'h'), session)
})

const replaced = (index: number, value: unknown) =>
  FIELDS.map((f, at) => (at === index ? value : f))
const FORGERIES: readonly { name: string; bytes: Uint8Array; hash?: string }[] = [
  { name: 'a session under another hash', bytes: forge(FIELDS), hash: 'other' },
  { name: 'an unknown version', bytes: forge(FIELDS, 2) },
  { name: 'a principal where a session should be', bytes: encodePrincipal(principalOf()) },
  { name: 'a field too few', bytes: forge(FIELDS.slice(1)) },
  { name: 'a field too many', bytes: forge([...FIELDS, 0]) },
  { name: 'a map instead of a list', bytes: forge({ length: 8 }) },
  { name: 'an empty uid', bytes: forge(replaced(1, '')) },
  { name: 'a number for a text', bytes: forge(replaced(2, 7)) },
  { name: 'a text for a number', bytes: forge(replaced(6, '2')) },
  { name: 'a negative instant', bytes: forge(replaced(6, -1)) },
  { name: 'a fraction', bytes: forge(replaced(6, 1.5)) },
  { name: 'not a number', bytes: forge(replaced(6, Number.NaN)) },
  { name: 'more than a number can hold', bytes: forge(replaced(6, 2n ** 60n)) },
  { name: 'an address of no family', bytes: forge(replaced(4, [5, 0, 0, 0, 1, ''])) },
  { name: 'an address word of 33 bits', bytes: forge(replaced(4, [4, 0, 0, 0, 2 ** 32, ''])) },
  { name: 'no address', bytes: forge(replaced(4, null)) },
  { name: 'too long a record', bytes: forge(replaced(3, 'x'.repeat(70_000))) },
  { name: 'nothing', bytes: new Uint8Array() },
]
for (const { name, bytes, hash } of FORGERIES) {
  test(`garbage: ${name}`, () => {
    assert.equal(
      outcome(() => decodeSession(bytes, hash ?? 'h')),
      'garbage',
    )
  })
}

test('garbage: a principal under another uid', () => {
  const bytes = encodePrincipal(principalOf())
  assert.equal(
    outcome(() => decodePrincipal(bytes, 'other')),
    'garbage',
  )
})

function principalOf(): Principal {
  return {
    ...{ uid: 'u', kind: 'user', username: null, email: 'e', role: 'member', level: 0 },
    ...{ state: 'active', referralId: null, otp: false, version: 1 },
  }
}
