import { clientAddress } from '../core/network.ts'
import type { Dialect } from './dialect.ts'
import { AT, readHeader, readLenient } from './headers.ts'
import { ENVOY_ALLOW, wordNativeDeny } from './reply.ts'

/** More than one Host is no host at all. */
const NO_HOST = '/'

/**
 * Barong's own address, for gateways that are wired to it (mostly Envoy): the original path
 * behind a prefix, the original method. Barong reads no Host, and takes the peer for the client
 * where X-Forwarded-For is absent; so do we.
 */
export const barong: Dialect = {
  name: 'barong',
  carriesBodies: true,
  wordDeny: wordNativeDeny,
  allow: ENVOY_ALLOW,
  readTold({ method, target, headers, peer, trustedProxies, told }) {
    const host = readLenient(headers, AT.host, NO_HOST) ?? ''
    if (host === NO_HOST) return 'host'
    const forwardedFor = readHeader(headers, AT['x-forwarded-for']) ?? ''
    told.method = method
    told.target = target
    told.host = host
    told.address = clientAddress({ forwardedFor, peer, trusted: trustedProxies })
    return undefined
  },
}
