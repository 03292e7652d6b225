import { timingSafeEqual } from 'node:crypto'
import { blake3 } from '@noble/hashes/blake3.js'
import { BLAKE_KEY_BYTES, BLAKE_MESSAGE_BYTES_MAX, type BlakeKeys } from './blake.ts'

/** Keys of BLAKE3 in JavaScript, which OpenSSL does not have: where WebAssembly does not work. */
export const nodeBlakeKeys: BlakeKeys = {
  prepare(given) {
    if (given.length !== BLAKE_KEY_BYTES) throw new RangeError('A BLAKE3 key is 32 bytes.')
    const key = Uint8Array.from(given)
    const toBytes = (message: string | Uint8Array) =>
      typeof message === 'string' ? Buffer.from(message) : message
    const sign = (message: string | Uint8Array) => {
      const bytes = toBytes(message)
      if (bytes.length > BLAKE_MESSAGE_BYTES_MAX) {
        throw new RangeError(`A message longer than ${BLAKE_MESSAGE_BYTES_MAX} bytes.`)
      }
      return blake3(bytes, { key })
    }
    const verify = (message: string | Uint8Array, mac: Uint8Array) =>
      toBytes(message).length <= BLAKE_MESSAGE_BYTES_MAX &&
      mac.length === BLAKE_KEY_BYTES &&
      timingSafeEqual(sign(message), mac)
    return {
      sign,
      signText: (message) => Buffer.from(sign(message)).toString('base64url'),
      verify,
      verifyText(message, macText) {
        const mac = Buffer.from(macText, 'base64url')
        // Only its one spelling passes.
        return mac.toString('base64url') === macText && verify(message, mac)
      },
      forget: () => void key.fill(0),
    }
  },
}

/** Of the tests that BLAKE3's authors publish: 64 bytes 0, 1, 2, … under their key. */
const VECTOR = {
  key: 'whats the Elvish word for friend',
  mac: 'ba8ced36f327700d213f120b1a207a3b8c04330528586f414d09f2f7d9ccb7e6',
}

/** Whether keyed BLAKE3 is what its authors publish and what another implementation computes. */
export function provesBlake(keys: BlakeKeys): boolean {
  const secret = Buffer.from(VECTOR.key)
  const [key, theirs] = [keys.prepare(secret), nodeBlakeKeys.prepare(secret)]
  const message = Uint8Array.from({ length: BLAKE_MESSAGE_BYTES_MAX }, (_, at) => at)
  let isRight = Buffer.from(key.sign(message)).toString('hex') === VECTOR.mac
  for (let length = 0; length <= BLAKE_MESSAGE_BYTES_MAX; length++) {
    const part = message.subarray(0, length)
    const text = theirs.signText(part)
    isRight &&= key.signText(part) === text && key.verifyText(part, text)
    isRight &&= !key.verifyText(part, theirs.signText(Buffer.from(`another ${length}`)))
  }
  key.forget()
  return isRight
}
