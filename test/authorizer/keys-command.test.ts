import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import test from 'node:test'
import { runKeys } from '../../src/authorizer/keys-command.ts'
import { listCookieKeys } from '../../src/crypto/cookie-keys.ts'
import { ROTATION_DELAYS } from '../../src/crypto/key-rotation.ts'
import { listKeys } from '../../src/crypto/keys.ts'
import { RSA_PAIR } from '../crypto/rsa-fixture.ts'

const NOW_MS = Date.UTC(2025, 0, 2)
const TIMING = { ...ROTATION_DELAYS, jwksMaxAgeMs: 300_000, tokenTtlMs: 60_000 }

const BOUNDS = { timing: TIMING, sessionLifetimeMs: 3_600_000 }

/** Runs the command on a directory of the test's own; the lines printed are for this run alone. */
async function createCommand(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'dvara-keys-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const directory = join(folder, 'keys')
  let nowMs = NOW_MS
  const run = async (...argv: string[]) => {
    const lines: string[] = []
    const print = (line: string) => lines.push(line)
    const code = await runKeys(argv, { directory, print, nowMs: () => nowMs, ...BOUNDS })
    return { code, text: lines.join('\n') }
  }
  return { run, directory, folder, advance: (byMs: number) => (nowMs += byMs) }
}

for (const argv of [[], ['help'], ['--help'], ['rotate', '--help'], ['-h']]) {
  test(`dvara keys ${argv.join(' ')} prints help and changes nothing`, async (t) => {
    const { run, folder } = await createCommand(t)
    const { code, text } = await run(...argv)
    assert.equal(code, 0)
    for (const word of ['generate', 'list', 'rotate', 'import', '--dry-run', '--json']) {
      assert.ok(text.includes(word), word)
    }
    assert.deepEqual(await readdir(folder), [])
  })
}

const MISUNDERSTOOD = [
  { argv: ['create'], expect: /unknown command: create/ },
  { argv: ['constructor'], expect: /unknown command: constructor/ },
  { argv: ['generate', 'two'], expect: /generate takes options only/ },
  { argv: ['generate', '--algorithm', 'HS256'], expect: /unknown algorithm: HS256/ },
  { argv: ['generate', '--dry-run'], expect: /--dry-run belongs to rotate/ },
  { argv: ['rotate', '--dryrun'], expect: /--dryrun/ },
  { argv: ['rotate', '--older-than-days', '1.5'], expect: /needs a whole number/ },
  { argv: ['list', '--cookie'], expect: /--cookie belongs to generate/ },
  { argv: ['import'], expect: /import needs one file/ },
]
for (const { argv, expect } of MISUNDERSTOOD) {
  test(`dvara keys ${argv.join(' ')} is not understood and changes nothing`, async (t) => {
    const { run, folder } = await createCommand(t)
    const { code, text } = await run(...argv)
    assert.equal(code, 2)
    assert.match(text, expect)
    assert.deepEqual(await readdir(folder), [])
  })
}

/** What was said of keys that sign: those that seal cookies are told apart below. */
function ofTokens({ text }: { text: string }): string {
  const lines = text.split('\n').filter((line) => !/cookie|BLAKE3/.test(line))
  return lines.join('\n')
}

test('a ring is made, listed and rotated', async (t) => {
  const { run, directory, advance } = await createCommand(t)
  assert.match((await run('list')).text, /holds no key: run dvara keys generate/)
  const made = await run('generate')
  assert.equal(made.code, 0)
  assert.match(ofTokens(made), /^\S{43} {2}EdDSA {3}active {4}since 2025-01-02T00:00:00\.000Z$/)
  assert.equal((await run('list')).text, made.text)

  assert.equal(ofTokens(await run('rotate', '--dry-run')), 'would now publish a new key')
  assert.equal((await listKeys(directory)).length, 1)
  assert.equal(ofTokens(await run('rotate')), 'done: publish a new key')
  const [active, next] = await listKeys(directory)
  assert.deepEqual(ofTokens(await run('rotate')).split('\n'), [
    `not before 2025-01-02T00:06:30.000Z: sign with ${next?.kid}`,
    `not before 2025-01-02T00:06:30.000Z: stop signing with ${active?.kid}`,
  ])
  advance(390_000)
  assert.match((await run('rotate')).text, new RegExp(`^done: sign with ${next?.kid}\n`))
  advance(150_000)
  assert.equal(ofTokens(await run('rotate')), `done: remove ${active?.kid}`)
  assert.deepEqual(
    (await listKeys(directory)).map(({ kid }) => kid),
    [next?.kid],
  )
})

test('keys that seal cookies are made, listed and rotated beside them', async (t) => {
  const { run, directory, advance } = await createCommand(t)
  await run('generate')
  const [first] = await listCookieKeys(directory)
  assert.match(
    (await run('list')).text,
    new RegExp(`\n${first?.kid} {29}BLAKE3 {2}active {4}since 2025-01-02T00:00:00\\.000Z$`),
  )
  await run('rotate')
  const [, next] = await listCookieKeys(directory)
  advance(90_000)
  const { text } = await run('rotate')
  assert.deepEqual(text.split('\n').slice(-2), [
    `done: seal cookies with ${next?.kid}`,
    `done: stop sealing cookies with ${first?.kid}`,
  ])
  const later = (await run('rotate')).text.split('\n').at(-1)
  assert.equal(later, `not before 2025-01-02T01:03:00.000Z: remove the cookie key ${first?.kid}`)
  advance(3_690_000)
  assert.match((await run('rotate')).text, new RegExp(`done: remove the cookie key ${first?.kid}$`))
})

test('generate --cookie adds a key that seals, and no key that signs', async (t) => {
  const { run, directory } = await createCommand(t)
  assert.match((await run('generate', '--cookie')).text, /^\S{16} {29}BLAKE3 {2}active/)
  assert.match((await run('generate', '--cookie')).text, /^\S{16} {29}BLAKE3 {2}next/)
  const third = await run('generate', '--cookie')
  assert.equal(third.code, 1)
  assert.match(third.text, /waits; run dvara keys rotate/)
  assert.deepEqual(await listKeys(directory), [])
})

test('the installation may prefer an algorithm, and the words may overrule it', async (t) => {
  const { directory } = await createCommand(t)
  const io = {
    directory,
    print: () => undefined,
    nowMs: () => NOW_MS,
    timing: TIMING,
    algorithm: 'ES256',
  } as const
  assert.equal(await runKeys(['generate'], io), 0)
  assert.equal(await runKeys(['generate', '--algorithm', 'EdDSA'], io), 0)
  assert.deepEqual(
    (await listKeys(directory)).map(({ alg }) => alg),
    ['ES256', 'EdDSA'],
  )
})

test('where nobody says how long tokens live, a rotation waits as long as they may', async (t) => {
  const { directory } = await createCommand(t)
  const lines: string[] = []
  const io = { directory, print: (line: string) => lines.push(line), nowMs: () => NOW_MS }
  for (const name of ['generate', 'rotate', 'rotate']) await runKeys([name], io)
  const [signing] = lines.filter((line) => line.includes('stop signing'))
  assert.match(signing ?? '', /^not before 2025-01-03T00:01:30\.000Z: stop signing/)
  await runKeys(['rotate'], { ...io, nowMs: () => NOW_MS + 3_600_000 })
  await runKeys(['rotate'], { ...io, nowMs: () => NOW_MS + 7_200_000 })
  assert.match(lines.at(-1) ?? '', /^not before 2026-01-02T01:01:30\.000Z: remove the cookie key/)
})

test('a rotation for an age waits for it', async (t) => {
  const { run, advance } = await createCommand(t)
  await run('generate', '--algorithm', 'ES256')
  const early = await run('rotate', '--older-than-days', '30')
  assert.equal(ofTokens(early), 'not before 2025-02-01T00:00:00.000Z: publish a new key')
  advance(30 * 86_400_000)
  const due = await run('rotate', '--older-than-days', '30')
  assert.equal(ofTokens(due), 'done: publish a new key')
})

test('with --json every command prints one document without a secret', async (t) => {
  const { run } = await createCommand(t)
  const read = async (...argv: string[]) => JSON.parse((await run(...argv, '--json')).text)
  assert.deepEqual(await read('list'), { keys: [] })
  const { keys } = await read('generate')
  assert.deepEqual(Object.keys(keys[0]), ['kid', 'alg', 'state', 'createdAtMs', 'stateAtMs'])
  assert.deepEqual(await read('list'), { keys })
  assert.deepEqual(await read('rotate', '--dry-run'), {
    isDryRun: true,
    steps: ['tokens', 'cookies'].map((use) => ({
      ...{ use, action: 'publish', atMs: NOW_MS, isDue: true },
    })),
  })
})

test('an existing key is imported, once', async (t) => {
  const { run, folder } = await createCommand(t)
  const { privateKey } = RSA_PAIR
  const path = join(folder, 'barong.key')
  await writeFile(path, privateKey.export({ type: 'pkcs1', format: 'pem' }))
  const imported = await run('import', path)
  assert.equal(imported.code, 0)
  assert.match(imported.text, /^\S{43} {2}RS256 {3}active/)
  const again = await run('import', path)
  assert.equal(again.code, 1)
  assert.match(again.text, /is in the keyring already/)
  const absent = await run('import', `${path}.pub`)
  assert.equal(absent.code, 1)
  assert.match(absent.text, /barong\.key\.pub cannot be read/)
})

test('a keyring that cannot be used is said, and is not a crash', async (t) => {
  const { run, directory, folder } = await createCommand(t)
  await run('generate')
  await chmod(directory, 0o777)
  const open = await run('list')
  assert.equal(open.code, 1)
  assert.match(open.text, /run chmod 0700/)
  await rm(directory, { recursive: true })
  await writeFile(directory, 'no directory')
  const { code, text } = await run('generate')
  assert.equal(code, 1)
  assert.ok(text.includes(folder))
})
