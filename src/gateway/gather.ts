import { LOOPBACK } from '../core/address.ts'
import type { NetworkSet } from '../core/network.ts'
import type { Asked, Dialect } from './dialect.ts'
import type { Inbound } from './engine.ts'
import {
  AT,
  clearHeaders,
  createHeaders,
  type Headers,
  hasBody,
  noteHeader,
  readLenient,
} from './headers.ts'

/**
 * A body that is announced where none belongs may never come: the next check on the connection
 * would be read as it. And who waits for 100 is not sure whether to send one.
 */
export function endsConnection(dialect: Dialect, headers: Headers): boolean {
  if (readLenient(headers, AT.expect, '') !== undefined) return true
  return !dialect.carriesBodies && hasBody(headers)
}

/**
 * One callback and one place for all requests: gathering is synchronous, and what a check keeps of
 * what was asked it takes out before the next is heard.
 */
export function createGatherer(
  trustedProxies: NetworkSet,
): (inbound: Inbound, target: string) => Asked {
  const headers = createHeaders()
  const told = { method: '', target: '', host: '', address: LOOPBACK }
  const asked = { method: '', target: '', headers, peer: LOOPBACK, trustedProxies, told }
  const see = (name: string, value: string) => noteHeader(headers, name, value)
  return function gather(inbound, target) {
    clearHeaders(headers)
    inbound.forEachHeader(see)
    asked.method = inbound.method
    asked.target = target
    asked.peer = inbound.peer ?? LOOPBACK
    return asked
  }
}
