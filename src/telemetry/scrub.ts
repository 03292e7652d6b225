/** How much of a logged value is written; beyond it, less is said rather than more. */
export const LOG_BOUNDS = {
  depthMax: 5,
  keysMax: 40,
  itemsMax: 40,
  textCharsMax: 2048,
  stackLinesMax: 20,
  causesMax: 4,
} as const

const MASK = '[secret]'

// By name and at any depth, however it is spelled: X-Auth-Signature, csrfToken, password_digest.
// Public names that only resemble secrets are let through by KEPT.
const SECRET_NAME =
  /authorization|cookie|passw(or)?d|phrase|secret|signature|credential|token|nonce|(api|private)key/
const KEPT = /^(session)?cookiename$|(count|max|min|ttls|ttlms)$/

// What gives itself away wherever it stands: the user part of a URL, a bearer token, a JWT.
const USER_PART = /([a-z][a-z0-9+.-]*:\/\/)[^\s"/?#\\]*@/gi
const BEARER = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+/gi
const JWT = /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g
// JSON escapes the C0 controls only; these too can move a terminal's cursor or reverse its text.
const UNSEEN = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** Takes secrets that can be told by their shape out of a finished line, and unseen characters. */
export function scrubLine(line: string): string {
  return line
    .replace(USER_PART, `$1${MASK}@`)
    .replace(BEARER, `$1 ${MASK}`)
    .replace(JWT, MASK)
    .replace(UNSEEN, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Text of bounded length, with a word on what was left out. */
export function boundText(text: string): string {
  const { textCharsMax } = LOG_BOUNDS
  if (text.length <= textCharsMax) return text
  return `${text.slice(0, textCharsMax)}… (${text.length - textCharsMax} more)`
}

function isSecretName(name: string): boolean {
  const folded = name.toLowerCase().replace(/[-_.\s]/g, '')
  return SECRET_NAME.test(folded) && !KEPT.test(folded)
}

/** A copy of `fields` fit for a log: bounded in every direction, secrets masked by their names. */
export function scrubFields(fields: Record<string, unknown>): Record<string, unknown> {
  return scrubObject(fields, 0, [])
}

function scrubObject(
  value: object,
  depth: number,
  above: readonly object[],
): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  const names = Object.keys(value)
  for (const name of names.slice(0, LOG_BOUNDS.keysMax)) {
    const shown = boundText(name)
    copy[shown] = isSecretName(name)
      ? MASK
      : scrubValue((value as Record<string, unknown>)[name], depth + 1, [...above, value])
  }
  if (names.length > LOG_BOUNDS.keysMax) copy['…'] = `${names.length - LOG_BOUNDS.keysMax} more`
  return copy
}

function scrubValue(value: unknown, depth: number, above: readonly object[]): unknown {
  if (typeof value === 'string') return boundText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) return '[circular]'
  if (value instanceof Error) return scrubError(value)
  // Bytes are keys and digests more often than anything that a person wants to read.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const plain: unknown = value.toJSON()
    return typeof plain === 'object' ? '[object]' : scrubValue(plain, depth, above)
  }
  if (depth >= LOG_BOUNDS.depthMax) return '[deeper]'
  if (!Array.isArray(value)) return scrubObject(value, depth, above)
  const items = value
    .slice(0, LOG_BOUNDS.itemsMax)
    .map((item) => scrubValue(item, depth + 1, [...above, value]))
  if (value.length > items.length) items.push(`${value.length - items.length} more`)
  return items
}

export interface ScrubbedError {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: ScrubbedError | string
}

/**
 * What is said of an error: type, code, message, stack and causes. Nothing else that hangs on it:
 * drivers attach queries, their parameters and connection options.
 */
export function scrubError(error: Error, causes = 0): ScrubbedError {
  const { cause } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    type: boundText(error.name),
    message: boundText(error.message),
    ...(code === undefined ? {} : { code: boundText(code) }),
    ...(error.stack === undefined ? {} : { stack: boundStack(error.stack) }),
    ...(cause === undefined || causes >= LOG_BOUNDS.causesMax
      ? {}
      : { cause: cause instanceof Error ? scrubError(cause, causes + 1) : typeof cause }),
  }
}

function boundStack(stack: string): string {
  return boundText(stack.split('\n', LOG_BOUNDS.stackLinesMax).join('\n'))
}
