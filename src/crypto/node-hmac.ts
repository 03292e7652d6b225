import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { HmacKey, HmacKeys } from './hmac.ts'

const HEX = /^[0-9a-f]{64}$/

/** Keys of HMAC-SHA-256 in OpenSSL, as many as there is memory for. */
export const nodeHmacKeys: HmacKeys = {
  prepare(key): HmacKey {
    const secret = createSecretKey(key)
    const sign = (message: string | Uint8Array) =>
      createHmac('sha256', secret).update(message).digest()
    const verify = (message: string | Uint8Array, mac: Uint8Array) => {
      const own = sign(message)
      return mac.length === own.length && timingSafeEqual(own, mac)
    }
    return {
      sign,
      verify,
      verifyHex: (message, macHex) =>
        HEX.test(macHex) && verify(message, Buffer.from(macHex, 'hex')),
      forget() {},
    }
  },
}
