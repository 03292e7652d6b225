import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import fc from 'fast-check'
import { cookieKidOf, loadCookieKeys } from '../../src/crypto/cookie-key-file.ts'
import { generateCookieKey, rotateCookieKeys } from '../../src/crypto/cookie-keys.ts'
import { openCookieRing, SEALED_CHARS } from '../../src/crypto/cookie-ring.ts'
import { openCrypto } from '../../src/crypto/engine.ts'
import { nodeBlakeKeys } from '../../src/crypto/node-blake.ts'
import { createCookieRing } from './cookie-fixture.ts'
import { createScratch, NOW_MS } from './scratch.ts'

const DAY_MS = 86_400_000
const TIMING = { reloadMs: 60_000, skewMs: 30_000, sessionLifetimeMs: DAY_MS }
const wasm = openCrypto('wasm', (problem) => assert.fail(problem)).blakeKeys
const ENGINES = [
  ['WebAssembly', wasm],
  ['JavaScript', nodeBlakeKeys],
] as const
const createId = () => randomBytes(32).toString('base64url')

async function createDirectory(t: TestContext): Promise<string> {
  const directory = await createScratch(t)
  await generateCookieKey({ directory, nowMs: NOW_MS })
  return directory
}

for (const [name, blakeKeys] of ENGINES) {
  test(`what is sealed is ours, in 68 characters that begin with the id, in ${name}`, async () => {
    const ring = await createCookieRing(blakeKeys)
    const id = createId()
    const cookie = ring.seal(id)
    assert.match(cookie, /^[\w-]{68}$/)
    assert.equal(cookie.length, SEALED_CHARS)
    assert.ok(cookie.startsWith(id))
    assert.equal(ring.seal(id), cookie)
    assert.equal(ring.isSealed(cookie), true)
  })

  test(`whatever differs from a sealed cookie is not ours, in ${name}`, async () => {
    const ring = await createCookieRing(blakeKeys)
    const [one, other] = [ring.seal(createId()), ring.seal(createId())]
    for (let at = 0; at < SEALED_CHARS; at++) {
      const letter = one.charAt(at) === 'A' ? 'B' : 'A'
      assert.equal(ring.isSealed(one.slice(0, at) + letter + one.slice(at + 1)), false)
      assert.equal(ring.isSealed(one.slice(0, at)), false)
      assert.equal(ring.isSealed(one.slice(at + 1)), false)
    }
    const attacks = [
      ...['', one.slice(0, 43), `${one}A`, `${one}=`, `${one}==`, ` ${one}`, `${one}\n`, one + one],
      one.toLowerCase(),
      one.toUpperCase(),
      `${one.slice(0, 43)}.${one.slice(44)}`,
      `${one.slice(0, -1)}=`,
      `${one.slice(0, -1)}+`,
      `${one.slice(0, -1)}/`,
      `${one.slice(0, -1)}é`,
      one.slice(0, 44) + other.slice(44),
      other.slice(0, 43) + one.slice(43),
      'A'.repeat(SEALED_CHARS),
    ]
    for (const attack of attacks) assert.equal(ring.isSealed(attack), false, attack)
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => !ring.isSealed(text)))
  })
}

test('both engines seal the same bytes with the same key', async (t) => {
  const directory = await createDirectory(t)
  const [ours, theirs] = await Promise.all(
    ENGINES.map(([, blakeKeys]) => openCookieRing({ directory, blakeKeys })),
  )
  for (let count = 0; count < 200; count++) {
    const id = createId()
    assert.equal(ours?.seal(id), theirs?.seal(id))
    assert.equal(ours?.isSealed(theirs?.seal(id) ?? ''), true)
  }
})

test('the seal of another key is not ours, though it names our key', async () => {
  const [ours, theirs] = await Promise.all([createCookieRing(), createCookieRing()])
  const cookie = theirs.seal(createId())
  const hint = ours.seal(createId()).charAt(43)
  assert.equal(ours.isSealed(cookie.slice(0, 43) + hint + cookie.slice(44)), false)
  assert.equal(ours.isSealed(cookie), false)
})

test('before there is a key nothing is ours, and nothing can be sealed', async (t) => {
  const directory = await createScratch(t)
  const ring = await openCookieRing({ directory, blakeKeys: wasm })
  assert.equal(ring.isEmpty(), true)
  assert.equal(ring.isSealed((await createCookieRing()).seal(createId())), false)
  assert.throws(
    () => ring.seal(createId()),
    /holds no cookie key: run dvara keys generate --cookie/,
  )
  await generateCookieKey({ directory, nowMs: NOW_MS })
  assert.deepEqual(await ring.reload(), { ok: true })
  assert.equal(ring.isEmpty(), false)
  assert.equal(ring.isSealed(ring.seal(createId())), true)
})

test('an id that is none is not sealed', async () => {
  const ring = await createCookieRing()
  for (const id of ['', createId().slice(1), `${createId()}A`, `${createId().slice(1)}.`]) {
    assert.throws(() => ring.seal(id), RangeError)
  }
})

test('through a whole rotation a cookie stays good until its session must be over', async (t) => {
  const directory = await createDirectory(t)
  const sealing = await openCookieRing({ directory, blakeKeys: wasm })
  const stale = await openCookieRing({ directory, blakeKeys: wasm })
  const old = sealing.seal(createId())
  const rotate = (nowMs: number) => rotateCookieKeys({ directory, nowMs, timing: TIMING })

  await rotate(NOW_MS)
  await sealing.reload()
  assert.equal(sealing.seal(createId()).charAt(43), old.charAt(43))
  await stale.reload()

  const activeAtMs = NOW_MS + TIMING.reloadMs + TIMING.skewMs
  await rotate(activeAtMs - 1)
  assert.equal((await loadCookieKeys(directory)).filter(({ state }) => state === 'next').length, 1)
  await rotate(activeAtMs)
  await sealing.reload()
  const fresh = sealing.seal(createId())
  assert.notEqual(fresh.charAt(43), old.charAt(43))
  // Whoever has not read the directory since knows the new key already.
  assert.equal(stale.isSealed(fresh), true)

  const overAtMs = activeAtMs + TIMING.reloadMs + DAY_MS + TIMING.skewMs
  await rotate(overAtMs - 1)
  await sealing.reload()
  assert.deepEqual([old, fresh].map(sealing.isSealed), [true, true])
  await rotate(overAtMs)
  await sealing.reload()
  assert.deepEqual([old, fresh].map(sealing.isSealed), [false, true])
})

const SPOILT: readonly [string, RegExp, (path: string, directory: string) => Promise<unknown>][] = [
  ['readable by others', /others may read .*chmod 0600/, (path) => chmod(path, 0o644)],
  ['no JSON', /expected a JSON object/, (path) => writeFile(path, 'secret')],
  ['too long', /at most 32768 bytes/, (path) => writeFile(path, 'x'.repeat(40_000))],
  [
    'with a secret of another length',
    /expected secret to be 32 bytes/,
    (path) => writeFile(path, recordOf({ secret: Buffer.alloc(31).toString('base64url') })),
  ],
  [
    'with a secret that is not base64url',
    /expected secret to be 32 bytes/,
    (path) => writeFile(path, recordOf({ secret: `${'A'.repeat(42)}=` })),
  ],
  [
    'with another secret',
    /do not belong together/,
    (path) => writeFile(path, recordOf({ kid: 'A'.repeat(16) })),
  ],
  [
    'in no state',
    /expected state to be one of/,
    (path) => writeFile(path, recordOf({ state: 'old' })),
  ],
  ['gone', /holds no cookie key/, (path) => rm(path)],
  ['in a directory for all', /chmod 0700/, (_, directory) => chmod(directory, 0o777)],
  [
    'not active',
    /no active cookie key: run dvara keys rotate/,
    (path) => writeFile(path, recordOf({ state: 'retiring' })),
  ],
  [
    'there twice',
    /another cookie key begins with . too; remove one/,
    async (path, directory) => {
      await writeFile(path, recordOf({}))
      await writeFile(join(directory, 'copy.cookie'), recordOf({}), { mode: 0o600 })
    },
  ],
]

function recordOf(changes: object): string {
  const secret = Buffer.alloc(32, 9)
  const text = secret.toString('base64url')
  const record = { kid: cookieKidOf(secret), state: 'active', createdAtMs: 1, stateAtMs: 1 }
  return JSON.stringify({ ...record, secret: text, ...changes })
}

for (const [name, expected, spoil] of SPOILT) {
  test(`a key file that is ${name} is named with its remedy; the ring holds on`, async (t) => {
    const directory = await createDirectory(t)
    const ring = await openCookieRing({ directory, blakeKeys: wasm })
    const cookie = ring.seal(createId())
    const [file = ''] = await readdir(directory)
    await spoil(join(directory, file), directory)
    const reloaded = await ring.reload()
    assert.ok(!reloaded.ok)
    assert.match(reloaded.problem, expected)
    assert.ok(reloaded.problem.includes(directory))
    assert.equal(ring.isSealed(cookie), true)
    assert.equal(ring.isSealed(ring.seal(createId())), true)
  })
}

test('a file that is being written is not read', async (t) => {
  const directory = await createDirectory(t)
  const [file = ''] = await readdir(directory)
  await rename(join(directory, file), join(directory, `.${file}.draft`))
  assert.equal((await openCookieRing({ directory, blakeKeys: wasm })).isEmpty(), true)
})

test('a seal that names a key that is not ours is none, though the rest be right', async (t) => {
  const signText = () => 'M'.repeat(43)
  const blakeKeys = { prepare: () => ({ ...nodeBlakeKeys.prepare(randomBytes(32)), signText }) }
  const ring = await openCookieRing({ directory: await createDirectory(t), blakeKeys })
  const cookie = ring.seal(createId())
  assert.equal(ring.isSealed(cookie), true)
  const hint = cookie.charAt(43) === 'A' ? 'B' : 'A'
  assert.equal(ring.isSealed(cookie.slice(0, 43) + hint + cookie.slice(44)), false)
})
