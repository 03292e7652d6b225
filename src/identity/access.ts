import { Fault } from '../core/fault.ts'
import { sha256Base64url } from '../crypto/digest.ts'
import type { Client } from './client.ts'
import {
  done,
  type Endpoint,
  type Outcome,
  openEndpoint,
  refuse,
  refuseForNow,
} from './endpoint.ts'
import type { Parts } from './parts.ts'
import { isSecretId } from './secret-id.ts'
import { Type } from './shape.ts'
import { Empty } from './views.ts'

const INVALID = refuse(422, 'identity.user.access.invalid_token')

async function openAccess(parts: Parts, token: string, { address }: Client): Promise<Outcome> {
  const waitS = await parts.limits.admitWork(address)
  if (waitS > 0) return refuseForNow(waitS)
  if (!isSecretId(token)) return INVALID
  try {
    const row = await parts.stores.restrictions.redeemLink(sha256Base64url(token), address.text)
    if (row === undefined) return INVALID
    parts.log.info({ event: 'whitelink.used', address: address.text, row: row.id }, 'access opened')
    return done({})
  } catch (problem) {
    const isTaken = problem instanceof Fault && problem.code === 'store_conflict'
    if (isTaken) return refuse(422, 'value.taken')
    throw problem
  }
}

/** Where whoever holds a whitelink lets themselves in; no restriction holds for its path. */
export function createAccessEndpoints(parts: Parts): readonly Endpoint[] {
  return [
    openEndpoint({
      door: 'identity',
      method: 'POST',
      path: '/users/access',
      about: 'Put the address of this call on the whitelist, with a whitelink token.',
      class: 'identity.user.access',
      params: Type.Object({ whitelink_token: Type.String() }),
      success: { status: 201, body: Empty },
      refusals: [
        '422 identity.user.access.invalid_token',
        '422 value.taken',
        '429 identity.session.rate_limited',
      ],
      answer: ({ params, client }) => openAccess(parts, params.whitelink_token, client),
    }),
  ]
}
