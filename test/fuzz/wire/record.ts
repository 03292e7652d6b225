import { deepStrictEqual } from 'node:assert'
import { Fault } from '../../../src/core/fault.ts'
import type { Principal, Session } from '../../../src/core/principal.ts'
import {
  decodePrincipal,
  decodeSession,
  encodePrincipal,
  encodeSession,
} from '../../../src/store/record.ts'
import { addressOf, factsOf } from '../../core/facts.ts'
import type { Dice } from '../dice.ts'
import { type Input, target } from '../target.ts'

interface RecordCase extends Input {
  readonly kind: string
  readonly bytes: Buffer
}

const SESSIONS: readonly Session[] = [
  factsOf().session,
  factsOf({ session: { userAgent: '', csrfToken: '', address: addressOf('2001:db8::1') } }).session,
]
const PRINCIPALS: readonly Principal[] = [
  factsOf().principal,
  factsOf({ principal: { kind: 'service', username: null, referralId: 7, level: 0 } }).principal,
]

/** A damaged record is a fault; it is never read as another value than was written. */
export const recordTarget = target<RecordCase>({
  name: 'record',
  about: 'damaged, cut, joined and foreign records are faults, never other values',
  share: 1,
  start: () => ({ draw: drawRecord, judge }),
})

function judge({ kind, bytes }: RecordCase): string | undefined {
  const isSession = kind === 'session'
  let value: Session | Principal
  try {
    value = isSession
      ? decodeSession(bytes, (SESSIONS[0] as Session).hash)
      : decodePrincipal(bytes, (PRINCIPALS[0] as Principal).uid)
  } catch (cause) {
    const isGarbage = cause instanceof Fault && cause.code === 'store_garbage'
    return isGarbage ? undefined : `threw ${String(cause)}`
  }
  const known: readonly unknown[] = isSession ? SESSIONS : PRINCIPALS
  const isKnown = known.some((each) => {
    try {
      deepStrictEqual(value, each)
      return true
    } catch {
      return false
    }
  })
  return isKnown ? undefined : `was read as ${JSON.stringify(value)}`
}

function drawRecord(dice: Dice): RecordCase {
  const kind = dice.pick(['session', 'principal'])
  const isRight = !dice.once(10)
  const isSession = (kind === 'session') === isRight
  const whole = Buffer.from(
    isSession ? encodeSession(dice.pick(SESSIONS)) : encodePrincipal(dice.pick(PRINCIPALS)),
  )
  return { kind, bytes: damage(dice, whole) }
}

function damage(dice: Dice, whole: Buffer): Buffer {
  const at = dice.below(whole.length)
  switch (dice.below(8)) {
    case 0:
      return whole
    case 1:
      return whole.subarray(0, at)
    case 2:
      return Buffer.concat([whole, dice.bytes(1 + dice.below(8))])
    case 3:
      return dice.bytes(dice.below(200))
    case 4:
      return Buffer.concat([whole.subarray(0, at), dice.bytes(1), whole.subarray(at)])
    case 5:
      // Past the checksum's door, as far as a guess goes.
      return Buffer.concat([whole.subarray(0, 2), dice.bytes(4), dice.bytes(whole.length - 6)])
    default: {
      const damaged = Buffer.from(whole)
      for (let count = 1 + dice.below(3); count > 0; count--) {
        damaged[dice.below(damaged.length)] = dice.below(256)
      }
      return damaged
    }
  }
}
