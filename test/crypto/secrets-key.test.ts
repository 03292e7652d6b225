import assert from 'node:assert/strict'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ensureSecretsKey } from '../../src/crypto/secrets-key.ts'
import { createScratch } from './scratch.ts'

test('the first look makes a key for its owner alone, and every later one reads it', async (t) => {
  const file = join(await createScratch(t), 'secrets.key')
  const made = await ensureSecretsKey(file)
  const again = await ensureSecretsKey(file)
  assert.equal(again.sealing.id, made.sealing.id)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.match(await readFile(file, 'utf8'), /^[0-9a-f]{64}\n$/)
})

test('a file that others may read is refused by its name', async (t) => {
  const file = join(await createScratch(t), 'secrets.key')
  await ensureSecretsKey(file)
  await chmod(file, 0o644)
  await assert.rejects(ensureSecretsKey(file), { name: 'KeyringError', message: /secrets\.key/ })
})

test('a file that holds no key is refused by its name, and nothing of it is shown', async (t) => {
  const file = join(await createScratch(t), 'secrets.key')
  await writeFile(file, 'canary-7d1e\n', { mode: 0o600 })
  await assert.rejects(ensureSecretsKey(file), (error: Error) => {
    assert.equal(error.name, 'EnvelopeError')
    assert.match(error.message, /secrets\.key: key 1 is not 32 bytes/)
    return !error.message.includes('canary')
  })
})
