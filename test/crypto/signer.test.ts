import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { ALGORITHM_NAMES, type Algorithm } from '../../src/crypto/algorithm.ts'
import { openCrypto } from '../../src/crypto/engine.ts'
import { ROTATION_DELAYS, rotateKeys } from '../../src/crypto/key-rotation.ts'
import type { Keyring, SigningKey } from '../../src/crypto/keyring.ts'
import { createSigner } from '../../src/crypto/signer.ts'
import {
  bearerOf,
  type Claims,
  type CryptoEngine,
  nodeEngine,
  type Stamp,
  tokenOf,
  wholeClaims,
} from '../../src/crypto/stamp.ts'
import { createRing, NOW_MS } from './scratch.ts'

const wasm = openCrypto('wasm', (problem) => assert.fail(problem))

function accepts(keyring: Pick<Keyring, 'jwks'>) {
  const set = createLocalJWKSet(JSON.parse(Buffer.from(keyring.jwks()).toString()) as JSONWebKeySet)
  return (token: string) => compactVerify(token, set)
}

const rings = new Map<Algorithm, Keyring>()

/** One for both engines: a key of RSA takes up to a second to find. */
async function ringOf(t: TestContext, algorithm: Algorithm): Promise<Keyring> {
  const keyring = rings.get(algorithm) ?? (await createRing(t, algorithm)).keyring
  rings.set(algorithm, keyring)
  return keyring
}

for (const engine of [wasm, nodeEngine]) {
  for (const algorithm of ALGORITHM_NAMES) {
    test(`${engine.kind}: jose accepts ${algorithm} through the published set`, async (t) => {
      const keyring = await ringOf(t, algorithm)
      const signer = createSigner({ keyring, engine, checkEvery: 1 })
      const verify = accepts(keyring)
      const expected = { alg: algorithm, kid: keyring.signing().kid, typ: 'JWT' }
      for (const token of [
        signer.sign({ name: 'Zoë', level: 3 }),
        tokenOf(await signer.signSoon(wholeClaims('{"name":"Zoë","level":3}'))),
      ]) {
        const { payload, protectedHeader } = await verify(token)
        assert.equal(Buffer.from(payload).toString(), '{"name":"Zoë","level":3}')
        assert.deepEqual({ ...protectedHeader }, expected)
        assert.deepEqual(Object.keys(protectedHeader), ['alg', 'kid', 'typ'])
      }
      assert.equal(signer.isSlow(), algorithm === 'RS256' || algorithm === 'PS256')
    })
  }

  test(`${engine.kind}: what one turn asks for is signed together, each its own`, async (t) => {
    for (const algorithm of ['EdDSA', 'ES256'] as const) {
      const { keyring } = await createRing(t, algorithm)
      const signer = createSigner({ keyring, engine })
      const verify = accepts(keyring)
      for (const count of [1, 2, 5, 16, 17, 40]) {
        const claims = Array.from({ length: count }, (_, at) => `{"at":${at}}`)
        const tokens = await Promise.all(
          claims.map(async (one) => tokenOf(await signer.signSoon(wholeClaims(one)))),
        )
        for (const [at, token] of tokens.entries()) {
          assert.equal(Buffer.from((await verify(token)).payload).toString(), claims[at])
        }
      }
    }
  })
}

test('both engines give the same EdDSA token, byte for byte', async (t) => {
  const { keyring } = await createRing(t)
  const ours = createSigner({ keyring, engine: wasm })
  const theirs = createSigner({ keyring, engine: nodeEngine })
  for (let length = 0; length < 200; length += 7) {
    const claims = JSON.stringify({ text: 'é'.repeat(length), length })
    assert.equal(ours.sign(claims), theirs.sign(claims))
    assert.equal(tokenOf(await ours.signSoon(wholeClaims(claims))), theirs.sign(claims))
    const cut = { shared: claims.slice(0, length), own: claims.slice(length) }
    for (const signer of [ours, theirs]) {
      assert.equal(tokenOf(await signer.signSoon(cut)), theirs.sign(claims))
    }
  }
})

test('claims too long for the engine go to node:crypto, and spoil no neighbour', async (t) => {
  const { keyring } = await createRing(t)
  const wrong: string[] = []
  const signer = createSigner({ keyring, engine: wasm, onWrong: (what) => wrong.push(what) })
  const claims = Array.from({ length: 6 }, (_, at) => `{"x":"${'y'.repeat(at === 3 ? 9000 : 9)}"}`)
  const tokens = await Promise.all(
    claims.map(async (one) => tokenOf(await signer.signSoon(wholeClaims(one)))),
  )
  const theirs = createSigner({ keyring, engine: nodeEngine })
  assert.deepEqual(
    tokens,
    claims.map((one) => theirs.sign(one)),
  )
  assert.deepEqual(wrong, [])
  assert.equal(signer.engine(), 'wasm')
})

/** node:crypto, but for what is spoilt on the way. */
function spoiltEngine(spoil: Partial<Stamp>): CryptoEngine {
  return { kind: 'wasm', stamp: (key) => ({ ...nodeEngine.stamp(key), ...spoil }) }
}

test('a signature that failed its own check is withheld, and node:crypto signs', async (t) => {
  const { keyring } = await createRing(t)
  const wrong: string[] = []
  const engine = spoiltEngine({
    bearer: () => {
      throw new Error('not on the curve')
    },
    bearers: (claims) => claims.map(() => undefined),
  })
  const signer = createSigner({ keyring, engine, onWrong: (what) => wrong.push(what) })
  const verify = accepts(keyring)
  const tokens = await Promise.all(
    ['{"a":1}', '{"a":2}'].map(async (one) => tokenOf(await signer.signSoon(wholeClaims(one)))),
  )
  for (const token of tokens) await verify(token)
  assert.equal(wrong.length, 2)
})

test('a wrong signature found takes its batch along and ends the engine’s use', async (t) => {
  const { keyring } = await createRing(t)
  const wrong: string[] = []
  const forged = (claims: Claims) => forge(keyring.signing(), claims)
  const engine = spoiltEngine({
    bearer: (one) => bearerOf(forged(one)),
    bearers: (claims) => claims.map((one) => bearerOf(forged(one))),
  })
  const signer = createSigner({
    ...{ keyring, engine, checkEvery: 3 },
    onWrong: (what) => wrong.push(what),
  })
  const verify = accepts(keyring)
  const claims = Array.from({ length: 8 }, (_, at) => `{"at":${at}}`)
  for (const token of await Promise.all(
    claims.map(async (one) => tokenOf(await signer.signSoon(wholeClaims(one)))),
  )) {
    await verify(token)
  }
  assert.deepEqual(wrong, ['a signature did not verify'])
  assert.equal(signer.engine(), 'node')
  await verify(signer.sign('{}'))
})

/** A token whose signature is of something else. */
function forge(key: SigningKey, claims: Claims): string {
  const [head, payload] = nodeEngine.stamp(key).mint(claims).split('.')
  const signature = sign(null, Buffer.from('another'), key.privateKey).toString('base64url')
  return `${head}.${payload}.${signature}`
}

test('a key is prepared once and wiped when the next one signs', async (t) => {
  const { directory, keyring } = await createRing(t)
  const timing = { ...ROTATION_DELAYS, jwksMaxAgeMs: 300_000, tokenTtlMs: 60_000 }
  const seen: string[] = []
  const engine: CryptoEngine = {
    kind: 'wasm',
    stamp(key) {
      seen.push(`stamp ${key.alg}`)
      return { ...wasm.stamp(key), forget: () => void seen.push(`forget ${key.alg}`) }
    },
  }
  const signer = createSigner({ keyring, engine })
  const before = signer.kid()
  signer.sign('{}')
  await rotateKeys({ directory, nowMs: NOW_MS, timing, algorithm: 'ES256' })
  await keyring.reload()
  signer.sign('{}')
  assert.deepEqual(seen, ['stamp EdDSA'])
  await rotateKeys({ directory, nowMs: NOW_MS + 86_400_000, timing })
  await keyring.reload()
  const header = Buffer.from(signer.sign('{}').split('.')[0] ?? '', 'base64url').toString()
  assert.deepEqual(seen, ['stamp EdDSA', 'stamp ES256', 'forget EdDSA'])
  assert.notEqual(signer.kid(), before)
  assert.equal(header, `{"alg":"ES256","kid":"${signer.kid()}","typ":"JWT"}`)
})
