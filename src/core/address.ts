/**
 * An IP address as four 32-bit words. IPv4 and IPv4-mapped IPv6 (RFC 4291 §2.5.5.2) are the
 * same thing: family 4, the address in `d`, the other words zero.
 */
export interface Address {
  readonly family: 4 | 6
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
  /** Canonical text: dotted quad, or RFC 5952 without compression of words it cannot shorten. */
  readonly text: string
}
