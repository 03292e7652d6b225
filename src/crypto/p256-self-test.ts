import { generateKeyPairSync, sign, timingSafeEqual, verify } from 'node:crypto'
import { P256_BATCH_MAX, type P256Signers } from './p256.ts'
import type { P256Keys } from './p256-verifier.ts'

/** RFC 6979 §A.2.5: the key that its vectors for P-256 use. */
const VECTOR = {
  x: '60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6',
  y: '7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299',
  d: 'C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721',
}
/** Enough calls for the engine to have compiled everything at its best. */
const ROUNDS = 96
const MESSAGE_BYTES = 343

/**
 * Whether ECDSA over P-256 computes the public key of a published vector, signs what node:crypto
 * verifies, verifies what node:crypto signs, and refuses what was altered. Also warms it up.
 */
export function provesP256(signers: P256Signers, keys: P256Keys): boolean {
  const published = signers.prepare(Buffer.from(VECTOR.d, 'hex'))
  const isPublished = timingSafeEqual(published.publicKey, Buffer.from(VECTOR.x + VECTOR.y, 'hex'))
  published.forget()
  return isPublished && provesRandom(signers, keys)
}

function provesRandom(signers: P256Signers, keys: P256Keys): boolean {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { d = '' } = privateKey.export({ format: 'jwk' })
  const signer = signers.prepare(Buffer.from(d, 'base64url'))
  const key = keys.prepare(signer.publicKey)
  if (key === undefined) return false
  const theirs = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  const own = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  let isRight = true
  for (let round = 0; round < ROUNDS && isRight; round++) {
    const message = Buffer.alloc(MESSAGE_BYTES - round, round)
    const signature = signer.sign(message)
    const altered = Uint8Array.from(signature)
    altered[round % 64] = (altered[round % 64] as number) ^ 1
    isRight = key.verify(message, signature) && !key.verify(message, altered)
    // node:crypto is slow beside this; a few rounds of it are proof enough.
    if (round % 16 !== 0) continue
    isRight &&= verify('sha256', message, theirs, signature)
    isRight &&= key.verify(message, sign('sha256', message, own))
    const messages = Array.from({ length: P256_BATCH_MAX }, (_, at) => message.subarray(at))
    isRight &&= signer.signMany(messages).every((one, at) => {
      return one !== undefined && key.verify(messages[at] as Buffer, one)
    })
  }
  key.forget()
  signer.forget()
  return isRight
}
