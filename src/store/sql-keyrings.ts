import type { Database } from './database.ts'
import type { Outbox } from './outbox.ts'

/** News of files that nobody here can read: the keys themselves lie in a directory. */
export interface Keyrings {
  /** Makes every authorizer read its keyring now; it has done so when this resolves. */
  publishChange(): Promise<void>
}

export function createKeyrings(database: Database, outbox: Outbox): Keyrings {
  return {
    async publishChange() {
      const id = await database.transaction((transaction) =>
        outbox.record(transaction, { scope: 'keyring', subject: '' }),
      )
      await outbox.publish(id)
    },
  }
}
