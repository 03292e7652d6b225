import { clientAddress } from '../core/network.ts'
import type { Dialect } from './dialect.ts'
import { AT, readHeader } from './headers.ts'
import { ENVOY_ALLOW, wordNativeDeny } from './reply.ts'

/**
 * Envoy's HTTP ext_authz: the check is the original request itself behind a path prefix.
 * X-Forwarded-For must be on its allow-list. Older versions append their own address to it and
 * newer do not; `clientAddress` recognises the entry instead of counting on it.
 */
export const envoy: Dialect = {
  name: 'envoy',
  carriesBodies: true,
  wordDeny: wordNativeDeny,
  allow: ENVOY_ALLOW,
  readTold({ method, target, headers, peer, trustedProxies, told }) {
    const host = readHeader(headers, AT.host)
    if (host === undefined) return 'host'
    const forwardedFor = readHeader(headers, AT['x-forwarded-for'])
    if (forwardedFor === undefined) return 'x-forwarded-for'
    told.method = method
    told.target = target
    told.host = host
    told.address = clientAddress({ forwardedFor, peer, trusted: trustedProxies })
    return undefined
  },
}
