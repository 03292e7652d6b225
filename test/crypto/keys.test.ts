import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { openKeyring } from '../../src/crypto/keyring.ts'
import { byState, ensureKey, generateKey, importKey, listKeys } from '../../src/crypto/keys.ts'
import { createScratch, NOW_MS } from './scratch.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
const ed25519 = generateKeyPairSync('ed25519').privateKey
const x25519 = generateKeyPairSync('x25519').privateKey
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey

const pkcs8 = (key: typeof rsa) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const pkcs1 = rsa.export({ type: 'pkcs1', format: 'pem' }).toString()
const cut = pkcs1.split('\n').toSpliced(3, 5).join('\n')
const sec1 = p256.export({ type: 'sec1', format: 'pem' }).toString()
const urlsafe = (pem: string) => Buffer.from(pem).toString('base64url')
const locked = rsa
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString()
const publicPem = createPublicKey(rsa).export({ type: 'spki', format: 'pem' }).toString()

test('the first key signs, the second waits, a third is refused', async (t) => {
  const directory = join(await createScratch(t), 'keys')
  const add = () => generateKey({ directory, algorithm: 'EdDSA', nowMs: NOW_MS })
  const first = await add()
  assert.equal(first.state, 'active')
  const second = await add()
  assert.equal(second.state, 'next')
  await assert.rejects(add(), /waits to sign; run dvara keys rotate/)
  assert.deepEqual(await listKeys(directory), [first, second])
})

test('a list tells nothing secret', async (t) => {
  const directory = await createScratch(t)
  await generateKey({ directory, algorithm: 'ES256', nowMs: NOW_MS })
  const [key] = await listKeys(directory)
  assert.deepEqual(Object.keys(key ?? {}), ['kid', 'alg', 'state', 'createdAtMs', 'stateAtMs'])
})

test('two processes that make sure of a key at once make one', async (t) => {
  const directory = join(await createScratch(t), 'keys')
  const ensure = () => ensureKey({ directory, algorithm: 'EdDSA', nowMs: NOW_MS })
  await Promise.all([ensure(), ensure(), ensure()])
  assert.equal((await readdir(directory)).length, 1)
  await ensure()
  assert.equal((await listKeys(directory)).length, 1)
})

const IMPORTED = [
  { name: 'an RSA key in PKCS #8', pem: pkcs8(rsa), algorithm: undefined, expect: 'RS256' },
  { name: 'an RSA key in PKCS #1', pem: pkcs1, algorithm: undefined, expect: 'RS256' },
  { name: 'an RSA key for PS256', pem: pkcs1, algorithm: 'PS256', expect: 'PS256' },
  { name: 'PEM in base64', pem: urlsafe(pkcs1), algorithm: undefined, expect: 'RS256' },
  { name: 'a P-256 key', pem: pkcs8(p256), algorithm: undefined, expect: 'ES256' },
  { name: 'a P-256 key in SEC 1', pem: sec1, algorithm: 'ES256', expect: 'ES256' },
  { name: 'an Ed25519 key', pem: pkcs8(ed25519), algorithm: undefined, expect: 'EdDSA' },
] as const
for (const { name, pem, algorithm, expect } of IMPORTED) {
  test(`${name} is imported, signs, and is not imported twice`, async (t) => {
    const directory = await createScratch(t)
    const key = await importKey({ directory, pem, algorithm, nowMs: NOW_MS })
    assert.equal(key.alg, expect)
    assert.equal((await openKeyring({ directory })).signing().kid, key.kid)
    await assert.rejects(
      importKey({ directory, pem, algorithm, nowMs: NOW_MS }),
      /is in the keyring already/,
    )
  })
}

const REFUSED = [
  { name: 'a public key', pem: publicPem, expect: /expected a private key/ },
  { name: 'an encrypted key', pem: locked, expect: /decrypt it first/ },
  { name: 'text that is no key', pem: 'hello', expect: /expected a private key/ },
  {
    name: 'a broken key',
    pem: cut,
    expect: /no readable private key/,
  },
  { name: 'a key on another curve', pem: pkcs8(p384), expect: /expected crv P-256/ },
  { name: 'a key that cannot sign', pem: pkcs8(x25519), expect: /found x25519/ },
  { name: 'a short RSA key', pem: pkcs8(weak), expect: /found 1024/ },
] as const
for (const { name, pem, expect } of REFUSED) {
  test(`${name} is not imported`, async (t) => {
    const directory = await createScratch(t)
    await assert.rejects(importKey({ directory, pem, nowMs: NOW_MS }), {
      name: 'KeyringError',
      message: expect,
    })
    assert.deepEqual(await listKeys(directory), [])
  })
}

test('a key is not imported for an algorithm of another kind', async (t) => {
  const directory = await createScratch(t)
  const wrong = importKey({ directory, pem: pkcs8(p256), algorithm: 'RS256', nowMs: NOW_MS })
  await assert.rejects(wrong, /a key of type ec cannot sign RS256/)
})

test('of two active keys the newer one comes first, whatever their order', () => {
  const key = { alg: 'EdDSA', createdAtMs: 0 } as const
  const older = { ...key, kid: 'a', state: 'active', stateAtMs: 1 } as const
  const newer = { ...key, kid: 'b', state: 'active', stateAtMs: 2 } as const
  const next = { ...key, kid: 'c', state: 'next', stateAtMs: 3 } as const
  assert.deepEqual([next, older, newer].sort(byState), [newer, older, next])
  assert.deepEqual([newer, next, older].sort(byState), [newer, older, next])
})
