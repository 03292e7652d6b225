import type { Database } from './database.ts'
import type { Outbox } from './outbox.ts'
import type { SecondFactors, StepClaim } from './second-factors.ts'
import { forgetSecondFactor, publishAll, recordUserChange } from './sql-holders.ts'
import { endSessions } from './sql-sessions.ts'

const SELECT = `
  select encode(secret, 'hex') as secret, enabled_at is not null as is_enabled
  from second_factors where uid = $1`
const ENROL = `
  insert into second_factors (uid, secret) values ($1, decode($2, 'hex'))
  on conflict (uid) do update set secret = excluded.secret, last_step = 0
  where second_factors.enabled_at is null
  returning uid`
// One statement compares and sets: the row lock lets the second of two claims see the first.
const USE = `
  update second_factors set last_step = $3::float8::bigint
  where uid = $1 and secret = decode($2, 'hex') and enabled_at is not null
    and last_step < $3::float8::bigint
  returning uid`
const ENABLE = `
  update second_factors set last_step = $3::float8::bigint, enabled_at = now()
  where uid = $1 and secret = decode($2, 'hex') and enabled_at is null
    and last_step < $3::float8::bigint
  returning uid`
// The user's row first, as everywhere: two that lock in two orders wait for each other.
const LOCK_USER = 'select uid from users where uid = $1 for no key update'
const SET_OTP = `
  update users set otp = $2, version = version + 1, updated_at = now() where uid = $1
  returning uid`
const PUT_LABEL = `
  insert into labels (user_id, key, value, scope)
  select u.id, 'otp', 'enabled', 'private' from users u where u.uid = $1
  on conflict (user_id, key, scope) do update set value = excluded.value, updated_at = now()`

export function createSecondFactors(deps: {
  readonly database: Database
  readonly outbox: Outbox
  readonly nowMs: () => number
}): SecondFactors {
  const { database, outbox, nowMs } = deps
  return {
    async find(uid) {
      const [row] = await database.query<{ secret: string; is_enabled: boolean }>(SELECT, [uid])
      if (row === undefined) return undefined
      const secret = new Uint8Array(Buffer.from(row.secret, 'hex'))
      return { secret, isEnabled: row.is_enabled }
    },
    async enrol(uid, secret) {
      const [row] = await database.query(ENROL, [uid, Buffer.from(secret).toString('hex')])
      return row !== undefined
    },
    async use(claim) {
      const [row] = await database.query(USE, valuesOf(claim))
      return row !== undefined
    },
    async enable(claim, exceptHash) {
      const { uid } = claim
      const owed = await database.transaction(async (transaction) => {
        await transaction.query(LOCK_USER, [uid])
        const [row] = await transaction.query(ENABLE, valuesOf(claim))
        if (row === undefined) return undefined
        await transaction.query(SET_OTP, [uid, true])
        await transaction.query(PUT_LABEL, [uid])
        const ended = await endSessions(transaction, { uid, exceptHash, nowMs: nowMs() })
        return recordUserChange(transaction, outbox, {
          ...{ uid, ended: ended ?? [], reason: 'second_factor' },
          isAll: exceptHash === undefined,
        })
      })
      return publish(owed)
    },
    async disable(claim) {
      const { uid } = claim
      const owed = await database.transaction(async (transaction) => {
        await transaction.query(LOCK_USER, [uid])
        const [row] = await transaction.query(USE, valuesOf(claim))
        if (row === undefined) return undefined
        await transaction.query(SET_OTP, [uid, false])
        await forgetSecondFactor(transaction, uid)
        return recordUserChange(transaction, outbox, { uid })
      })
      return publish(owed)
    },
  }

  async function publish(owed: readonly number[] | undefined): Promise<boolean> {
    if (owed === undefined) return false
    await publishAll(outbox, owed)
    return true
  }
}

function valuesOf({ uid, secret, step }: StepClaim) {
  return [uid, Buffer.from(secret).toString('hex'), step]
}
