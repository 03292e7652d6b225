import { randomBytes } from 'node:crypto'
import { Fault } from '../core/fault.ts'
import { createAdministrator } from '../identity/administrator.ts'
import { createPasswords } from '../identity/password.ts'
import { passwordCostOf } from '../identity/start.ts'
import { openIdentityStores } from '../store/open.ts'
import { command } from './command.ts'

/** 144 random bits: nobody guesses it, and it is typed once. */
const PASSWORD_BYTES = 18

export const administrator = command({
  process: 'administrator',
  about: 'Make a superadmin with a random password, which is printed once.',
  usage: 'dvara administrator EMAIL [settings]',
  own: { wordsMax: 1 },
  async run({ config, words }) {
    const [email] = words
    if (email === undefined) return refuse('name the e-mail address: dvara administrator EMAIL', 2)
    const stores = await openIdentityStores({
      redisUrl: config.redisUrl.reveal(),
      redisCaFile: config.redisCaFile,
      databaseUrl: config.databaseUrl.reveal(),
      onFault: () => {},
    })
    const password = randomBytes(PASSWORD_BYTES).toString('base64url')
    try {
      const user = await createAdministrator({
        stores,
        passwords: createPasswords(passwordCostOf(config)),
        randomBytes,
        email,
        password,
      })
      if (user === undefined) return refuse(`${JSON.stringify(email)} is no e-mail address`, 2)
      process.stdout.write(`${user.email}\n${password}\n`)
      return 0
    } catch (fault) {
      if (!(fault instanceof Fault) || fault.code !== 'store_conflict') throw fault
      return refuse('this e-mail address is taken', 1)
    } finally {
      await stores.close()
    }
  },
})

function refuse(text: string, code: number): number {
  process.stderr.write(`dvara: ${text}\n`)
  return code
}
