import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { RSA_KEY } from '../fuzz/decide/rsa-key.ts'

const privateKey = createPrivateKey({
  ...{ key: Buffer.from(RSA_KEY, 'base64'), format: 'der', type: 'pkcs1' },
})

/** One pair of 2048 bits for whoever needs any: to find two primes takes up to a second. */
export const RSA_PAIR: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } = {
  privateKey,
  publicKey: createPublicKey(privateKey),
}
