import assert from 'node:assert/strict'
import test from 'node:test'
import { type Bearer, headOf, nodeEngine, tokenOf, wholeClaims } from '../../src/crypto/stamp.ts'
import { createRing } from './scratch.ts'

test('a token is header, payload and signature, each in base64url', async (t) => {
  assert.equal(
    Buffer.from(headOf({ alg: 'EdDSA', kid: 'k' }).slice(0, -1), 'base64url').toString(),
    '{"alg":"EdDSA","kid":"k","typ":"JWT"}',
  )
  const { keyring } = await createRing(t)
  const stamp = nodeEngine.stamp(keyring.signing())
  const [head, payload, signature] = stamp.mint(wholeClaims('{"a":1}')).split('.')
  assert.equal(`${head}.`, headOf(keyring.signing()))
  assert.equal(payload, 'eyJhIjoxfQ')
  assert.match(signature ?? '', /^[A-Za-z0-9_-]{86}$/)
})

test('wherever claims are cut, the token is the same', async (t) => {
  const { keyring } = await createRing(t)
  const stamp = nodeEngine.stamp(keyring.signing())
  const json = '{"name":"Zoë","level":3}'
  const whole = stamp.mint(wholeClaims(json))
  for (let at = 0; at <= json.length; at++) {
    const claims = { shared: json.slice(0, at), own: json.slice(at) }
    assert.equal(stamp.mint(claims), whole)
    assert.equal(tokenOf(stamp.bearer(claims)), whole)
  }
})

test('RSA is signed off the event loop, and the same way', async (t) => {
  const { keyring } = await createRing(t, 'RS256')
  const stamp = nodeEngine.stamp(keyring.signing())
  let isTurnOver = false
  setImmediate(() => {
    isTurnOver = true
  })
  const later = stamp.bearerLater?.(wholeClaims('{"a":1}'))
  assert.ok(!isTurnOver)
  assert.equal(tokenOf((await later) as Bearer), stamp.mint(wholeClaims('{"a":1}')))
})

test('the curves are too quick to be signed anywhere else', async (t) => {
  for (const algorithm of ['EdDSA', 'ES256'] as const) {
    const { keyring } = await createRing(t, algorithm)
    assert.equal(nodeEngine.stamp(keyring.signing()).bearerLater, undefined)
  }
})
