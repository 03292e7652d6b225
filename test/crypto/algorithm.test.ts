import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import test from 'node:test'
import type { Algorithm } from '../../src/crypto/algorithm.ts'
import {
  ALGORITHM_NAMES,
  ALGORITHMS,
  isAlgorithm,
  prepareKey,
  verifySignature,
} from '../../src/crypto/algorithm.ts'

const SIGNATURE_BYTES: Record<Algorithm, number> = { EdDSA: 64, ES256: 64, RS256: 384, PS256: 384 }

const generated = new Map<Algorithm, ReturnType<(typeof ALGORITHMS)[Algorithm]['generate']>>()

/** One key of each algorithm: one of RSA takes up to a second to find. */
function keyOf(alg: Algorithm) {
  const known = generated.get(alg) ?? ALGORITHMS[alg].generate()
  generated.set(alg, known)
  return known
}

for (const alg of ALGORITHM_NAMES) {
  test(`${alg} signs what it verifies, in as many bytes as JWS wants`, async () => {
    const { privateKey } = await keyOf(alg)
    const publicKey = createPublicKey(privateKey)
    const message = Buffer.from('a message')
    const signature = prepareKey(alg, privateKey).sign(message)
    assert.equal(signature.length, SIGNATURE_BYTES[alg])
    assert.equal(verifySignature({ alg, publicKey }, message, signature), true)
    assert.equal(verifySignature({ alg, publicKey }, Buffer.from('another'), signature), false)
    for (const length of [0, 1, signature.length - 1]) {
      const cut = signature.subarray(0, length)
      assert.equal(verifySignature({ alg, publicKey }, message, cut), false)
    }
  })
}

test('RS256 and PS256 of one key do not accept each other', async () => {
  const { privateKey } = await keyOf('RS256')
  const publicKey = createPublicKey(privateKey)
  const message = Buffer.from('a message')
  const signature = prepareKey('PS256', privateKey).sign(message)
  assert.equal(verifySignature({ alg: 'PS256', publicKey }, message, signature), true)
  assert.equal(verifySignature({ alg: 'RS256', publicKey }, message, signature), false)
})

test('the signature of RFC 8037 §A.4 is made to the byte', () => {
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  }
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const input = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc'
  const signature = Buffer.from(prepareKey('EdDSA', key).sign(Buffer.from(input)))
  assert.equal(
    signature.toString('base64url'),
    'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  )
})

test('the signature of RFC 7515 §A.3 is verified', () => {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  }
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  const payload =
    'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
  const signature = Buffer.from(
    'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    'base64url',
  )
  const input = Buffer.from(`eyJhbGciOiJFUzI1NiJ9.${payload}`)
  assert.equal(verifySignature({ alg: 'ES256', publicKey }, input, signature), true)
})

test('names that objects inherit are no algorithms', () => {
  for (const name of ['none', 'HS256', 'constructor', '__proto__', 'eddsa', '', undefined, 1]) {
    assert.equal(isAlgorithm(name), false)
  }
})
