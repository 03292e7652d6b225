import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { nodeCrypto, openCrypto } from '../../src/crypto/engine.ts'
import { apiKeyRow, parseSecretsKey, sealSecret } from '../../src/crypto/envelope.ts'
import { createRequestVerifiers, type KeyRecord } from '../../src/crypto/request-verifier.ts'

const keys = parseSecretsKey('a7'.repeat(32))
const FORM = '14:dvara-apikey-2,1:k,-'
const PAIRS = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const ENGINES = {
  'node:crypto': nodeCrypto,
  WebAssembly: openCrypto('wasm', (problem) => assert.fail(problem)),
}

function recordOf(algorithm: KeyRecord['algorithm']): KeyRecord {
  const row = { kid: 'k', uid: 'ID1', algorithm }
  if (algorithm === 'HS256') {
    return { ...row, material: sealSecret(keys, Buffer.from('secret'), apiKeyRow(row)) }
  }
  const { publicKey } = PAIRS[algorithm]
  return { ...row, material: publicKey.export({ format: 'der', type: 'spki' }) }
}

function signatureOf(algorithm: KeyRecord['algorithm'], form: string): string {
  if (algorithm === 'HS256') return createHmac('sha256', 'secret').update(form).digest('hex')
  const key = PAIRS[algorithm].privateKey
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  return sign(digest, Buffer.from(form), { key, dsaEncoding: 'ieee-p1363' }).toString('hex')
}

for (const [name, engine] of Object.entries(ENGINES)) {
  const verifiers = createRequestVerifiers(engine, keys)
  for (const algorithm of ['HS256', 'EdDSA', 'ES256', 'RS256'] as const) {
    test(`${algorithm} by ${name}: its own signature in lower-case hex, and nothing else`, () => {
      const verifier = verifiers.prepare(recordOf(algorithm))
      const good = signatureOf(algorithm, FORM)
      // A table is built at the second use: the answers must not change with it.
      for (let n = 0; n < 4; n++) {
        assert.equal(verifier.verify(FORM, good), true)
        assert.equal(verifier.verify(`${FORM} `, good), false)
        const flipped = (good[0] === '0' ? '1' : '0') + good.slice(1)
        const bad = [flipped, good.toUpperCase(), good.slice(2), `${good}00`, `${good}0`, '']
        for (const signature of [...bad, ` ${good}`, good.replace(/^./, 'g'), 'é'.repeat(64)]) {
          if (signature !== good) assert.equal(verifier.verify(FORM, signature), false)
        }
      }
      verifier.forget()
    })
  }

  test(`the decoy of ${name} finds even its own signature wrong`, () => {
    const own = createHmac('sha256', new Uint8Array(32)).update(FORM).digest('hex')
    assert.equal(verifiers.decoy.verify(FORM, own), false)
    verifiers.decoy.forget()
  })
}

test('a key of one algorithm is not prepared as that of another', () => {
  const verifiers = createRequestVerifiers(nodeCrypto, keys)
  for (const algorithm of ['EdDSA', 'ES256', 'RS256'] as const) {
    for (const other of ['EdDSA', 'ES256', 'RS256', 'HS256'] as const) {
      if (other === algorithm) continue
      const { material } = recordOf(other)
      assert.throws(() => verifiers.prepare({ ...recordOf(algorithm), material }), {
        name: 'EnvelopeError',
      })
    }
  }
  const hmac = { ...recordOf('HS256'), material: recordOf('EdDSA').material }
  assert.throws(() => verifiers.prepare(hmac), { name: 'EnvelopeError' })
})

test('without a key-encryption key no shared secret is prepared, and the message says so', () => {
  const verifiers = createRequestVerifiers(nodeCrypto, undefined)
  assert.throws(() => verifiers.prepare(recordOf('HS256')), /DVARA_SECRETS_KEY is not set/)
  assert.equal(verifiers.prepare(recordOf('EdDSA')).verify(FORM, '00'), false)
})

test('a secret is not in what is thrown', () => {
  const verifiers = createRequestVerifiers(nodeCrypto, parseSecretsKey('b8'.repeat(32)))
  assert.throws(
    () => verifiers.prepare(recordOf('HS256')),
    (error: Error) => !error.message.includes('secret ') && error.name === 'EnvelopeError',
  )
})
