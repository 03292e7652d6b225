import { randomBytes } from 'node:crypto'
import { projectRoot } from '../../src/config/root.ts'
import { generateKey } from '../../src/crypto/keys.ts'
import { createAdministrator } from '../../src/identity/administrator.ts'
import { createPasswords, PASSWORD_COST } from '../../src/identity/password.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openDatabase, openIdentityStores } from '../../src/store/open.ts'

/** Weak on purpose: what these tests are about is not how dear a guess is. */
export const CHEAP_HASHES = { DVARA_ARGON2_MEMORY_KIB: '8192', DVARA_ARGON2_PASSES: '1' }
const COST = { ...PASSWORD_COST, memoryKib: 8192, passes: 1 }

/**
 * What `dvara migrate`, `dvara keys generate` and `dvara administrator` do, in this process: the
 * commands have tests of their own, and three starts cost two seconds of CPU.
 */
export async function prepareStores(at: {
  readonly redisUrl: string
  readonly databaseUrl: string
  readonly keysDirectory: string
}): Promise<{ readonly email: string; readonly password: string }> {
  const { redisUrl, databaseUrl, keysDirectory } = at
  const database = openDatabase({ databaseUrl })
  await migrate(database, `${projectRoot}/migrations`)
  await database.close()
  await generateKey({ directory: keysDirectory, algorithm: 'EdDSA', nowMs: Date.now() })
  const stores = await openIdentityStores({ redisUrl, databaseUrl, onFault: () => undefined })
  const password = randomBytes(18).toString('base64url')
  const email = 'admin@app.example'
  try {
    const passwords = createPasswords(COST)
    await createAdministrator({ stores, passwords, randomBytes, email, password })
  } finally {
    await stores.close()
  }
  return { email, password }
}
