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
  /** Canonical text: dotted quad, or RFC 5952. */
  readonly text: string
}

/** What a check from a unix socket falls back on: the gateway is on this machine. */
export const LOOPBACK: Address = Object.freeze({
  family: 4,
  a: 0,
  b: 0,
  c: 0,
  d: 0x7f000001,
  text: '127.0.0.1',
})

/**
 * One address in its strict spelling, or undefined. No octal, hexadecimal or short forms, no
 * brackets, port or zone: what two parsers read differently is refused (RFC 6943 §3.1.1).
 */
export function parseAddress(text: string): Address | undefined {
  if (text.indexOf(':') !== -1) return parseSix(text)
  const quad = parseQuad(text, 0)
  return quad === -1 ? undefined : { family: 4, a: 0, b: 0, c: 0, d: quad, text }
}

/** An address as a socket tells it, 4 or 16 bytes in network order; undefined if neither. */
export function readAddress(bytes: Uint8Array): Address | undefined {
  if (bytes.length === 4) return createFour(readWord(bytes, 0))
  if (bytes.length !== 16) return undefined
  const word = (at: number) => readWord(bytes, at)
  return createSix(word(0), word(4), word(8), word(12))
}

/** The same /16 (IPv4) or /64 (IPv6), the smallest unit that one subscriber keeps. */
export function isSameNetwork(one: Address, other: Address): boolean {
  if (one === other) return true
  if (one.family !== other.family) return false
  if (one.family === 4) return (one.d ^ other.d) >>> 16 === 0
  return one.a === other.a && one.b === other.b
}

/** The same address, whatever its spelling was. */
export function isSameAddress(one: Address, other: Address): boolean {
  return (
    one.d === other.d &&
    one.c === other.c &&
    one.b === other.b &&
    one.a === other.a &&
    one.family === other.family
  )
}

/** The dotted quad from `from` to the end of `text` as 32 bits, or -1. */
function parseQuad(text: string, from: number): number {
  // 1.1.1.1 to 255.255.255.255; a bound before the loop keeps long garbage cheap.
  if (text.length - from < 7 || text.length - from > 15) return -1
  let quad = 0
  let octet = -1
  let octetsCount = 0
  for (let at = from; at <= text.length; at++) {
    const code = at === text.length ? 0x2e : text.charCodeAt(at)
    if (code === 0x2e) {
      if (octet === -1) return -1
      quad = quad * 256 + octet
      octetsCount++
      octet = -1
      continue
    }
    if (code < 0x30 || code > 0x39 || octet === 0) return -1
    octet = (octet === -1 ? 0 : octet) * 10 + code - 0x30
    if (octet > 255) return -1
  }
  return octetsCount === 4 ? quad : -1
}

function parseSix(text: string): Address | undefined {
  if (text.length < 2 || text.length > 45) return undefined
  const groups: number[] = []
  let gapAt = -1
  let at = 0
  if (text.startsWith('::')) {
    gapAt = 0
    at = 2
  }
  while (at < text.length) {
    const end = groupEnd(text, at)
    if (end < text.length && text.charCodeAt(end) === 0x2e) {
      const quad = parseQuad(text, at)
      if (quad === -1) return undefined
      groups.push(quad >>> 16, quad & 0xffff)
      break
    }
    if (end === at || end - at > 4) return undefined
    groups.push(Number.parseInt(text.slice(at, end), 16))
    if (end === text.length) break
    if (text.charCodeAt(end) !== 0x3a) return undefined
    at = end + 1
    if (text.charCodeAt(at) === 0x3a) {
      if (gapAt !== -1) return undefined
      gapAt = groups.length
      at++
    } else if (at === text.length) return undefined
  }
  return expand(groups, gapAt)
}

/** Where the run of hexadecimal digits that begins at `from` ends. */
function groupEnd(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at) | 0x20
    const isHex = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66)
    // `| 0x20` folds case, but it also folds two controls onto digits.
    if (!isHex || text.charCodeAt(at) < 0x30) return at
    at++
  }
  return at
}

function expand(groups: number[], gapAt: number): Address | undefined {
  if (gapAt === -1 ? groups.length !== 8 : groups.length > 7) return undefined
  if (gapAt !== -1) groups.splice(gapAt, 0, ...new Array<number>(8 - groups.length).fill(0))
  const word = (at: number) => (((groups[at] as number) << 16) | (groups[at + 1] as number)) >>> 0
  return createSix(word(0), word(2), word(4), word(6))
}

function createFour(d: number): Address {
  const text = `${d >>> 24}.${(d >>> 16) & 255}.${(d >>> 8) & 255}.${d & 255}`
  return { family: 4, a: 0, b: 0, c: 0, d, text }
}

function createSix(a: number, b: number, c: number, d: number): Address {
  if (a === 0 && b === 0 && c === 0xffff) return createFour(d)
  return { family: 6, a, b, c, d, text: formatSix([a, b, c, d]) }
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of zero groups as `::`. */
function formatSix(words: readonly number[]): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff])
  let gapAt = -1
  let gapLength = 1
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && groups[end] === 0) end++
    if (end - at > gapLength) {
      gapAt = at
      gapLength = end - at
    }
    if (end > at) at = end
  }
  const format = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return gapAt === -1 ? format(0, 8) : `${format(0, gapAt)}::${format(gapAt + gapLength, 8)}`
}

function readWord(bytes: Uint8Array, at: number): number {
  const byte = (offset: number) => bytes[at + offset] as number
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0
}
