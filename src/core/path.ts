/**
 * One canonical spelling of a request target's path, or refusal. Nothing is repaired: what two
 * servers could read differently is refused, so that the path we match is the path they route.
 * Grammar: RFC 3986 §3.3 `pchar`, less what upstreams are known to reinterpret.
 */
export interface Target {
  /** As sent, up to the first `?`; starts with `/`. */
  readonly path: string
  /**
   * What refusing rules are matched on: `path` in ASCII lower case, with delimiters decoded, so
   * that neither capitals nor `%3A` for `:` dodge one. The same string where that changes nothing.
   */
  readonly foldedPath: string
  /** After the first `?`; empty when there is none. */
  readonly query: string
}

/** Longer targets are refused: the answer costs the same for all of them. */
export const TARGET_CHARS_MAX = 8192

const REFUSED = 0
const PLAIN = 1
const CAPITAL = 2
const SLASH = 3
const DOT = 4
const PERCENT = 5
const QUESTION = 6

/** What each ASCII character means in a path. `;` is refused: some servers cut there (matrix). */
const KIND = new Uint8Array(128)
for (const char of "abcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,=:@") {
  KIND[char.charCodeAt(0)] = PLAIN
}
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') KIND[char.charCodeAt(0)] = CAPITAL
KIND[0x2f] = SLASH
KIND[0x2e] = DOT
KIND[0x25] = PERCENT
KIND[0x3f] = QUESTION

/**
 * ASCII that may stand behind a percent sign: characters that a path cannot carry plainly, and
 * sub-delims, whose encoded form is another name (RFC 3986 §2.2). Never a separator, a dot, a
 * percent, a control, nor an unreserved character, which would be a second spelling (§2.3).
 */
const ENCODABLE = new Uint8Array(128)
for (const char of ' "<>[]^`{|}!$&\'()*+,=:@') ENCODABLE[char.charCodeAt(0)] = 1

/**
 * Reads a request target such as `/orders/7?page=2`; undefined if it is refused.
 * Allocates two slices at most, unless it is percent-encoded.
 */
export function readTarget(raw: string): Target | undefined {
  const length = raw.length
  if (length === 0 || length > TARGET_CHARS_MAX || raw.charCodeAt(0) !== 0x2f) return undefined

  let hasCapital = false
  let hasPercent = false
  let previous = REFUSED
  let at = 0
  for (; at < length; at++) {
    const code = raw.charCodeAt(at)
    const kind = code < 128 ? (KIND[code] as number) : REFUSED
    if (kind === REFUSED) return undefined
    if (kind === QUESTION) break
    if (kind === SLASH) {
      // `//` and every segment that ends in a dot: `.`, `..`, and `admin.`, which Windows trims.
      if (previous === SLASH || previous === DOT) return undefined
    } else if (kind === CAPITAL) hasCapital = true
    else if (kind === PERCENT) hasPercent = true
    previous = kind
  }
  if (previous === DOT) return undefined

  const path = at === length ? raw : raw.slice(0, at)
  if (hasPercent && !isPlainlyEncoded(path)) return undefined
  const query = at === length ? '' : raw.slice(at + 1)
  if (query !== '' && CUTTING.test(query)) return undefined
  return { path, foldedPath: hasCapital || hasPercent ? fold(path, hasPercent) : path, query }
}

/** `!$&'()*+,=:@` behind a percent sign: another name to us, the same to many an upstream. */
const ENCODED_DELIMITER = /%(?:2[146-9a-c]|3[ad]|40)/g

/** As `readTarget` folds a path that it has taken before. */
export function foldPath(path: string): string {
  return fold(path, path.includes('%'))
}

function fold(path: string, hasPercent: boolean): string {
  const lower = path.toLowerCase()
  return hasPercent ? lower.replace(ENCODED_DELIMITER, decodeURIComponent) : lower
}

/** A raw `#`, a control or a byte over 0x7e in the query means that somebody will cut there. */
const CUTTING = /[^!"$-~]/

/** Controls, format characters, and every space but the plain one: invisible, so ambiguous. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u

/** Every `%XX` is ENCODABLE or part of UTF-8 that has no compatible second form (UAX #15). */
function isPlainlyEncoded(path: string): boolean {
  let isAscii = true
  for (let at = path.indexOf('%'); at !== -1; at = path.indexOf('%', at + 3)) {
    const byte = readHexByte(path, at + 1)
    if (byte === undefined) return false
    if (byte >= 0x80) isAscii = false
    else if (ENCODABLE[byte] === 0) return false
    else if (byte === 0x20 && isSegmentEdge(path, at)) return false
  }
  if (isAscii) return true
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return false
  }
  return decoded.normalize('NFKC') === decoded && !INVISIBLE.test(decoded)
}

/** An encoded space that begins or ends a segment, which some servers trim. */
function isSegmentEdge(path: string, at: number): boolean {
  const end = at + 3
  return path.charCodeAt(at - 1) === 0x2f || end === path.length || path.charCodeAt(end) === 0x2f
}

function readHexByte(text: string, at: number): number | undefined {
  const high = hexDigit(text.charCodeAt(at))
  const low = hexDigit(text.charCodeAt(at + 1))
  return high === -1 || low === -1 ? undefined : high * 16 + low
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x41 && code <= 0x46) return code - 0x37
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  return -1
}

/** `/admin` covers `/admin` and `/admin/x`, but not `/administrator`; `/` covers everything. */
export function isUnder(prefix: string, path: string): boolean {
  if (prefix === '/') return true
  return (
    path.startsWith(prefix) &&
    (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f)
  )
}

/** A configured prefix with one leading and no trailing slash; undefined if no path can match. */
export function parsePrefix(text: string): string | undefined {
  let prefix = text.startsWith('/') ? text : `/${text}`
  while (prefix.length > 1 && prefix.endsWith('/')) prefix = prefix.slice(0, -1)
  const target = readTarget(prefix)
  if (target === undefined || prefix.includes('?') || prefix.includes('%')) return undefined
  return target.path
}

/** More `*` in one pattern than this is a mistake; it bounds how often a match may branch. */
const WILDCARDS_MAX = 8

/** Why no rule can be made of a pattern. */
export type PatternProblem = 'path' | 'wildcard'

/**
 * As `parsePrefix`, for rules: a segment `*` stands for any one segment. A star beside other
 * characters is refused (`wildcard`), since half the world would read it as a glob; a path that
 * no request can have is `path`.
 */
export function parsePattern(
  text: string,
): { readonly pattern: string } | { readonly problem: PatternProblem } {
  const pattern = parsePrefix(text)
  if (pattern === undefined) return { problem: 'path' }
  if (!pattern.includes('*')) return { pattern }
  const starred = pattern.split('/').filter((segment) => segment.includes('*'))
  const isWhole = starred.every((segment) => segment === '*')
  return isWhole && starred.length <= WILDCARDS_MAX ? { pattern } : { problem: 'wildcard' }
}
