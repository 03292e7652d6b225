import assert from 'node:assert/strict'
import crypto, { randomBytes } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import test from 'node:test'
import { nodeBlakeKeys } from '../../src/crypto/node-blake.ts'
import { nodeHmacKeys } from '../../src/crypto/node-hmac.ts'
import { createCookieRing } from './cookie-fixture.ts'

/** How many comparisons `work` leaves to the one function whose time tells nothing. */
function countComparisons(work: () => void): number {
  const { timingSafeEqual } = crypto
  let count = 0
  crypto.timingSafeEqual = (one, other) => {
    count++
    return timingSafeEqual(one, other)
  }
  syncBuiltinESMExports()
  try {
    work()
  } finally {
    crypto.timingSafeEqual = timingSafeEqual
    syncBuiltinESMExports()
  }
  return count
}

const ring = await createCookieRing(nodeBlakeKeys)
const sealed = ring.seal(randomBytes(32).toString('base64url'))
const hmac = nodeHmacKeys.prepare(randomBytes(32))
const blake = nodeBlakeKeys.prepare(randomBytes(32))
const forged = new Uint8Array(32)

const COMPARES: readonly [name: string, isRight: () => boolean, isWrong: () => boolean][] = [
  [
    'the seal of a cookie',
    () => ring.isSealed(sealed),
    () => ring.isSealed(sealed.slice(0, 44) + 'A'.repeat(24)),
  ],
  [
    'an HMAC in hex',
    () => hmac.verifyHex('a', Buffer.from(hmac.sign('a')).toString('hex')),
    () => hmac.verifyHex('a', '00'.repeat(32)),
  ],
  ['an HMAC', () => hmac.verify('a', hmac.sign('a')), () => hmac.verify('a', forged)],
  ['a keyed BLAKE3', () => blake.verify('a', blake.sign('a')), () => blake.verify('a', forged)],
]

for (const [name, isRight, isWrong] of COMPARES) {
  test(`${name} is compared in constant time, right or wrong`, () => {
    assert.equal(
      countComparisons(() => assert.equal(isRight(), true)),
      1,
    )
    assert.equal(
      countComparisons(() => assert.equal(isWrong(), false)),
      1,
    )
  })
}
