import { knowing } from './known.ts'

/** The path and query of a target that has one reading only; undefined if it is refused. */
export const readPath = knowing(readTarget)

function readTarget(target: string): { path: string; query: string } | undefined {
  if (target.length > 8192 || !target.startsWith('/')) return undefined
  const [path = '', ...rest] = target.split('?')
  const query = rest.join('?')
  // A blank, a control, a fragment or a raw byte: somebody would cut the target there.
  if (/[^\x21-\x7e]|#/.test(query)) return undefined

  const segments = path.split('/').slice(1)
  // Only the last segment may be empty: that is a trailing slash.
  if (segments.slice(0, -1).includes('')) return undefined
  return segments.every(isSegmentPlain) && isUnicodePlain(path) ? { path, query } : undefined
}

/** Letters, digits, and the punctuation of RFC 3986 §3.3 without the matrix separator. */
const CHARACTERS = /^[A-Za-z0-9._~!$&'()*+,=:@%-]*$/

/** The only ASCII that makes sense behind a percent sign. */
const ENCODED = [' ', '"', '<', '>', '[', ']', '^', '`', '{', '|', '}']
const ENCODED_DELIMITERS = ['!', '$', '&', "'", '(', ')', '*', '+', ',', '=', ':', '@']

function isSegmentPlain(segment: string): boolean {
  if (!CHARACTERS.test(segment)) return false
  // `.`, `..`, and names that some file systems read without their last dot.
  if (segment.endsWith('.')) return false
  // Some servers trim blanks.
  if (segment.startsWith('%20') || segment.endsWith('%20')) return false
  if (!segment.includes('%')) return true
  return segment
    .split('%')
    .slice(1)
    .every((piece) => {
      if (!/^[0-9A-Fa-f]{2}/.test(piece)) return false
      const byte = Number.parseInt(piece.slice(0, 2), 16)
      const character = String.fromCharCode(byte)
      return byte >= 128 || ENCODED.includes(character) || ENCODED_DELIMITERS.includes(character)
    })
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether the encoded bytes are UTF-8 of visible characters with no compatible second form. */
function isUnicodePlain(path: string): boolean {
  if (!path.includes('%')) return true
  const bytes: number[] = []
  for (const [piece] of path.matchAll(/%..|[^%]/g)) {
    const isEncoded = piece.startsWith('%')
    bytes.push(isEncoded ? Number.parseInt(piece.slice(1), 16) : piece.charCodeAt(0))
  }
  let text: string
  try {
    text = STRICT_UTF8.decode(Uint8Array.from(bytes))
  } catch {
    return false
  }
  if (text.normalize('NFKC') !== text) return false
  return ![...text].some(
    (character) => /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u.test(character) && character !== ' ',
  )
}

/**
 * Whether a configured prefix covers a path that was accepted: itself and everything below it.
 * It may lack its first slash and have any number at its end. What a path can never have in it
 * covers nothing, and neither does a prefix with a percent sign: it would have two spellings.
 */
export function isCovered(path: string, prefix: string): boolean {
  const bare = bareOf(prefix)
  if (bare.includes('%')) return false
  return bare === '' || path === bare || path.startsWith(`${bare}/`)
}

const bareOf = knowing((prefix) => {
  let bare = prefix.startsWith('/') ? prefix : `/${prefix}`
  while (bare.endsWith('/')) bare = bare.slice(0, -1)
  return bare
})

/** More than this is no pattern. */
const STARS_MAX = 8

const segmentsOf = knowing((pattern) => pattern.replace(/^\//, '').replace(/\/+$/, '').split('/'))

/** As `isCovered`, where a segment `*` of the pattern stands for any one that is not empty. */
export function isMatched(path: string, pattern: string): boolean {
  if (!pattern.includes('*')) return isCovered(path, pattern)
  const wanted = segmentsOf(pattern)
  const starred = wanted.filter((segment) => segment.includes('*'))
  if (starred.some((segment) => segment !== '*') || starred.length > STARS_MAX) return false
  if (pattern.includes('%')) return false
  const segments = path.slice(1).split('/')
  return wanted.every((segment, at) =>
    segment === '*' ? (segments[at] ?? '') !== '' : segments[at] === segment,
  )
}
