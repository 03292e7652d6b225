import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import {
  ensureCookieKey,
  generateCookieKey,
  listCookieKeys,
  rotateCookieKeys,
} from '../../src/crypto/cookie-keys.ts'
import { generateKey, listKeys } from '../../src/crypto/keys.ts'
import { createScratch, NOW_MS } from './scratch.ts'

const TIMING = { reloadMs: 60_000, skewMs: 30_000, sessionLifetimeMs: 3_600_000 }

test('the first key is active and its file for its owner alone', async (t) => {
  const directory = join(await createScratch(t), 'keys')
  const { kid, state } = await generateCookieKey({ directory, nowMs: NOW_MS })
  assert.equal(state, 'active')
  assert.deepEqual(await readdir(directory), [`${kid}.cookie`])
  assert.equal((await stat(join(directory, `${kid}.cookie`))).mode & 0o777, 0o600)
})

test('the second waits, and a third is refused until it does not', async (t) => {
  const directory = await createScratch(t)
  await generateCookieKey({ directory, nowMs: NOW_MS })
  assert.equal((await generateCookieKey({ directory, nowMs: NOW_MS })).state, 'next')
  await assert.rejects(generateCookieKey({ directory, nowMs: NOW_MS }), /waits; run dvara keys/)
  assert.equal((await listCookieKeys(directory)).length, 2)
})

test('keys that sign and keys that seal lie side by side and do not see each other', async (t) => {
  const directory = await createScratch(t)
  await generateCookieKey({ directory, nowMs: NOW_MS })
  await generateKey({ directory, algorithm: 'EdDSA', nowMs: NOW_MS })
  assert.equal((await listCookieKeys(directory)).length, 1)
  assert.equal((await listKeys(directory)).length, 1)
})

test('many who make sure at once make one key', async (t) => {
  const directory = await createScratch(t)
  const made = await Promise.all(
    Array.from({ length: 8 }, () => ensureCookieKey({ directory, nowMs: NOW_MS })),
  )
  assert.equal(made.filter(Boolean).length, 1)
  assert.equal((await listCookieKeys(directory)).length, 1)
})

test('where nothing may be written, the remedy is said', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may write everywhere')
  const directory = join(await createScratch(t), 'keys')
  await mkdir(directory, { mode: 0o500 })
  t.after(() => chmod(directory, 0o700))
  const made = ensureCookieKey({ directory, nowMs: NOW_MS })
  await assert.rejects(made, /may not be written: run dvara keys generate --cookie/)
})

test('a rotation without keys does nothing, and a dry run changes nothing', async (t) => {
  const directory = await createScratch(t)
  const rotate = (isDryRun: boolean) =>
    rotateCookieKeys({ directory, nowMs: NOW_MS, isDryRun, timing: TIMING })
  assert.deepEqual(await rotate(false), [])
  await generateCookieKey({ directory, nowMs: NOW_MS })
  const before = await readdir(directory)
  assert.deepEqual(
    (await rotate(true)).map(({ action, isDue }) => [action, isDue]),
    [['publish', true]],
  )
  assert.deepEqual(await readdir(directory), before)
})

test('first characters of kids never repeat, however many keys there are', async (t) => {
  const directory = await createScratch(t)
  let nowMs = NOW_MS
  const hints = new Set<string | undefined>()
  await generateCookieKey({ directory, nowMs })
  // Retiring keys pile up while nobody takes the step that removes them.
  for (let count = 0; count < 12; count++) {
    await rotateCookieKeys({ directory, nowMs, timing: TIMING })
    nowMs += TIMING.reloadMs + TIMING.skewMs
    const kids = (await listCookieKeys(directory)).map(({ kid }) => kid[0])
    assert.equal(new Set(kids).size, kids.length)
    for (const kid of kids) hints.add(kid)
  }
  assert.ok(hints.size >= 2)
})
