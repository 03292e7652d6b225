import type { KeyObject } from 'node:crypto'
import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { Ed25519Signer } from './ed25519.ts'
import { P256_BATCH_MAX, type P256Signers } from './p256.ts'
import type { Claims } from './stamp.ts'
import type { Tokens } from './tokens.ts'

/** RFC 8410 §7: what a PrivateKeyInfo of Ed25519 is before the seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
/** RFC 5480 §2: what a SubjectPublicKeyInfo of P-256 is before its point. */
const SPKI_HEAD = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

/** RFC 8032 §7.1, TEST 2. */
const ED25519 = {
  seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  message: '72',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
}
/** RFC 6979 §A.2.5. */
const P256 = {
  secret: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
  publicKey:
    '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
    '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
}
const MESSAGE_BYTES = 343
const SINGLES = 4
const TOKENS = 4
const TOKEN_HEAD = 'eyJ0eXAiOiJKV1QifQ.'

type Ed25519Signers = { prepare(seed: Uint8Array): Ed25519Signer }

/** Whether Ed25519 signs as RFC 8032 and, alone and in a batch, as node:crypto does. */
export function provesEd25519Signing(signers: Ed25519Signers): boolean {
  const signer = signers.prepare(Buffer.from(ED25519.seed, 'hex'))
  const signature = Buffer.from(signer.sign(Buffer.from(ED25519.message, 'hex'))).toString('hex')
  signer.forget()
  return signature === ED25519.signature && provesEd25519Random(signers, createMessages())
}

/** Whether ECDSA over P-256 signs, alone and in a batch, what node:crypto verifies. */
export function provesP256Signing(signers: P256Signers): boolean {
  const signer = signers.prepare(Buffer.from(P256.secret, 'hex'))
  const publicKey = Buffer.from(signer.publicKey).toString('hex')
  signer.forget()
  return publicKey === P256.publicKey && provesP256Random(signers, createMessages())
}

function createMessages(): readonly Uint8Array[] {
  return Array.from({ length: P256_BATCH_MAX }, (_, at) => randomBytes(MESSAGE_BYTES - at))
}

function provesEd25519Random(signers: Ed25519Signers, messages: readonly Uint8Array[]): boolean {
  const seed = randomBytes(32)
  const der = Buffer.concat([PKCS8_HEAD, seed])
  const theirs = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const signer = signers.prepare(seed)
  const together = signer.signMany(messages)
  const isRight =
    messages.every((message, at) => {
      const expected = sign(null, message, theirs)
      const alone = at < SINGLES ? signer.sign(message) : expected
      return isSame(together[at], expected) && isSame(alone, expected)
    }) &&
    provesTokens(signer, (message, signature) => isSame(signature, sign(null, message, theirs)))
  signer.forget()
  seed.fill(0)
  der.fill(0)
  return isRight
}

function provesP256Random(signers: P256Signers, messages: readonly Uint8Array[]): boolean {
  const ecdh = createECDH('prime256v1')
  const point = ecdh.generateKeys()
  // The generator leaves leading zeros out.
  const secret = Buffer.concat([Buffer.alloc(32), ecdh.getPrivateKey()]).subarray(-32)
  const spki = Buffer.concat([SPKI_HEAD, point])
  const theirs = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const signer = signers.prepare(secret)
  const together = signer.signMany(messages)
  const isRight =
    isSame(signer.publicKey, point.subarray(1)) &&
    messages.every((message, at) => {
      const isAloneRight = at >= SINGLES || isValid(theirs, message, signer.sign(message))
      return isAloneRight && isValid(theirs, message, together[at])
    }) &&
    provesTokens(signer, (message, signature) => isValid(theirs, message, signature))
  signer.forget()
  secret.fill(0)
  return isRight
}

/** Whether whole tokens are what their claims in base64url are, alone and in a batch. */
function provesTokens(
  signer: { prepareTokens(text: string): Tokens },
  isSigned: (message: Uint8Array, signature: Uint8Array) => boolean,
): boolean {
  // As few as are signed together: the signatures themselves are proved above.
  const claims = Array.from({ length: TOKENS }, (_, at) => ({
    shared: `{"iss":"${'x'.repeat(at)}",`,
    own: `"jti":"${at}"}`,
  }))
  const tokens = signer.prepareTokens(TOKEN_HEAD)
  const made = [...tokens.signMany(claims), ...claims.slice(0, 1).map(tokens.sign)]
  tokens.forget()
  return made.every((token, at) => {
    const { shared, own } = claims[at % TOKENS] as Claims
    const input = TOKEN_HEAD + Buffer.from(shared + own).toString('base64url')
    if (token === undefined || !token.startsWith(`${input}.`)) return false
    const signature = Buffer.from(token.slice(input.length + 1), 'base64url')
    return isSigned(Buffer.from(input, 'latin1'), signature)
  })
}

function isValid(key: KeyObject, message: Uint8Array, signature: Uint8Array | undefined): boolean {
  if (signature === undefined) return false
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && one.length === other.length && timingSafeEqual(one, other)
}
