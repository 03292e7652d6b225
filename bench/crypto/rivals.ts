import { createPrivateKey, generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { blake3 } from '@noble/hashes/blake3.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { createSigner } from 'fast-jwt'
import { SignJWT } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import sodium from 'libsodium-wrappers'
import { createBlakeKeys } from '../../src/crypto/blake.ts'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createEd25519Keys } from '../../src/crypto/ed25519-verifier.ts'
import { createHmacKeys } from '../../src/crypto/hmac.ts'
import { createP256Signers } from '../../src/crypto/p256.ts'
import { createP256Keys } from '../../src/crypto/p256-verifier.ts'
import { nodePublicKeys } from '../../src/crypto/public-keys.ts'
import { wholeClaims } from '../../src/crypto/stamp.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Row } from '../micro/crypto-measure.ts'
import { compare, compareAwaited } from '../micro/crypto-measure.ts'

/** Every package compared with, so that its version is told. */
export const RIVALS = [
  '@noble/curves',
  '@noble/hashes',
  'fast-jwt',
  'jose',
  'jsonwebtoken',
  'libsodium-wrappers',
] as const

const MESSAGE_BYTES = 343
const TABLES_BYTES_MAX = 1 << 20
/** No promise is made about these. */
const OPEN = { must: 0, aim: 0 }

const message = randomBytes(MESSAGE_BYTES)

function ed25519Rows(): Row[] {
  const seed = randomBytes(32)
  const signer = createEd25519Signers(createWasmInstance()).prepare(seed)
  const { publicKey } = signer
  const instance = createWasmInstance({ keyTablesBytesMax: TABLES_BYTES_MAX })
  const key = createEd25519Keys(instance, { usesBeforeTable: 1 }).prepare(publicKey)
  const sodiumPair = sodium.crypto_sign_seed_keypair(seed)
  const signature = signer.sign(message)
  const ours = () => signer.sign(message)
  const oursVerify = () => key?.verify(message, signature)
  if (oursVerify() !== true) throw new Error('The signature is valid.')
  return [
    compare({
      name: 'EdDSA sign, single, against libsodium',
      ...OPEN,
      ours,
      theirs: () => sodium.crypto_sign_detached(message, sodiumPair.privateKey),
    }),
    compare({
      name: 'EdDSA sign, single, against noble',
      ...OPEN,
      ours,
      theirs: () => ed25519.sign(message, seed),
    }),
    compare({
      name: 'Ed25519 verify, cached key, single, against libsodium',
      ...OPEN,
      ours: oursVerify,
      theirs: () => sodium.crypto_sign_verify_detached(signature, message, publicKey),
    }),
    compare({
      name: 'Ed25519 verify, cached key, single, against noble',
      ...OPEN,
      ours: oursVerify,
      theirs: () => ed25519.verify(signature, message, publicKey),
    }),
  ]
}

function p256Rows(): Row[] {
  const secret = p256.utils.randomSecretKey()
  const signer = createP256Signers(createWasmInstance()).prepare(secret)
  const uncompressed = p256.getPublicKey(secret, false)
  const instance = createWasmInstance({ keyTablesBytesMax: TABLES_BYTES_MAX })
  const key = createP256Keys(instance, { usesBeforeTable: 1 }).prepare(signer.publicKey)
  const signature = signer.sign(message)
  const oursVerify = () => key?.verify(message, signature)
  if (oursVerify() !== true) throw new Error('The signature is valid.')
  return [
    compare({
      name: 'ES256 sign, single, against noble',
      ...OPEN,
      ours: () => signer.sign(message),
      theirs: () => p256.sign(message, secret, { lowS: false }),
    }),
    compare({
      name: 'ES256 verify, cached key, single, against noble',
      ...OPEN,
      ours: oursVerify,
      theirs: () => p256.verify(signature, message, uncompressed, { lowS: false }),
    }),
  ]
}

/** What WebAssembly does not do: whether OpenSSL or noble should. */
function secp256k1Row(): Row {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const coordinates = [x, y].map((text) => Buffer.from(text, 'base64url'))
  const point = Buffer.concat([Buffer.of(4), ...coordinates])
  const key = nodePublicKeys.prepare('ES256K', publicKey)
  if (key?.verify(message, signature) !== true) throw new Error('The signature is valid.')
  return compare({
    name: 'ES256K verify, through OpenSSL, single, against noble',
    ...OPEN,
    ours: () => key.verify(message, signature),
    theirs: () => secp256k1.verify(signature, message, point, { lowS: false }),
  })
}

function macRows(): Row[] {
  const secret = randomBytes(32)
  const text = randomBytes(32).toString('base64url')
  const bytes = Buffer.from(text)
  const hmacKey = createHmacKeys(createWasmInstance()).prepare(secret)
  const blakeKey = createBlakeKeys(createWasmInstance()).prepare(secret)
  const pepper = secret.toString('base64url')
  const stored = hash('sha256', pepper + text, 'hex')
  const mac = blakeKey.signText(text)
  return [
    compare({
      name: 'HMAC-SHA-256, 43 B, against noble',
      ...OPEN,
      ours: () => hmacKey.sign(bytes),
      theirs: () => hmac(sha256, secret, bytes),
    }),
    compare({
      name: 'keyed BLAKE3, 43 B, against noble',
      ...OPEN,
      ours: () => blakeKey.sign(bytes),
      theirs: () => blake3(bytes, { key: secret }),
    }),
    compare({
      name: 'keyed BLAKE3 verify, 43 B, against crypto.hash with a pepper',
      ...OPEN,
      ours: () => blakeKey.verifyText(text, mac),
      theirs: () => hash('sha256', pepper + text, 'hex') === stored,
    }),
  ]
}

function claimsOfOne() {
  const at = Math.floor(Date.now() / 1000)
  return {
    iss: 'https://gateway.example.com',
    aud: ['upstream'],
    sub: 'session',
    jti: randomBytes(10).toString('hex'),
    iat: at,
    exp: at + 60,
    uid: 'ID0123456789',
    email: 'someone@example.com',
    role: 'member',
    level: 3,
    state: 'active',
  }
}

const headText = (alg: string) =>
  `${Buffer.from(JSON.stringify({ alg, typ: 'JWT', kid: 'k1' })).toString('base64url')}.`

async function edTokenRows(): Promise<Row[]> {
  const seed = randomBytes(32)
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const signer = createEd25519Signers(createWasmInstance()).prepare(seed)
  const tokens = signer.prepareTokens(headText('EdDSA'))
  const claims = claimsOfOne()
  return [
    await compareAwaited({
      name: 'whole EdDSA JWT, single, against jose',
      ...OPEN,
      ours: () => tokens.sign(wholeClaims(JSON.stringify(claims))),
      theirs: () =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: 'k1' })
          .sign(privateKey),
    }),
  ]
}

async function p256TokenRows(): Promise<Row[]> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  const d = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
  const signer = createP256Signers(createWasmInstance()).prepare(d)
  const tokens = signer.prepareTokens(headText('ES256'))
  const claims = claimsOfOne()
  const fastJwt = createSigner({ algorithm: 'ES256', key: pem, kid: 'k1', noTimestamp: true })
  const ours = () => tokens.sign(wholeClaims(JSON.stringify(claims)))
  const header = { alg: 'ES256', typ: 'JWT', kid: 'k1' }
  return [
    compare({
      name: 'whole ES256 JWT, single, against fast-jwt',
      ...OPEN,
      ours,
      theirs: () => fastJwt(claims),
    }),
    compare({
      name: 'whole ES256 JWT, single, against jsonwebtoken',
      ...OPEN,
      ours,
      theirs: () => jsonwebtoken.sign(claims, privateKey, { algorithm: 'ES256', keyid: 'k1' }),
    }),
    await compareAwaited({
      name: 'whole ES256 JWT, single, against jose',
      ...OPEN,
      ours,
      theirs: () => new SignJWT(claims).setProtectedHeader(header).sign(privateKey),
    }),
  ]
}

/** The same work by the libraries that it would otherwise be done with. */
export async function measureRivals(): Promise<Row[]> {
  await sodium.ready
  return [
    ...ed25519Rows(),
    ...p256Rows(),
    secp256k1Row(),
    ...macRows(),
    ...(await edTokenRows()),
    ...(await p256TokenRows()),
  ]
}
