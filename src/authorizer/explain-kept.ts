import type { DialectName } from '../core/check.ts'
import type { Reason } from '../core/reason.ts'
import { addressOf, type Slot } from './decisions.ts'
import { OTHER_TOKEN, type Wondered } from './explain.ts'
import type { Who } from './explain-facts.ts'

/** Refused before there was a check: what a gateway sent is not kept, so it is not read again. */
const AT_THE_DOOR: ReadonlySet<Reason | 'none'> = new Set<Reason>([
  'authz.untrusted_gateway',
  'authz.malformed_check',
  'authz.reserved_header',
  'authz.unsupported_method',
  'authz.ambiguous_path',
])

/** True of one request alone: of what was signed, or of how much was asked just then. */
const OF_ONE_REQUEST: ReadonlySet<Reason | 'none'> = new Set<Reason>([
  'authz.invalid_api_key_headers',
  'authz.nonce_not_valid_timestamp',
  'authz.nonce_expired',
  'authz.invalid_signature',
  'authz.apikey_version_refused',
  'authz.nonce_used',
  'authz.nonces_exhausted',
  'authz.rate_limited.address',
  'authz.rate_limited.key',
  'authz.rate_limited.principal',
  'authz.rate_limited.route',
])

/** The request of a kept decision, as far as it was kept. */
export function wonderAbout(slot: Slot, dialect: DialectName | undefined): Wondered {
  const { reason, about } = slot
  const before = reason === 'none' ? undefined : { reason, about }
  const spoken = slot.dialect === 'none' ? undefined : slot.dialect
  return {
    method: slot.method,
    path: slot.path,
    host: slot.host,
    address: addressOf(slot)?.text,
    userAgent: slot.userAgent,
    csrfToken: csrfTokenOf(slot),
    as: whoOf(slot),
    headers: [],
    gateway: undefined,
    dialect: dialect ?? spoken,
    version: 2,
    door: AT_THE_DOOR.has(reason) ? before : undefined,
    before: OF_ONE_REQUEST.has(reason) ? before : undefined,
  }
}

/** The token itself was not kept, only whether there was one; how it was judged says which. */
function csrfTokenOf({ hasCsrfToken, reason }: Slot): Wondered['csrfToken'] {
  if (!hasCsrfToken) return null
  return reason === 'authz.csrf_token_mismatch' ? OTHER_TOKEN : undefined
}

function whoOf({ credential, sessionHash, kid, reason, about }: Slot): Who {
  if (credential === 'none') return { kind: 'none' }
  if (credential === 'api_key') return { kind: 'kid', kid }
  if (credential === 'session' && sessionHash !== '') return { kind: 'session', hash: sessionHash }
  if (reason === 'none') return { kind: 'none' }
  return { kind: 'lost', credential, before: { reason, about } }
}
