import assert from 'node:assert/strict'
import { createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../src/config/root.ts'
import { readSignedRequest } from '../../src/core/signed-request.ts'
import { nodeCrypto } from '../../src/crypto/engine.ts'
import { apiKeyRow, parseSecretsKey, sealSecret } from '../../src/crypto/envelope.ts'
import { createRequestVerifiers } from '../../src/crypto/request-verifier.ts'
import { checkOf } from '../core/facts.ts'

type Name = 'HS256' | 'EdDSA' | 'ES256' | 'RS256'

interface Vectors {
  readonly kid: string
  readonly nonce: string
  readonly keys: Record<Name, { readonly secret?: string; readonly privateKey?: string }>
  readonly version1: { readonly form: string; readonly signature: string }
  readonly version2: readonly {
    readonly method: string
    readonly host: string
    readonly target: string
    readonly contentDigest?: string
    readonly form: string
    readonly signatures: Record<Name, string>
  }[]
}

const file = join(projectRoot, 'docs/examples/api-key-vectors.json')
const { kid, nonce, keys, version1, version2 } = JSON.parse(readFileSync(file, 'utf8')) as Vectors
const secretsKey = parseSecretsKey('c9'.repeat(32))
const verifiers = createRequestVerifiers(nodeCrypto, secretsKey)

function verifierOf(algorithm: Name) {
  const row = { kid, uid: 'ID1', algorithm }
  const { secret = '', privateKey = '' } = keys[algorithm]
  const material =
    algorithm === 'HS256'
      ? sealSecret(secretsKey, Buffer.from(secret), apiKeyRow(row))
      : createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return verifiers.prepare({ ...row, material })
}

/** Made anew, where an algorithm gives the same signature each time. */
function signatureOf(algorithm: Name, form: string): string | undefined {
  const { secret, privateKey } = keys[algorithm]
  if (secret !== undefined) return createHmac('sha256', secret).update(form).digest('hex')
  if (algorithm === 'ES256' || privateKey === undefined) return undefined
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  return sign(digest, Buffer.from(form), createPrivateKey(privateKey)).toString('hex')
}

test('the vector of version 1 is what Barong’s clients sign', () => {
  const none = { version: undefined, contentDigest: undefined }
  const read = readSignedRequest(checkOf(), { kid, nonce, signature: 's', ...none })
  assert.ok(typeof read !== 'string')
  assert.equal(read.form, version1.form)
  assert.equal(signatureOf('HS256', version1.form), version1.signature)
  assert.ok(verifierOf('HS256').verify(version1.form, version1.signature))
})

for (const { method, host, target, contentDigest, form, signatures } of version2) {
  test(`the vector of ${method} ${target} is read and verified as the page says`, () => {
    const [path = '', query = ''] = target.split('?')
    const check = checkOf({ method, host, path, query })
    const presented = { kid, nonce, signature: 's', version: '2', contentDigest }
    const read = readSignedRequest(check, presented)
    assert.ok(typeof read !== 'string')
    assert.equal(read.form, form)
    for (const algorithm of ['HS256', 'EdDSA', 'ES256', 'RS256'] as const) {
      const signature = signatures[algorithm]
      assert.equal(signatureOf(algorithm, form) ?? signature, signature)
      assert.ok(verifierOf(algorithm).verify(form, signature), algorithm)
    }
  })
}

test('the form that the page shows is the one that is signed', () => {
  const page = readFileSync(join(projectRoot, 'docs/api-keys.md'), 'utf8')
  const read = readSignedRequest(checkOf({ method: 'POST', path: '/orders', query: 'a=1' }), {
    kid,
    nonce,
    signature: 's',
    version: '2',
    contentDigest: undefined,
  })
  assert.ok(typeof read !== 'string' && page.includes(`\n${read.form}\n`))
})
