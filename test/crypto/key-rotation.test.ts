import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import type { VerifyingKey } from '../../src/crypto/jwk.ts'
import { parseJwks } from '../../src/crypto/jwk.ts'
import { loadKeys, writeKey } from '../../src/crypto/key-file.ts'
import type { RotationTiming } from '../../src/crypto/key-rotation.ts'
import { planRotation, rotateKeys } from '../../src/crypto/key-rotation.ts'
import { openKeyring } from '../../src/crypto/keyring.ts'
import { generateKey, listKeys } from '../../src/crypto/keys.ts'
import { nodePublicKeys, type PublicKeys } from '../../src/crypto/public-keys.ts'
import { createSigner } from '../../src/crypto/signer.ts'
import { createVerifier } from '../../src/crypto/verifier.ts'
import { createRing, createScratch, NOW_MS } from './scratch.ts'

const TIMING: RotationTiming = {
  reloadMs: 10_000,
  jwksMaxAgeMs: 60_000,
  tokenTtlMs: 40_000,
  skewMs: 5_000,
}
const PUBLISHED_MS = 75_000
const RETIRED_MS = 55_000

async function states(directory: string): Promise<string[]> {
  return (await listKeys(directory)).map(({ state }) => state)
}

function wordsOf(steps: Awaited<ReturnType<typeof rotateKeys>>): string[] {
  return steps.map(({ action, atMs, isDue }) => `${action} ${atMs - NOW_MS}${isDue ? ' due' : ''}`)
}

test('a rotation publishes, waits, signs, waits and removes', async (t) => {
  const { directory } = await createRing(t)
  const rotate = async (afterMs: number) => {
    const nowMs = NOW_MS + afterMs
    const steps = wordsOf(await rotateKeys({ directory, nowMs, timing: TIMING }))
    return { steps, states: await states(directory) }
  }
  const first = (await listKeys(directory))[0]
  assert.deepEqual(await rotate(0), { steps: ['publish 0 due'], states: ['active', 'next'] })
  assert.deepEqual(await rotate(PUBLISHED_MS - 1), {
    steps: ['sign 75000', 'retire 75000'],
    states: ['active', 'next'],
  })
  assert.deepEqual(await rotate(PUBLISHED_MS), {
    steps: ['sign 75000 due', 'retire 75000 due'],
    states: ['active', 'retiring'],
  })
  const end = PUBLISHED_MS + RETIRED_MS
  assert.deepEqual(await rotate(end - 1), {
    steps: [`remove ${end}`],
    states: ['active', 'retiring'],
  })
  assert.deepEqual(await rotate(end), { steps: [`remove ${end} due`], states: ['active'] })
  const last = (await listKeys(directory))[0]
  assert.notEqual(last?.kid, first?.kid)
  assert.equal(last?.alg, first?.alg)
})

test('a dry run says the same and changes nothing', async (t) => {
  const { directory } = await createRing(t)
  const read = async () => {
    const names = await readdir(directory)
    return Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))]))
  }
  for (const afterMs of [0, PUBLISHED_MS, PUBLISHED_MS + RETIRED_MS]) {
    const options = { directory, nowMs: NOW_MS + afterMs, timing: TIMING }
    const before = await read()
    const said = await rotateKeys({ ...options, isDryRun: true })
    assert.deepEqual(await read(), before)
    assert.deepEqual(await rotateKeys(options), said)
    assert.notDeepEqual(await read(), before)
  }
})

test('a new rotation waits until the signing key is old enough', async (t) => {
  const { directory } = await createRing(t)
  const rotate = (nowMs: number) =>
    rotateKeys({ directory, nowMs, timing: TIMING, olderThanMs: 1_000 })
  assert.deepEqual(wordsOf(await rotate(NOW_MS + 999)), ['publish 1000'])
  assert.deepEqual(await states(directory), ['active'])
  assert.deepEqual(wordsOf(await rotate(NOW_MS + 1_000)), ['publish 1000 due'])
  assert.deepEqual(await states(directory), ['active', 'next'])
})

test('a rotation may change the algorithm', async (t) => {
  const { directory } = await createRing(t)
  await rotateKeys({ directory, nowMs: NOW_MS, timing: TIMING, algorithm: 'ES256' })
  assert.deepEqual(
    (await listKeys(directory)).map(({ alg }) => alg),
    ['EdDSA', 'ES256'],
  )
})

test('two rotations at once make one new key', async (t) => {
  const { directory } = await createRing(t)
  const rotate = () => rotateKeys({ directory, nowMs: NOW_MS, timing: TIMING })
  await Promise.all([rotate(), rotate(), rotate()])
  assert.deepEqual(await states(directory), ['active', 'next'])
})

test('a rotation does not write while another writer holds the lock', async (t) => {
  const { directory } = await createRing(t)
  await writeFile(join(directory, '.lock'), 'process 7\n')
  const rotation = rotateKeys({ directory, nowMs: NOW_MS, timing: TIMING, lockWaitMs: 10 })
  await assert.rejects(rotation, /process 7 is writing/)
  assert.deepEqual(await states(directory), ['active'])
})

test('an empty keyring is not rotated', async (t) => {
  const directory = await createScratch(t)
  for (const isDryRun of [true, false]) {
    const rotation = rotateKeys({ directory, nowMs: NOW_MS, timing: TIMING, isDryRun })
    await assert.rejects(rotation, /no key to rotate: run dvara keys generate/)
  }
})

test('after a crash between two writes the next rotation carries on', async (t) => {
  const { directory } = await createRing(t)
  await generateKey({ directory, algorithm: 'EdDSA', nowMs: NOW_MS })
  const next = (await loadKeys(directory)).find(({ state }) => state === 'next')
  assert.ok(next !== undefined)
  await writeKey(directory, { ...next, state: 'active', stateAtMs: NOW_MS + 1 })
  const nowMs = NOW_MS + 1_000
  const steps = await rotateKeys({ directory, nowMs, timing: TIMING })
  assert.deepEqual(wordsOf(steps), ['retire 1000 due'])
  const keys = await listKeys(directory)
  assert.deepEqual(
    keys.map(({ state }) => state),
    ['active', 'retiring'],
  )
  assert.equal(keys[0]?.kid, next.kid)
  assert.equal(keys[1]?.stateAtMs, nowMs)
})

test('a key that waits where none signs need not wait', () => {
  const key = { kid: 'a', alg: 'EdDSA', state: 'next', createdAtMs: 0, stateAtMs: 10 } as const
  const plan = planRotation({ keys: [key], timing: TIMING, olderThanMs: 0, nowMs: 10 })
  assert.deepEqual(plan, [{ action: 'sign', kid: 'a', atMs: 10, isDue: true }])
})

test('no token is refused while keys rotate under slow workers and a stale upstream', async (t) => {
  const directory = await createScratch(t)
  await generateKey({ directory, algorithm: 'EdDSA', nowMs: NOW_MS })
  const stepMs = 2_500
  const endMs = NOW_MS + 6 * (PUBLISHED_MS + RETIRED_MS)
  // Two workers that read the directory at different moments, as late as they may.
  const workers = await Promise.all([0, 5_000].map((phaseMs) => createWorker(directory, phaseMs)))
  // An upstream that believes the set for its whole age and asks for no unknown kid.
  let believed: ReadonlyMap<string, VerifyingKey> | undefined
  let believedUntilMs = 0
  const upstream = createVerifier({
    keys: { find: async (kid) => believed?.get(kid) },
    publicKeys: createRemembering(nodePublicKeys),
  })
  const kids = new Set<string>()
  let live: { bearer: string; expiresAtMs: number }[] = []
  let verified = 0

  for (let nowMs = NOW_MS; nowMs < endMs; nowMs += stepMs) {
    await rotateKeys({ directory, nowMs, timing: TIMING })
    for (const worker of workers) await worker.tick(nowMs)
    if (nowMs >= believedUntilMs) {
      const server = workers[(nowMs / stepMs) % 2]
      believed = parseJwks(Buffer.from(server?.keyring.jwks() ?? []).toString())
      believedUntilMs = nowMs + TIMING.jwksMaxAgeMs
    }
    for (const { mint, keyring } of workers) {
      kids.add(keyring.signing().kid)
      live.push({ bearer: mint(nowMs), expiresAtMs: nowMs + TIMING.tokenTtlMs })
    }
    live = live.filter(({ expiresAtMs }) => nowMs < expiresAtMs)
    for (const { bearer } of live) {
      const expectations = { issuer: 'i', audience: 'a', subject: 'session', nowMs } as const
      const verification = await upstream.verify(bearer, expectations)
      assert.equal(verification.ok, true, `refused at ${nowMs - NOW_MS} ms`)
      verified++
    }
  }
  assert.ok(kids.size >= 4, `${kids.size} keys signed`)
  assert.ok(verified > 5_000, `${verified} tokens verified`)
})

/** What a key of a set has said once of a signature it need not compute again. */
function createRemembering(publicKeys: PublicKeys): PublicKeys {
  return {
    kind: publicKeys.kind,
    prepare(alg, key) {
      const made = publicKeys.prepare(alg, key)
      const verdicts = new Map<string, boolean>()
      return (
        made && {
          ...made,
          verify(message, signature) {
            const signed = Buffer.concat([message, Buffer.of(0), signature]).toString('latin1')
            const verdict = verdicts.get(signed) ?? made.verify(message, signature)
            verdicts.set(signed, verdict)
            return verdict
          },
        }
      )
    },
  }
}

async function createWorker(directory: string, phaseMs: number) {
  const keyring = await openKeyring({ directory })
  const signer = createSigner({ keyring })
  return {
    keyring,
    mint(nowMs: number) {
      const iat = Math.floor(nowMs / 1000)
      const exp = Math.floor((nowMs + TIMING.tokenTtlMs) / 1000)
      return signer.sign({ iat, exp, sub: 'session', iss: 'i', aud: ['a'], jti: 'j' })
    },
    async tick(nowMs: number) {
      if ((nowMs - NOW_MS) % TIMING.reloadMs !== phaseMs) return
      assert.deepEqual(await keyring.reload(), { ok: true })
    },
  }
}
