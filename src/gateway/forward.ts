import type { DialectName } from '../core/check.ts'
import { clientAddress } from '../core/network.ts'
import type { Asked, Dialect } from './dialect.ts'
import { AT, type HeaderName, readHeader } from './headers.ts'
import { ALLOW, wordNativeDeny } from './reply.ts'

/**
 * Forward authentication: the original request is in X-Forwarded-Method, -Uri, -Host and -For,
 * and the answer reaches the client as it is.
 */
export function createForward(name: DialectName): Dialect {
  return { name, carriesBodies: false, wordDeny: wordNativeDeny, allow: ALLOW, readTold }
}

export const traefik: Dialect = createForward('traefik')
export const caddy: Dialect = createForward('caddy')

function readTold({ headers, peer, trustedProxies, told }: Asked): HeaderName | undefined {
  const method = readHeader(headers, AT['x-forwarded-method'])
  if (method === undefined) return 'x-forwarded-method'
  const target = readHeader(headers, AT['x-forwarded-uri'])
  if (target === undefined) return 'x-forwarded-uri'
  const host = readHeader(headers, AT['x-forwarded-host'])
  if (host === undefined) return 'x-forwarded-host'
  const forwardedFor = readHeader(headers, AT['x-forwarded-for'])
  if (forwardedFor === undefined) return 'x-forwarded-for'
  told.method = method
  told.target = target
  told.host = host
  told.address = clientAddress({ forwardedFor, peer, trusted: trustedProxies })
  return undefined
}
