import { isIP } from 'node:net'
import { Secret } from './secret.ts'

/** Text to a typed value and back. `parse(print(value))` is `value`, except for secrets. */
export interface Parser<T> {
  /** Completes "…, expected …". */
  readonly expects: string
  /** What stands for the value in --help. */
  readonly placeholder: string
  /** The unit of a bare number. */
  readonly unit?: string
  /** Whether the value must never be shown, not even when it is wrong. */
  readonly isSecret?: boolean
  /** Whether a file that holds it must be out of reach of everyone but its owner. */
  readonly isOwnersAlone?: boolean
  /** The value, or undefined if malformed. */
  parse(text: string): T | undefined
  print(value: T): string
}

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Longest line of text that a setting takes. */
export const TEXT_CHARS_MAX = 1024
/** The smallest of the limits that kernels put on a socket's path (macOS: 104 with the NUL). */
export const SOCKET_PATH_BYTES_MAX = 103
/** More entries than this in one list is a mistake, or belongs in the gateway. */
export const LIST_ENTRIES_MAX = 256

const same = (value: string): string => value

/** A line of printable text. */
export const text: Parser<string> = {
  expects: `1 to ${TEXT_CHARS_MAX} characters without control characters`,
  placeholder: 'TEXT',
  parse: (given) =>
    given.length >= 1 && given.length <= TEXT_CHARS_MAX && !/\p{Cc}/u.test(given)
      ? given
      : undefined,
  print: same,
}

/** A path on this machine. Relative ones are resolved by their reader. */
export const path: Parser<string> = {
  ...text,
  expects: `a path of at most ${TEXT_CHARS_MAX} characters`,
  placeholder: 'PATH',
}

/** A cookie's name without prefix: a token (RFC 6265 §4.1.1); the prefix follows the origin. */
export const cookieName: Parser<string> = {
  expects: 'up to 64 of A-Z a-z 0-9 . _ -, without the prefix __Host- or __Secure-',
  placeholder: 'NAME',
  parse: (given) =>
    /^[A-Za-z0-9._-]{1,64}$/.test(given) && !/^__(host|secure)-/i.test(given) ? given : undefined,
  print: same,
}

/** A whole number in plain decimal: no sign, no leading zero, no exponent. */
export function count(bounds: { min: number; max: number; unit?: string }): Parser<number> {
  const { min, max, unit } = bounds
  const number: Parser<number> = {
    expects: `a whole number from ${min} to ${max}${unit === undefined ? '' : ` (${unit})`}`,
    placeholder: 'N',
    parse(given) {
      if (!/^(0|[1-9][0-9]{0,14})$/.test(given)) return undefined
      const value = Number(given)
      return value >= min && value <= max ? value : undefined
    },
    print: String,
  }
  return unit === undefined ? number : { ...number, unit }
}

/** A length of time as a bare number of milliseconds. */
export function durationMs(bounds: { min: number; max: number }): Parser<number> {
  return count({ ...bounds, unit: 'milliseconds' })
}

/** A length of time as a bare number of seconds. */
export function durationS(bounds: { min: number; max: number }): Parser<number> {
  return count({ ...bounds, unit: 'seconds' })
}

/** `true` or `false`, and no other spelling. */
export const flag: Parser<boolean> = {
  expects: 'true or false',
  placeholder: 'true|false',
  parse: (given) => (given === 'true' ? true : given === 'false' ? false : undefined),
  print: String,
}

export function oneOf<const T extends string>(words: readonly T[]): Parser<T> {
  return {
    expects: `one of ${words.join(', ')}`,
    placeholder: words.join('|'),
    parse: (given) => words.find((word) => word === given),
    print: same,
  }
}

/** Entries between commas, blanks around them dropped; an empty or repeated entry is malformed. */
export function list(entry: Parser<string>): Parser<readonly string[]> {
  return {
    expects: `up to ${LIST_ENTRIES_MAX} different entries between commas, each ${entry.expects}`,
    placeholder: `${entry.placeholder},…`,
    parse(given) {
      const entries: string[] = []
      for (const piece of given.split(',', LIST_ENTRIES_MAX + 1)) {
        const value = entry.parse(piece.trim())
        if (value === undefined || entries.includes(value)) return undefined
        entries.push(value)
      }
      return entries.length <= LIST_ENTRIES_MAX ? Object.freeze(entries) : undefined
    },
    print: (values) => values.join(','),
  }
}

/** An address, or a network in CIDR notation (RFC 4632 §3.1). Zones are no part of either. */
export const network: Parser<string> = {
  expects: 'an IP address or network such as 10.0.0.0/8',
  placeholder: 'CIDR',
  parse(given) {
    const slash = given.indexOf('/')
    const address = slash === -1 ? given : given.slice(0, slash)
    const family = address.includes('%') ? 0 : isIP(address)
    if (family === 0) return undefined
    if (slash === -1) return given
    const bits = count({ min: 0, max: family === 4 ? 32 : 128 }).parse(given.slice(slash + 1))
    return bits === undefined ? undefined : given
  },
  print: same,
}

function parseUrl(given: string, schemes: readonly string[]): URL | undefined {
  // The URL parser repairs blanks and backslashes; what needs repair has two readings.
  if (given.length > TEXT_CHARS_MAX || /[\s\\\p{Cc}]/u.test(given)) return undefined
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !schemes.includes(url.protocol.slice(0, -1))) return undefined
  return url
}

/** Scheme, host and port of a site (RFC 6454 §6.1), lower case and without default port. */
export const originUrl: Parser<string> = {
  expects: 'an origin such as https://app.example.org, without path',
  placeholder: 'ORIGIN',
  parse: (given) => (parseUrl(given, ['http', 'https'])?.origin === given ? given : undefined),
  print: same,
}

/** Where to fetch something; credentials have no place in it. */
export const httpUrl: Parser<string> = {
  expects: 'a URL of http or https without user, password or fragment',
  placeholder: 'URL',
  parse(given) {
    const url = parseUrl(given, ['http', 'https'])
    if (url === undefined || url.username !== '' || url.password !== '') return undefined
    return given.includes('#') ? undefined : given
  },
  print: same,
}

/** Hosts and ports of Redis, with a name for the primary where Sentinels are asked for it. */
const REDIS_URL =
  /^(?:unix:)?\/[^/]|^rediss?(?:\+sentinel|\+cluster)?:\/\/(?:[^@/?#]*@)?([^@/?#]+)(?:\/\d{0,4})?(\?[^#]*)?$/

/** Where Redis is; secret, because a password may be in it. */
export const redisUrl: Parser<Secret> = {
  expects:
    'redis:// or rediss://HOST:PORT, redis+sentinel://HOST:PORT,…?master=NAME, ' +
    'redis+cluster://HOST:PORT,… or unix:/PATH',
  placeholder: 'URL',
  isSecret: true,
  parse(given) {
    const parts = REDIS_URL.exec(given)
    if (parts === null) return undefined
    const places = (parts[1] ?? 'socket').split(',')
    const isNamed = new URLSearchParams(parts[2]).has('master')
    const areMany = given.includes('+sentinel:') || given.includes('+cluster:')
    const isPlace = (place: string) => /^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?$/.test(place)
    if (given.includes('+sentinel:') !== isNamed) return undefined
    if (places.length > 1 && !areMany) return undefined
    return places.every(isPlace) ? new Secret(given) : undefined
  },
  print: String,
}

/** A connection string; secret for the same reason. */
export function connectionUrl(schemes: readonly string[]): Parser<Secret> {
  return {
    expects: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    placeholder: 'URL',
    isSecret: true,
    parse(given) {
      const url = parseUrl(given, schemes)
      // Postgres may name its socket's folder in `host=` instead.
      if (url === undefined || !given.startsWith(`${url.protocol}//`)) return undefined
      return url.hostname === '' && !url.searchParams.has('host') ? undefined : new Secret(given)
    },
    print: String,
  }
}

function parseTcp(given: string): ListenAddress | undefined {
  const bracketed = given.startsWith('[')
  const split = bracketed ? given.indexOf(']') + 1 : given.lastIndexOf(':')
  if (split <= 0 || given.charAt(split) !== ':') return undefined
  const host = bracketed ? given.slice(1, split - 1) : given.slice(0, split)
  const port = count({ min: 0, max: 65_535 }).parse(given.slice(split + 1))
  const isHost = bracketed
    ? isIP(host) === 6
    : isIP(host) === 4 || (/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(host) && !/^[0-9.]+$/.test(host))
  if (!isHost || port === undefined) return undefined
  return Object.freeze({ kind: 'tcp', host, port })
}

/** Where to listen: `host:port` with port 0 for any free one, `[v6]:port` or `unix:/path`. */
export const listenAddress: Parser<ListenAddress> = {
  expects: 'host:port, [IPv6]:port or unix:/absolute/path',
  placeholder: 'ADDRESS',
  parse(given) {
    if (!given.startsWith('unix:')) return parseTcp(given)
    const socket = path.parse(given.slice('unix:'.length))
    if (socket === undefined || !socket.startsWith('/')) return undefined
    if (Buffer.byteLength(socket) > SOCKET_PATH_BYTES_MAX) return undefined
    return Object.freeze({ kind: 'unix', path: socket })
  },
  print(address) {
    if (address.kind === 'unix') return `unix:${address.path}`
    const host = address.host.includes(':') ? `[${address.host}]` : address.host
    return `${host}:${address.port}`
  },
}

/** A mailbox: `name@host`, or `Display Name <name@host>`; no line breaks, one address. */
export const mailbox: Parser<string> = {
  expects: 'an address such as no-reply@example.org or Name <no-reply@example.org>',
  placeholder: 'MAILBOX',
  parse: (given) =>
    given.length <= 320 &&
    /^([^<>@,;"\p{Cc}]* <[^\s<>@,;"]+@[^\s<>@,;"]+>|[^\s<>@,;"]+@[^\s<>@,;"]+)$/u.test(given)
      ? given
      : undefined,
  print: same,
}

/** Keys that secrets are sealed under: each 32 bytes; lines of a file may be comments. */
export const sealingKeys: Parser<Secret> = {
  expects: '1 to 8 keys between blanks or lines, each of 32 bytes in hex or base64',
  placeholder: 'KEYS',
  isSecret: true,
  isOwnersAlone: true,
  parse(given) {
    const words = given.replace(/^\s*#.*$/gm, '').split(/[\s,]+/)
    const keys = words.filter((word) => word !== '')
    const isKey = (word: string) => /^(?:[0-9A-Fa-f]{64}|[A-Za-z0-9+/_-]{43}=?)$/.test(word)
    const isWhole = keys.length >= 1 && keys.length <= 8 && keys.every(isKey)
    return isWhole && new Set(keys).size === keys.length ? new Secret(given) : undefined
  },
  print: String,
}

/** So many requests in a window, and so many at once after a rest. */
export interface RateSetting {
  readonly count: number
  readonly windowMs: number
  readonly burst: number
}

const RATE_COUNT_MAX = 1_000_000
const WINDOWS_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const

/** `500/s:2000` is 500 a second and 2000 at once; without the second number it is the first. */
export const rate: Parser<RateSetting | 'off'> = {
  expects: 'off, or a rate such as 500/s, 30/m or 500/s:2000 (with the burst after the colon)',
  placeholder: 'RATE',
  parse(given) {
    if (given === 'off') return 'off'
    const [, count, unit, burst = count] = /^(\d+)\/([smh])(?::(\d+))?$/.exec(given) ?? []
    const number = countMax.parse(count ?? '')
    const atOnce = countMax.parse(burst ?? '')
    if (number === undefined || atOnce === undefined) return undefined
    const windowMs = WINDOWS_MS[unit as keyof typeof WINDOWS_MS]
    return Object.freeze({ count: number, windowMs, burst: atOnce })
  },
  print(value) {
    if (value === 'off') return value
    const unit = Object.entries(WINDOWS_MS).find(([, ms]) => ms === value.windowMs)?.[0]
    const rest = value.burst === value.count ? '' : `:${value.burst}`
    return `${value.count}/${unit}${rest}`
  },
}

const countMax = count({ min: 1, max: RATE_COUNT_MAX })
