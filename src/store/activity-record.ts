import {
  ACTIVITY_CATEGORIES,
  ACTIVITY_RESULTS,
  type Activity,
  activityText,
} from '../core/activity.ts'
import { garbage, KINDS, seal, text, unseal, whole } from './record.ts'

const FIELDS_COUNT = 16

/** An activity as it waits in Redis or in a file. */
export function encodeActivity(one: Activity): Uint8Array {
  return seal(KINDS.activity, [
    one.id,
    one.atMs,
    one.category,
    one.uid,
    one.kind,
    one.targetUid,
    one.address,
    one.country,
    activityText(one.userAgent),
    activityText(one.topic),
    one.action,
    one.result,
    one.reason,
    one.decisionId,
    one.method,
    activityText(one.path),
  ])
}

/** What `encodeActivity` was given; anything else is Fault `store_garbage`. */
export function decodeActivity(bytes: Uint8Array): Activity {
  const fields = unseal(KINDS.activity, bytes, FIELDS_COUNT)
  const said = (at: number) => activityText(text(fields[at]))
  const kind = said(4)
  if (kind !== 'user' && kind !== 'service') throw garbage('an activity of nobody we know')
  return {
    id: said(0),
    atMs: whole(fields[1]),
    category: oneOf(ACTIVITY_CATEGORIES, fields[2]),
    uid: said(3),
    kind,
    targetUid: said(5),
    address: said(6),
    country: said(7),
    userAgent: said(8),
    topic: said(9),
    action: said(10),
    result: oneOf(ACTIVITY_RESULTS, fields[11]),
    reason: said(12),
    decisionId: said(13),
    method: said(14),
    path: said(15),
  }
}

function oneOf<T extends string>(values: readonly T[], value: unknown): T {
  const found = values.find((one) => one === value)
  if (found === undefined) throw garbage('an activity holds a word that is not known here')
  return found
}
