import assert from 'node:assert/strict'
import test from 'node:test'
import {
  type Bearer,
  headOf,
  inputOf,
  joinSignature,
  nodeEngine,
  tokenOf,
} from '../../src/crypto/stamp.ts'
import { createRing } from './scratch.ts'

test('a token is header, payload and signature, each in base64url', () => {
  const head = headOf({ alg: 'EdDSA', kid: 'k' })
  assert.equal(
    Buffer.from(head.slice(0, -1), 'base64url').toString(),
    '{"alg":"EdDSA","kid":"k","typ":"JWT"}',
  )
  assert.equal(inputOf('head.', '{"a":1}'), 'head.eyJhIjoxfQ')
  assert.equal(joinSignature('x', Uint8Array.of(251, 255)), 'x.-_8')
})

test('RSA is signed off the event loop, and the same way', async (t) => {
  const { keyring } = await createRing(t, 'RS256')
  const stamp = nodeEngine.stamp(keyring.signing())
  let isTurnOver = false
  setImmediate(() => {
    isTurnOver = true
  })
  const later = stamp.bearerLater?.('{"a":1}')
  assert.ok(!isTurnOver)
  assert.equal(tokenOf((await later) as Bearer), stamp.mint('{"a":1}'))
})

test('the curves are too quick to be signed anywhere else', async (t) => {
  for (const algorithm of ['EdDSA', 'ES256'] as const) {
    const { keyring } = await createRing(t, algorithm)
    assert.equal(nodeEngine.stamp(keyring.signing()).bearerLater, undefined)
  }
})
