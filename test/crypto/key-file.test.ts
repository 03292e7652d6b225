import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import {
  createKeyDirectory,
  KeyringError,
  loadKeys,
  removeKey,
  writeKey,
} from '../../src/crypto/key-file.ts'
import { createJwk } from '../../src/crypto/keys.ts'
import { createRing, createScratch } from './scratch.ts'

type KeyRecord = Record<string, unknown> & { kid: string; jwk: Record<string, unknown> }

const other = await createJwk('EdDSA')

test('a key is written for its owner alone, and nothing else is left behind', async (t) => {
  const directory = join(await createScratch(t), 'keys')
  await createKeyDirectory(directory)
  assert.equal((await stat(directory)).mode & 0o777, 0o700)
  const { directory: full } = await createRing(t)
  const names = await readdir(full)
  assert.equal(names.length, 1)
  assert.equal((await stat(join(full, names[0] ?? ''))).mode & 0o777, 0o600)
})

test('a directory that exists keeps its mode', async (t) => {
  const directory = join(await createScratch(t), 'keys')
  await mkdir(directory, { mode: 0o750 })
  await createKeyDirectory(directory)
  assert.equal((await stat(directory)).mode & 0o777, 0o750)
})

test('a key comes back as it was written, until it is removed', async (t) => {
  const { directory } = await createRing(t)
  const [key] = await loadKeys(directory)
  assert.ok(key !== undefined)
  await writeKey(directory, { ...key, state: 'retiring', stateAtMs: 5 })
  const [again] = await loadKeys(directory)
  assert.equal(again?.state, 'retiring')
  assert.equal(again?.stateAtMs, 5)
  assert.deepEqual(again?.jwk, key.jwk)
  await removeKey(directory, key.kid)
  assert.deepEqual(await loadKeys(directory), [])
})

test('no directory is no keys', async (t) => {
  assert.deepEqual(await loadKeys(join(await createScratch(t), 'absent')), [])
})

test('drafts and other files are passed over', async (t) => {
  const { directory } = await createRing(t)
  await writeFile(join(directory, '.half.draft'), '{')
  await writeFile(join(directory, '.half.json'), '{')
  await writeFile(join(directory, 'README'), 'keys')
  assert.equal((await loadKeys(directory)).length, 1)
})

const UNFIT: readonly {
  name: string
  change: (record: KeyRecord) => unknown
  expect: RegExp
}[] = [
  { name: 'broken JSON', change: () => '{', expect: /expected a JSON object/ },
  { name: 'a list', change: () => [], expect: /expected a JSON object/ },
  {
    name: 'an unknown algorithm',
    change: (r) => ({ ...r, alg: 'none' }),
    expect: /alg to be one of/,
  },
  {
    name: 'a symmetric algorithm',
    change: (r) => ({ ...r, alg: 'HS256' }),
    expect: /alg to be one/,
  },
  {
    name: 'an unknown state',
    change: (r) => ({ ...r, state: 'old' }),
    expect: /state to be one of/,
  },
  { name: 'a time as text', change: (r) => ({ ...r, stateAtMs: '1' }), expect: /in milliseconds/ },
  { name: 'no time', change: (r) => ({ ...r, createdAtMs: undefined }), expect: /milliseconds/ },
  { name: 'no key', change: (r) => ({ ...r, jwk: undefined }), expect: /expected jwk to be/ },
  {
    name: 'another kind of key',
    change: (r) => ({ ...r, alg: 'ES256' }),
    expect: /expected kty EC/,
  },
  { name: 'another kid', change: (r) => ({ ...r, kid: 'mine' }), expect: /RFC 7638 thumbprint/ },
  {
    name: 'no private half',
    change: (r) => ({ ...r, jwk: { ...r.jwk, d: undefined } }),
    expect: /private members are no valid OKP key/,
  },
  {
    name: "another pair's private half",
    change: (r) => ({ ...r, jwk: { ...r.jwk, d: other.d } }),
    expect: /not of one pair/,
  },
  {
    name: 'too many bytes',
    change: (r) => ({ ...r, note: 'x'.repeat(40_000) }),
    expect: /at most 32768 bytes/,
  },
]
for (const { name, change, expect } of UNFIT) {
  test(`a key file with ${name} is refused, named, and its secret is not told`, async (t) => {
    const { directory, keyring } = await createRing(t)
    const path = join(directory, `${keyring.signing().kid}.json`)
    const record = JSON.parse(await readFile(path, 'utf8')) as KeyRecord
    const changed = change(record)
    await writeFile(path, typeof changed === 'string' ? changed : JSON.stringify(changed))
    await assert.rejects(loadKeys(directory), (error: unknown) => {
      assert.ok(error instanceof KeyringError)
      assert.match(error.message, expect)
      assert.ok(error.message.includes(path))
      assert.ok(!error.message.includes(String(record.jwk.d)))
      return true
    })
  })
}

for (const mode of [0o640, 0o604, 0o660, 0o644, 0o610]) {
  test(`a key file of mode 0${mode.toString(8)} is refused with the command to run`, async (t) => {
    const { directory, keyring } = await createRing(t)
    const path = join(directory, `${keyring.signing().kid}.json`)
    await chmod(path, mode)
    await assert.rejects(loadKeys(directory), {
      name: 'KeyringError',
      message:
        `${path} is a private key that others may read (mode 0${mode.toString(8)}): ` +
        `run chmod 0600 ${path}`,
    })
  })
}

test('a key file that only its owner may read is accepted', async (t) => {
  const { directory, keyring } = await createRing(t)
  await chmod(join(directory, `${keyring.signing().kid}.json`), 0o400)
  assert.equal((await loadKeys(directory)).length, 1)
})

test('a directory that others may write to is refused, one they may list is not', async (t) => {
  const { directory } = await createRing(t)
  await chmod(directory, 0o755)
  assert.equal((await loadKeys(directory)).length, 1)
  await chmod(directory, 0o770)
  await assert.rejects(
    loadKeys(directory),
    /may be written by others \(mode 0770\): run chmod 0700/,
  )
})

test('one key in two files is refused', async (t) => {
  const { directory, keyring } = await createRing(t)
  const name = `${keyring.signing().kid}.json`
  await symlink(join(directory, name), join(directory, 'copy.json'))
  await assert.rejects(loadKeys(directory), /is there twice/)
})

test('a file that is no file is refused by name', async (t) => {
  const directory = await createScratch(t)
  await mkdir(join(directory, 'odd.json'), { mode: 0o700 })
  await assert.rejects(loadKeys(directory), /odd\.json cannot be read \(EISDIR\)/)
})
