import type { KeyObject } from 'node:crypto'
import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto'
import type { P256Signer, P256Signers } from './p256.ts'
import { P256_BATCH_MAX } from './p256.ts'
import type { P256Key, P256Keys } from './p256-verifier.ts'

/**
 * Enough calls for the engine to have compiled everything at its best: some 50 to 100 are needed.
 */
const ROUNDS = 96
/** A batch calls what it is made of many times over. */
const ROUNDS_PER_BATCH = 12
const MESSAGE_BYTES = 343
const SPKI_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

/** RFC 6979 A.2.5, with SHA-256. */
const VECTOR = {
  secret: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
  publicKey:
    '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
    '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  message: 'sample',
  signature:
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
    'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
}

/**
 * Whether ES256 signs as node:crypto verifies and verifies what RFC 6979 signed, and refuses what
 * was altered. Also warms the engine up: the first signatures after it are at full speed.
 */
export function provesP256(signers: P256Signers, keys: P256Keys): boolean {
  const ecdh = createECDH('prime256v1')
  const full = ecdh.generateKeys()
  const point = full.subarray(1)
  // The generator leaves leading zeros out.
  const secret = Buffer.concat([Buffer.alloc(32), ecdh.getPrivateKey()]).subarray(-32)
  const spki = Buffer.concat([SPKI_HEAD, full])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const signer = signers.prepare(secret)
  const key = keys.prepare(point)
  secret.fill(0)
  const isRight =
    key !== undefined &&
    Buffer.from(signer.publicKey).equals(point) &&
    provesVector(signers, keys) &&
    provesRandom(signer, key, publicKey)
  signer.forget()
  key?.forget()
  return isRight
}

function provesVector(signers: P256Signers, keys: P256Keys): boolean {
  const signer = signers.prepare(Buffer.from(VECTOR.secret, 'hex'))
  const isOwn = Buffer.from(signer.publicKey).toString('hex') === VECTOR.publicKey
  signer.forget()
  const key = keys.prepare(Buffer.from(VECTOR.publicKey, 'hex'))
  if (key === undefined) return false
  const message = Buffer.from(VECTOR.message)
  const signature = Buffer.from(VECTOR.signature, 'hex')
  // Often enough for it to have a table, if there is room.
  const verdicts = Array.from({ length: 4 }, () => key.verify(message, signature))
  signature[40] = (signature[40] ?? 0) ^ 1
  const isRefused = !key.verify(message, signature)
  key.forget()
  return isOwn && isRefused && verdicts.every((isValid) => isValid)
}

function provesRandom(signer: P256Signer, key: P256Key, publicKey: KeyObject): boolean {
  const messages = Array.from({ length: P256_BATCH_MAX }, () => randomBytes(MESSAGE_BYTES))
  const [first] = messages as [Buffer]
  for (let round = 0; round < ROUNDS; round++) {
    if (!key.verify(first, signer.sign(first))) return false
    if (round % ROUNDS_PER_BATCH > 0) continue
    if (signer.signMany(messages).includes(undefined)) return false
  }
  return [1, 2, 5, P256_BATCH_MAX].every((count) => {
    const signatures = signer.signMany(messages.slice(0, count))
    return signatures.every((signature, index) => {
      const message = messages[index] as Buffer
      if (signature === undefined || !isValidByNode(publicKey, message, signature)) return false
      if (!key.verify(message, signature)) return false
      message[0] = (message[0] ?? 0) ^ 1
      return !key.verify(message, signature)
    })
  })
}

function isValidByNode(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}
