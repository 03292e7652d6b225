import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { ALGORITHM_NAMES } from '../../src/crypto/algorithm.ts'
import { parseJwks } from '../../src/crypto/jwk.ts'
import { loadKeys, writeKey } from '../../src/crypto/key-file.ts'
import { openKeyring } from '../../src/crypto/keyring.ts'
import { generateKey } from '../../src/crypto/keys.ts'
import { createRing, createScratch, NOW_MS } from './scratch.ts'

/** Every member a published key may have; whatever else appears is a leak. */
const PUBLIC_MEMBERS = new Set(['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'])

test('an empty keyring is refused with the command to run', async (t) => {
  const directory = await createScratch(t)
  const message = `${directory} holds no key: run dvara keys generate`
  await assert.rejects(openKeyring({ directory }), { name: 'KeyringError', message })
  const absent = join(directory, 'absent')
  await assert.rejects(openKeyring({ directory: absent }), /run dvara keys generate/)
})

for (const state of ['next', 'retiring'] as const) {
  test(`a keyring whose only key is ${state} does not sign`, async (t) => {
    const { directory } = await createRing(t)
    const [key] = await loadKeys(directory)
    assert.ok(key !== undefined)
    await writeKey(directory, { ...key, state })
    await assert.rejects(openKeyring({ directory }), /no active key: run dvara keys rotate/)
  })
}

for (const algorithm of ALGORITHM_NAMES) {
  test(`the set publishes ${algorithm} keys without a secret and without doubles`, async (t) => {
    const { directory } = await createRing(t, algorithm)
    await generateKey({ directory, algorithm: 'EdDSA', nowMs: NOW_MS })
    const keyring = await openKeyring({ directory })
    const text = Buffer.from(keyring.jwks()).toString()
    const set = JSON.parse(text) as { keys: Record<string, unknown>[] }
    assert.deepEqual(Object.keys(set), ['keys'])
    assert.equal(set.keys.length, 2)
    for (const jwk of set.keys) {
      for (const name of Object.keys(jwk)) assert.ok(PUBLIC_MEMBERS.has(name), name)
      assert.equal(jwk.use, 'sig')
      assert.equal(keyring.verifying(String(jwk.kid))?.alg, jwk.alg)
    }
    assert.equal(set.keys[0]?.kid, keyring.signing().kid)
    assert.equal(new Set(set.keys.map(({ kid }) => kid)).size, 2)
    assert.equal(parseJwks(text)?.size, 2)
    for (const { jwk } of await loadKeys(directory)) assert.ok(!text.includes(String(jwk.d)))
  })
}

test('an unknown kid has no key', async (t) => {
  const { keyring } = await createRing(t)
  assert.equal(keyring.verifying('unknown'), undefined)
  assert.equal(keyring.verifying('__proto__'), undefined)
})

test('a reload brings in a new key and leaves the signing key the same object', async (t) => {
  const { directory, keyring } = await createRing(t)
  const before = keyring.signing()
  const added = await generateKey({ directory, algorithm: 'ES256', nowMs: NOW_MS })
  assert.equal(keyring.verifying(added.kid), undefined)
  assert.deepEqual(await keyring.reload(), { ok: true })
  assert.equal(keyring.signing(), before)
  assert.equal(keyring.verifying(added.kid)?.alg, 'ES256')
})

test('a reload that finds a broken file keeps the old ring and says which', async (t) => {
  const { directory, keyring } = await createRing(t)
  const [signing, jwks] = [keyring.signing(), keyring.jwks()]
  await writeFile(join(directory, 'new.json'), '{"alg"', { mode: 0o600 })
  const report = await keyring.reload()
  assert.equal(report.ok, false)
  assert.match(report.ok ? '' : report.problem, /new\.json: expected a JSON object/)
  assert.equal(keyring.signing(), signing)
  assert.equal(keyring.jwks(), jwks)
})

test('of two active keys, as a crash leaves them, the newer signs and both verify', async (t) => {
  const { directory, keyring } = await createRing(t)
  await generateKey({ directory, algorithm: 'EdDSA', nowMs: NOW_MS })
  const next = (await loadKeys(directory)).find(({ state }) => state === 'next')
  assert.ok(next !== undefined)
  await writeKey(directory, { ...next, state: 'active', stateAtMs: NOW_MS + 1 })
  const old = keyring.signing().kid
  assert.deepEqual(await keyring.reload(), { ok: true })
  assert.equal(keyring.signing().kid, next.kid)
  assert.ok(keyring.verifying(old) !== undefined)
})
