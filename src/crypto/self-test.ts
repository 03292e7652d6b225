import type { KeyObject } from 'node:crypto'
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  timingSafeEqual,
} from 'node:crypto'
import type { Ed25519Signer } from './ed25519.ts'
import { BATCH_MAX } from './ed25519.ts'
import type { Ed25519Key, Ed25519Keys } from './ed25519-verifier.ts'
import type { HmacKey } from './hmac.ts'

/** RFC 8410 §7: what a PrivateKeyInfo of Ed25519 is before the seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
/**
 * Enough calls for the engine to have compiled everything at its best: some 50 to 100 are needed.
 */
const ROUNDS = 64
const MESSAGE_BYTES = 343

/** RFC 8032 §7.1, TEST 3. */
const VECTOR = {
  seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
  publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  message: 'af82',
  signature:
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
    '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
}

/**
 * Whether Ed25519 signs and verifies as RFC 8032 and node:crypto do, and refuses what was altered.
 * Also warms the engine up: the first signatures after it are at full speed.
 */
export function provesEd25519(
  signers: { prepare(seed: Uint8Array): Ed25519Signer },
  keys: Ed25519Keys,
): boolean {
  const seed = randomBytes(32)
  const signer = signers.prepare(seed)
  const der = Buffer.concat([PKCS8_HEAD, seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const isRight =
    provesVector(signers) && isOwn(signer, privateKey) && provesRandom(signer, privateKey, keys)
  signer.forget()
  seed.fill(0)
  der.fill(0)
  return isRight
}

function provesVector(signers: { prepare(seed: Uint8Array): Ed25519Signer }): boolean {
  const signer = signers.prepare(Buffer.from(VECTOR.seed, 'hex'))
  const signature = Buffer.from(signer.sign(Buffer.from(VECTOR.message, 'hex'))).toString('hex')
  const publicKey = Buffer.from(signer.publicKey).toString('hex')
  signer.forget()
  return signature === VECTOR.signature && publicKey === VECTOR.publicKey
}

function isOwn(signer: Ed25519Signer, privateKey: KeyObject): boolean {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return timingSafeEqual(signer.publicKey, spki.subarray(-32))
}

function provesRandom(signer: Ed25519Signer, privateKey: KeyObject, keys: Ed25519Keys): boolean {
  const key = keys.prepare(signer.publicKey)
  if (key === undefined) return false
  const isRight = provesRounds(signer, privateKey, keys, key)
  key.forget()
  return isRight
}

function provesRounds(
  signer: Ed25519Signer,
  privateKey: KeyObject,
  keys: Ed25519Keys,
  key: Ed25519Key,
): boolean {
  for (let round = 0; round < ROUNDS; round++) {
    const message = randomBytes(MESSAGE_BYTES)
    const signature = signer.sign(message)
    // node:crypto and whole batches cost more; a few rounds of them are proof enough at boot.
    const isCompared = round % 16 === 0
    if (isCompared && !timingSafeEqual(signature, sign(null, message, privateKey))) return false
    if (!key.verify(message, signature)) return false
    const altered = Uint8Array.from(signature)
    altered[round % 64] = (altered[round % 64] as number) ^ 1
    if (key.verify(message, altered)) return false
    if (isCompared && !provesBatch(signer, keys, key, message)) return false
  }
  return true
}

function provesBatch(
  signer: Ed25519Signer,
  keys: Ed25519Keys,
  key: Ed25519Key,
  message: Uint8Array,
): boolean {
  const messages = Array.from({ length: BATCH_MAX }, (_, index) => message.subarray(index))
  const signatures = signer.signMany(messages)
  const items = messages.flatMap((each, index) => {
    const signature = signatures[index]
    return signature === undefined ? [] : [{ key, message: each, signature }]
  })
  const second = items[1]
  if (items.length < BATCH_MAX || second === undefined) return false
  if (!timingSafeEqual(signer.sign(second.message), second.signature)) return false
  return keys.verifyMany(items).every(Boolean)
}

/** Whether HMAC-SHA-256 is that of node:crypto over messages around every edge of a block. */
export function provesHmac(keys: { prepare(key: Uint8Array): HmacKey }): boolean {
  const secret = randomBytes(48)
  const key = keys.prepare(secret)
  let isRight = true
  for (let length = 0; length <= 200; length++) {
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
