import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Algorithm } from '../../src/crypto/algorithm.ts'
import type { Keyring } from '../../src/crypto/keyring.ts'
import { openKeyring } from '../../src/crypto/keyring.ts'
import { generateKey } from '../../src/crypto/keys.ts'

export const NOW_MS = 1_760_000_000_000

/** A directory of the test's own, gone after it. */
export async function createScratch(t: Pick<TestContext, 'after'>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'dvara-crypto-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A ring with one signing key. */
export async function createRing(
  t: Pick<TestContext, 'after'>,
  algorithm: Algorithm = 'EdDSA',
): Promise<{ directory: string; keyring: Keyring }> {
  const directory = await createScratch(t)
  await generateKey({ directory, algorithm, nowMs: NOW_MS })
  return { directory, keyring: await openKeyring({ directory }) }
}
