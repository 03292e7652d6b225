/** Checks without a socket: lines of a head as a dialect is asked about them. */
import { type Address, parseAddress } from '../../src/core/address.ts'
import type { Asked, Dialect, Told } from '../../src/gateway/dialect.ts'
import { createHeaders, type HeaderName, noteHeader } from '../../src/gateway/headers.ts'
import { networks } from './opened.ts'

const TRUSTED = networks('10.0.0.0/8')

export function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

type Line = readonly [name: string, value: string]

const GATEWAY = address('10.0.0.1')

/** What a gateway asks: lines of its own, and then those that the client sent. */
export function asked(
  lines: readonly Line[],
  about: { method?: string; target?: string; peer?: string } = {},
  ofClient: readonly Line[] = [],
): Asked {
  const headers = createHeaders()
  for (const [name, value] of lines) noteHeader(headers, name.toLowerCase(), value)
  for (const [name, value] of ofClient) noteHeader(headers, name.toLowerCase(), value)
  return {
    method: about.method ?? 'GET',
    target: about.target ?? '',
    headers,
    peer: about.peer === undefined ? GATEWAY : address(about.peer),
    trustedProxies: TRUSTED,
    told: { method: '', target: '', host: '', address: GATEWAY },
  }
}

/** What a dialect reads of it, or the header that is missing. */
export function toldOf(dialect: Dialect, of: Asked): Told | HeaderName {
  return dialect.readTold(of) ?? of.told
}
