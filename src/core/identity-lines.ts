import { ownText } from './own-text.ts'

/** What an allow tells the upstream. A gateway must overwrite a client's own with these. */
export const IDENTITY_HEADERS = ['Authorization', 'X-Dvara-User', 'X-Dvara-Role'] as const

const [FIRST, SECOND, THIRD] = IDENTITY_HEADERS
const UNPRINTABLE = /[^\x20-\x7e]/

/**
 * The identity headers as they look on the wire, behind the first one's name and its colon. One
 * text, because a grant is remembered as long as its token: bytes with their buffer, beside the
 * values apart, took more than twice the memory. Undefined if a header may not carry a value.
 */
export function wordIdentity(
  authorization: string | Uint8Array,
  user: string,
  role: string,
): string | undefined {
  if (!isWritable(user) || !isWritable(role)) return undefined
  // Bytes come from the signer, which writes base64url and nothing else.
  const first = typeof authorization === 'string' ? authorization : textOf(authorization)
  if (first === authorization && !isWritable(first)) return undefined
  return ownText(`${first}\r\n${SECOND}: ${user}\r\n${THIRD}: ${role}`)
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

/** Names and values in turn of what `wordIdentity` has made. */
export function readIdentity(lines: string): string[] {
  return `${FIRST}: ${lines}`.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 2)]
  })
}

/**
 * Printable ASCII without a space at its ends. Anything else could end its line, or would be
 * spelled differently by the engines: uWebSockets.js writes what it is given, as UTF-8; node:http
 * refuses it, or writes latin1.
 */
function isWritable(value: string): boolean {
  if (value.charCodeAt(0) === 0x20 || value.charCodeAt(value.length - 1) === 0x20) return false
  return !UNPRINTABLE.test(value)
}
