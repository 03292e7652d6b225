import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { formOf, macOf } from '../../reference/keys.ts'
import type { KeyRow, Request } from '../../reference/world.ts'
import { privateKeyOf } from '../node-keys.ts'
import { RSA_KEY } from './rsa-key.ts'

/** The same keys in every run, so that a seed repeats its cases. */
const PRIVATE_KEYS = {
  EdDSA: privateKeyOf(Buffer.alloc(32, 7)),
  ES256: createPrivateKey({
    key: Buffer.concat([
      Buffer.from('30310201010420', 'hex'),
      Buffer.alloc(32, 7),
      Buffer.from('a00a06082a8648ce3d030107', 'hex'),
    ]),
    format: 'der',
    type: 'sec1',
  }),
  RS256: createPrivateKey({ key: Buffer.from(RSA_KEY, 'base64'), format: 'der', type: 'pkcs1' }),
} as const

const publicOf = (privateKey: KeyObject) =>
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64')

const PUBLIC = {
  EdDSA: publicOf(PRIVATE_KEYS.EdDSA),
  ES256: publicOf(PRIVATE_KEYS.ES256),
  RS256: publicOf(PRIVATE_KEYS.RS256),
} as const

const secretOf = (at: number) => `${at}`.repeat(32)

/** What a key's record holds: a secret of its own, or the public half of the one pair. */
export function materialOf(algorithm: string, at: number): string {
  return algorithm === 'HS256' ? secretOf(at) : PUBLIC[algorithm as keyof typeof PUBLIC]
}

/** The signature in hex, of either version of the protocol. */
export function signatureOf(
  key: KeyRow,
  version: 1 | 2,
  nonce: string,
  request: Pick<Request, 'method' | 'host' | 'target'>,
  digest: string | undefined,
): string {
  const [path = '', ...rest] = request.target.split('?')
  const target = { path, query: rest.join('?') }
  const form = version === 1 ? nonce + key.kid : formOf(key.kid, nonce, request, target, digest)
  if (key.algorithm === 'HS256' || version === 1) {
    return macOf(key.material, form)
  }
  const privateKey = PRIVATE_KEYS[key.algorithm as keyof typeof PRIVATE_KEYS]
  const hash = key.algorithm === 'EdDSA' ? null : 'sha256'
  const options = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return sign(hash, Buffer.from(form), options).toString('hex')
}
