import { activityText } from '../core/activity.ts'
import type { Client } from './client.ts'
import { parseEmail } from './email.ts'
import type { Actor, Endpoint, Outcome } from './endpoint.ts'
import type { Parts } from './parts.ts'

/** One call that was answered: who made it, from where, and how it ended. */
export interface Answered {
  readonly endpoint: Endpoint
  readonly client: Client
  readonly actor: Actor | undefined
  readonly params: unknown
  readonly outcome: Outcome
}

/**
 * Writes down what people do to their own account, and administrators to others, good or not.
 * Somebody unknown is written down too, as nobody: else the time it takes would tell which
 * addresses have an account. The deed is done already, so a failure here is said and changes
 * nothing.
 */
export async function recordAnswered(parts: Parts, answered: Answered): Promise<void> {
  const { endpoint, client, outcome } = answered
  const { activity } = endpoint
  if (activity === undefined) return
  const refused = outcome.kind === 'refusal' ? outcome.codes[0] : undefined
  // Who is told to wait has written down enough already.
  const isLeftOut = !activity.isFailureToo || (outcome.kind === 'refusal' && outcome.status === 429)
  if (refused !== undefined && isLeftOut) return
  try {
    await parts.stores.activities.record({
      id: `i${Buffer.from(parts.randomBytes(15)).toString('base64url')}`,
      atMs: parts.nowMs(),
      category: activity.category ?? 'user',
      uid: await uidOf(parts, answered),
      kind: 'user',
      targetUid: activity.category === undefined ? '' : targetOf(answered),
      address: client.address.text,
      country: '',
      userAgent: activityText(client.userAgent),
      topic: activity.topic,
      action: outcome.kind === 'done' ? (outcome.action ?? activity.action) : activity.action,
      result: refused === undefined ? 'succeed' : 'failed',
      reason: refused ?? '',
      decisionId: '',
      method: endpoint.method,
      path: `/${endpoint.door}${endpoint.path}`,
    })
  } catch (fault) {
    parts.log.error({ err: fault, topic: activity.topic }, 'an activity could not be stored')
  }
}

/** Whom an administrator did it to: the uid that was asked for, or that was made. */
function targetOf({ outcome, params }: Answered): string {
  const { uid } = Object(params) as { readonly uid?: unknown }
  return outcome.subject ?? (typeof uid === 'string' ? activityText(uid) : '')
}

async function uidOf({ stores }: Parts, answered: Answered): Promise<string> {
  const { actor, outcome, params } = answered
  if (actor !== undefined) return actor.user.uid
  if (outcome.subject !== undefined) return outcome.subject
  const given = (params as { readonly email?: unknown } | undefined)?.email
  const email = typeof given === 'string' ? parseEmail(given) : undefined
  if (email === undefined) return ''
  return (await stores.users.findByEmail(email))?.uid ?? ''
}
