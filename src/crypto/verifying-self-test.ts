import type { KeyObject } from 'node:crypto'
import { createHmac, generateKeyPairSync, randomBytes, sign, timingSafeEqual } from 'node:crypto'
import { BATCH_MAX } from './ed25519.ts'
import type { Ed25519Key, Ed25519Keys } from './ed25519-verifier.ts'
import type { HmacKey } from './hmac.ts'
import type { P256Keys } from './p256-verifier.ts'

/** RFC 8032 §7.1, TEST 3. */
const ED25519 = {
  publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  message: 'af82',
  signature:
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
    '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
}
/** RFC 6979 §A.2.5, with SHA-256 over `sample`. */
const P256 = {
  publicKey:
    '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
    '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  message: '73616d706c65',
  signature:
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
    'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
}
const MESSAGE_BYTES = 343
const ROUNDS = 16
/** The longest message of the HMAC's proof: more than three blocks of SHA-256. */
const MAC_MESSAGE_BYTES_MAX = 200

interface Verifies {
  verify(message: Uint8Array, signature: Uint8Array): boolean
  forget(): void
}

interface Keys {
  prepare(publicKey: Uint8Array): Verifies | undefined
}

/** Whether Ed25519 accepts what RFC 8032 and node:crypto signed, alone or many, only that. */
export function provesEd25519Verifying(keys: Ed25519Keys): boolean {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const own = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const toSignature = (message: Uint8Array) => sign(null, message, privateKey)
  const key = keys.prepare(own)
  if (key === undefined || !provesVector(keys, ED25519)) return false
  const isRight = provesRounds(key, toSignature) && provesBatch(keys, key, privateKey)
  key.forget()
  return isRight
}

/** Whether ES256 accepts what RFC 6979 and node:crypto signed, and only that. */
export function provesP256Verifying(keys: P256Keys): boolean {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const own = Buffer.concat([x, y].map((part) => Buffer.from(part, 'base64url')))
  const input = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  const key = keys.prepare(own)
  if (key === undefined || !provesVector(keys, P256)) return false
  const isRight = provesRounds(key, (message) => sign('sha256', message, input))
  key.forget()
  return isRight
}

function provesVector(keys: Keys, vector: typeof P256): boolean {
  const key = keys.prepare(Buffer.from(vector.publicKey, 'hex'))
  if (key === undefined) return false
  const message = Buffer.from(vector.message, 'hex')
  const signature = Buffer.from(vector.signature, 'hex')
  // Often enough for it to have a table, if there is room.
  const verdicts = Array.from({ length: 4 }, () => key.verify(message, signature))
  signature[40] = (signature[40] ?? 0) ^ 1
  const isRefused = !key.verify(message, signature)
  key.forget()
  return isRefused && verdicts.every(Boolean)
}

function provesRounds(key: Verifies, toSignature: (message: Uint8Array) => Uint8Array): boolean {
  for (let round = 0; round < ROUNDS; round++) {
    const message = randomBytes(MESSAGE_BYTES + round)
    const signature = toSignature(message)
    if (!key.verify(message, signature)) return false
    const altered = Uint8Array.from(signature)
    altered[4 * round] = (altered[4 * round] ?? 0) ^ 1
    if (key.verify(message, altered)) return false
    message[round] = (message[round] ?? 0) ^ 1
    if (key.verify(message, signature)) return false
  }
  return true
}

/** A whole batch is right; with one member altered, that one alone is wrong. */
function provesBatch(keys: Ed25519Keys, key: Ed25519Key, privateKey: KeyObject): boolean {
  const items = Array.from({ length: BATCH_MAX }, (_, index) => {
    const message = randomBytes(MESSAGE_BYTES - index)
    return { key, message, signature: sign(null, message, privateKey) }
  })
  if (!keys.verifyMany(items).every(Boolean)) return false
  const altered = items.map((item, at) => (at === 5 ? { ...item, message: randomBytes(9) } : item))
  return keys.verifyMany(altered).every((isValid, at) => isValid === (at !== 5))
}

/** Whether HMAC-SHA-256 is that of node:crypto over messages around every edge of a block. */
export function provesHmac(keys: { prepare(key: Uint8Array): HmacKey }): boolean {
  const secret = randomBytes(48)
  const key = keys.prepare(secret)
  let isRight = true
  for (let length = 0; length <= MAC_MESSAGE_BYTES_MAX; length++) {
    const message = randomBytes(length)
    const mac = createHmac('sha256', secret).update(message).digest()
    isRight &&=
      timingSafeEqual(key.sign(message), mac) && key.verifyHex(message, mac.toString('hex'))
    mac[length % 32] = (mac[length % 32] as number) ^ 1
    isRight &&= !key.verify(message, mac)
  }
  key.forget()
  return isRight
}
