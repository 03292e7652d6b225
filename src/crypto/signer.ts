import type { KeyObject } from 'node:crypto'
import type { Algorithm, PreparedKey } from './algorithm.ts'
import { prepareKey } from './algorithm.ts'
import type { Keyring, SigningKey } from './keyring.ts'

export interface Signer {
  /**
   * The claims as a compact JWS (RFC 7515 §3.1) by the ring's signing key; text is taken to be the
   * JSON already. Synchronous: an RS256 signature costs some 200 µs of the event loop.
   */
  sign(claims: string | object): string
  /** The `kid` that `sign` uses now. */
  kid(): string
}

/** A key with all that does not change between two tokens. */
interface Stamp {
  readonly key: SigningKey
  readonly prepared: PreparedKey
  /** The encoded header and its dot. */
  readonly head: string
}

/**
 * Signs with whatever key the ring says. `prepare` is the engine: node:crypto unless another is
 * given; it is called once per signing key.
 */
export function createSigner(options: {
  keyring: Pick<Keyring, 'signing'>
  prepare?: (algorithm: Algorithm, privateKey: KeyObject) => PreparedKey
}): Signer {
  const { keyring, prepare = prepareKey } = options
  let stamp = stampOf(keyring.signing(), prepare)

  return {
    kid: () => keyring.signing().kid,
    sign(claims) {
      const key = keyring.signing()
      if (stamp.key !== key) stamp = stampOf(key, prepare)
      const json = typeof claims === 'string' ? claims : JSON.stringify(claims)
      const input = stamp.head + Buffer.from(json).toString('base64url')
      const signature = stamp.prepared.sign(Buffer.from(input, 'latin1'))
      return `${input}.${base64url(signature)}`
    },
  }
}

function stampOf(
  key: SigningKey,
  prepare: (algorithm: Algorithm, privateKey: KeyObject) => PreparedKey,
): Stamp {
  const header = JSON.stringify({ alg: key.alg, kid: key.kid, typ: 'JWT' })
  const head = `${Buffer.from(header).toString('base64url')}.`
  return { key, prepared: prepare(key.alg, key.privateKey), head }
}

function base64url(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.toString('base64url')
}
