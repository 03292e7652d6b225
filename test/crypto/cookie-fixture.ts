import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlakeKeys } from '../../src/crypto/blake.ts'
import { generateCookieKey } from '../../src/crypto/cookie-keys.ts'
import { type CookieRing, openCookieRing } from '../../src/crypto/cookie-ring.ts'
import { nodeBlakeKeys } from '../../src/crypto/node-blake.ts'

/** A ring with a key of its own, in memory alone. */
export async function createCookieRing(blakeKeys: BlakeKeys = nodeBlakeKeys): Promise<CookieRing> {
  const directory = await mkdtemp(join(tmpdir(), 'dvara-cookie-'))
  try {
    await generateCookieKey({ directory, nowMs: 0 })
    return await openCookieRing({ directory, blakeKeys })
  } finally {
    await rm(directory, { recursive: true })
  }
}
