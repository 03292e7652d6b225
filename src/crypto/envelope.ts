import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

/** The first byte of everything sealed here; a later form takes another. */
const VERSION = 1
const KEY_BYTES = 32
const KEY_ID_BYTES = 8
/** NIST SP 800-38D §8.2.2: 96 random bits, for far fewer than 2^32 secrets under one key. */
const IV_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + KEY_ID_BYTES + IV_BYTES
/** What is sealed here is a shared secret or a seed, never a document. */
const SECRET_BYTES_MAX = 4096
/** More live keys than this is a rolling that was never finished. */
const KEYS_MAX = 8

const KEY_ID_LABEL = 'dvara key-encryption key id'

/** Keys that secrets are sealed under: one seals, each opens what it once sealed. */
export interface KeyEncryptionKeys {
  readonly sealing: KeyEncryptionKey
  readonly byId: ReadonlyMap<string, KeyEncryptionKey>
}

interface KeyEncryptionKey {
  /** Derived from the key, so that no file can pair an id with another key. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** A secret cannot be opened; the message names the key or what does not belong together. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError'
}

/**
 * One key or several, between blanks, line breaks or commas, each 32 bytes in hex or base64: the
 * first seals, all open. A line that begins with `#` is passed over. Throws an EnvelopeError that
 * quotes nothing of them.
 */
export function parseSecretsKey(text: string): KeyEncryptionKeys {
  const words = text.replace(/^\s*#.*$/gm, '').split(/[\s,]+/)
  const keys = words.filter((word) => word !== '').map(parseKey)
  const [sealing] = keys
  if (sealing === undefined || keys.length > KEYS_MAX) {
    throw new EnvelopeError(`expected 1 to ${KEYS_MAX} keys, found ${keys.length}`)
  }
  const byId = new Map(keys.map((key) => [key.id, key]))
  if (byId.size !== keys.length) throw new EnvelopeError('a key is there twice; keep one')
  return { sealing, byId }
}

function parseKey(word: string, at: number): KeyEncryptionKey {
  const isHex = /^[0-9A-Fa-f]{64}$/.test(word)
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(word)
  const bytes = isHex || isBase64 ? Buffer.from(word, isHex ? 'hex' : 'base64') : Buffer.alloc(0)
  if (bytes.length !== KEY_BYTES) {
    throw new EnvelopeError(`key ${at + 1} is not ${KEY_BYTES} bytes in hex or base64`)
  }
  const id = createHmac('sha256', bytes).update(KEY_ID_LABEL).digest()
  return { id: id.toString('hex', 0, KEY_ID_BYTES), bytes }
}

/**
 * Seals with AES-256-GCM. `row` says whose secret it is, purpose first: only under the same words
 * can it be opened, so that two rows whose bytes are swapped open nothing. Returns version, key
 * id, IV, ciphertext and tag, one behind the other.
 */
export function sealSecret(
  keys: KeyEncryptionKeys,
  plain: Uint8Array,
  row: readonly string[],
): Uint8Array {
  if (plain.length > SECRET_BYTES_MAX) throw new EnvelopeError('the secret is too long to seal')
  const { id, bytes } = keys.sealing
  const iv = randomBytes(IV_BYTES)
  const head = Buffer.concat([Buffer.of(VERSION), Buffer.from(id, 'hex'), iv])
  const cipher = createCipheriv('aes-256-gcm', bytes, iv)
  cipher.setAAD(aadOf(head, row))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return new Uint8Array(Buffer.concat([head, body, cipher.getAuthTag()]))
}

/** The secret that was sealed for `row`; the caller wipes it. Throws an EnvelopeError. */
export function openSecret(
  keys: KeyEncryptionKeys,
  sealed: Uint8Array,
  row: readonly string[],
): Uint8Array {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
  const bodyBytes = bytes.length - HEAD_BYTES - TAG_BYTES
  if (bodyBytes < 0 || bodyBytes > SECRET_BYTES_MAX || bytes[0] !== VERSION) {
    throw new EnvelopeError('these bytes are no secret that was sealed here')
  }
  const head = bytes.subarray(0, HEAD_BYTES)
  const id = sealedUnder(sealed) as string
  const key = keys.byId.get(id)
  if (key === undefined) {
    throw new EnvelopeError(`key ${id} is not among the keys of DVARA_SECRETS_KEY`)
  }
  const iv = head.subarray(1 + KEY_ID_BYTES)
  const options = { authTagLength: TAG_BYTES }
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, iv, options)
  decipher.setAAD(aadOf(head, row))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  const plain = decipher.update(bytes.subarray(HEAD_BYTES, bytes.length - TAG_BYTES))
  try {
    decipher.final()
  } catch {
    plain.fill(0)
    throw new EnvelopeError('the secret was changed, or is not the one of this row')
  }
  return plain
}

/** Id of the key that sealed these bytes, so that they can be sealed anew; undefined if none. */
export function sealedUnder(sealed: Uint8Array): string | undefined {
  if (sealed.length < HEAD_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined
  return Buffer.from(sealed.subarray(1, 1 + KEY_ID_BYTES)).toString('hex')
}

/** Whose secret an API key's is. Every word that decides what it may do is bound to it. */
export function apiKeyRow(key: {
  readonly kid: string
  readonly uid: string
  readonly algorithm: string
}): readonly string[] {
  return ['api key', key.kid, key.uid, key.algorithm]
}

/** Head, number of words, then each word behind its length: no two lists give the same bytes. */
function aadOf(head: Uint8Array, row: readonly string[]): Uint8Array {
  const parts: Uint8Array[] = [head, lengthOf(row.length)]
  for (const word of row) {
    const bytes = Buffer.from(word, 'utf8')
    parts.push(lengthOf(bytes.length), bytes)
  }
  return Buffer.concat(parts)
}

function lengthOf(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
