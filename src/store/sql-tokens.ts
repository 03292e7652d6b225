import { Fault } from '../core/fault.ts'
import type { Database } from './database.ts'
import type { OneTimeTokens } from './users.ts'

// The user's row is locked, so that of two tokens issued at once only the later one is good.
const LOCK_USER = 'select id from users where uid = $1 for update'
const VOID_EARLIER = `
  update one_time_tokens set used_at = now() where uid = $1 and purpose = $2 and used_at is null`
const INSERT = `
  insert into one_time_tokens (hash, purpose, uid, not_after)
  values ($1, $2, $3, to_timestamp($4::float8 / 1000))`
const REDEEM = `
  update one_time_tokens set used_at = now()
  where hash = $1 and purpose = $2 and used_at is null
    and not_after > to_timestamp($3::float8 / 1000)
  returning uid`
const SELECT_USED = `
  select used_at is not null as is_used from one_time_tokens where hash = $1 and purpose = $2`

export function createOneTimeTokens(database: Database, nowMs: () => number): OneTimeTokens {
  return {
    async issue({ purpose, uid, hash, notAfterMs }) {
      await database.transaction(async (transaction) => {
        const [user] = await transaction.query(LOCK_USER, [uid])
        if (user === undefined) throw new Fault('store_conflict', { about: 'no such user' })
        await transaction.query(VOID_EARLIER, [uid, purpose])
        await transaction.query(INSERT, [hash, purpose, uid, notAfterMs])
      })
    },
    async redeem(purpose, hash) {
      const values = [hash, purpose, nowMs()]
      const [redeemed] = await database.query<{ uid: string }>(REDEEM, values)
      if (redeemed !== undefined) return { outcome: 'redeemed', uid: redeemed.uid }
      const [known] = await database.query<{ is_used: boolean }>(SELECT_USED, [hash, purpose])
      if (known === undefined) return { outcome: 'unknown' }
      return { outcome: known.is_used ? 'utilized' : 'expired' }
    },
  }
}
