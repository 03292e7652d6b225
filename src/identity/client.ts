import type { Address } from '../core/address.ts'

/** Whoever sent the call, as far as the wire tells. */
export interface Client {
  readonly address: Address
  /** Empty when absent. */
  readonly userAgent: string
  /** Every value of the session cookie that was sent; at most one should be. */
  readonly sessionIds: readonly string[]
}

/** What limits count by: an IPv4 address, or the /64 that one IPv6 subscriber has to itself. */
export function networkOf(address: Address): string {
  if (address.family === 4) return address.text
  return `${address.a.toString(16)}:${address.b.toString(16)}::/64`
}
