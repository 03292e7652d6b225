import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { rotateKeys } from '../../src/crypto/key-rotation.ts'
import { startLoad, until } from './load.ts'
import { MAIN, type SignedIn, type Stack, startStack } from './stack.ts'

/** How long news of a key travels here; the rotation itself is told that the time has passed. */
const TIMING = { reloadMs: 60_000, jwksMaxAgeMs: 300_000, tokenTtlMs: 5_000, skewMs: 30_000 }
const HOUR_MS = 3_600_000

let stack: Stack
let admin: SignedIn

before(async () => {
  stack = await startStack({
    settings: { DVARA_WORKERS: '2', DVARA_JWT_TTL_S: '5', DVARA_JWT_MEMO: 'false' },
  })
  admin = await stack.signIn()
})
after(() => stack?.stop())

async function loadJwks(): Promise<JSONWebKeySet> {
  const response = await fetch(`${stack.authorizer.url}/.well-known/jwks.json`)
  return (await response.json()) as JSONWebKeySet
}

/** Resolves when both workers publish so many keys. */
async function untilPublished(count: number): Promise<JSONWebKeySet> {
  let seen = 0
  let latest: JSONWebKeySet = { keys: [] }
  await until(`${count} keys on every worker`, async () => {
    latest = await loadJwks()
    seen = latest.keys.length === count ? seen + 1 : 0
    return seen >= 20
  })
  return latest
}

test('a rotation under load fails no verification, not even by a stale key set', async () => {
  const { keysDirectory: directory } = stack
  // An upstream that fetched the key set once, and believes it until the next stage is over.
  let stale = createLocalJWKSet(await loadJwks())
  const kids = new Set<string>()
  let verified = 0
  const refused: unknown[] = []
  const load = startLoad(async () => {
    const said = await stack.ask({ cookie: admin.cookie })
    const token = said.authorization.slice('Bearer '.length)
    await jwtVerify(token, stale).then(
      ({ protectedHeader }) => {
        verified++
        kids.add(String(protectedHeader.kid))
      },
      (cause: unknown) => refused.push(cause),
    )
    return said
  }, 4)
  await load.more(100)

  let nowMs = Date.now()
  await rotateKeys({ directory, nowMs, timing: TIMING, algorithm: 'ES256' })
  const both = await untilPublished(2)
  await load.more(100)
  stale = createLocalJWKSet(both)

  nowMs += HOUR_MS
  await rotateKeys({ directory, nowMs, timing: TIMING })
  await until('the new key signs', () => kids.size === 2)
  await load.more(200)

  nowMs += HOUR_MS
  await rotateKeys({ directory, nowMs, timing: TIMING })
  await untilPublished(1)
  await load.more(100)
  const outcomes = await load.stop()

  assert.deepEqual(refused, [])
  assert.ok(outcomes.every(({ said }) => said?.status === 200))
  assert.ok(verified >= 500)
  const text = await (await fetch(`${stack.opsUrl}/metrics`)).text()
  for (const kid of kids) {
    assert.match(
      text,
      new RegExp(`^dvara_signing_key_last_used_timestamp_seconds\\{kid="${kid}"\\} \\d+$`, 'm'),
    )
  }
  assert.match(text, /^dvara_crypto_engine\{engine="wasm"\} 2$/m)
})

test('the command tells every worker, and says when it is in force', async () => {
  const env = {
    ...process.env,
    DVARA_KEYS_DIRECTORY: stack.keysDirectory,
    DVARA_REDIS_URL: stack.redis.url,
    DVARA_DATABASE_URL: stack.postgres.url,
  }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, 'keys', 'rotate'], {
    env,
  })
  assert.match(stdout, /^done: /m)
  assert.match(stderr, /^dvara: in force on [12] of 2 authorizers after \d+ ms$/m)
  const text = await (await fetch(`${stack.opsUrl}/metrics`)).text()
  assert.match(text, /^dvara_invalidations_total\{scope="keyring"\} 2$/m)
})
