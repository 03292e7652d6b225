import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createSigner } from 'fast-jwt'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createP256Signers } from '../../src/crypto/p256.ts'
import { type Claims, headOf, wholeClaims } from '../../src/crypto/stamp.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Row } from './crypto-measure.ts'
import { compare, describe } from './crypto-measure.ts'

const BATCH = 16
/** Shown without a promise. */
const OPEN = { must: 0, aim: 0 }

function claimsOfOne() {
  const at = Math.floor(Date.now() / 1000)
  return {
    iss: 'https://gateway.example.com',
    aud: ['upstream'],
    sub: 'session',
    iat: at,
    exp: at + 60,
    jti: randomBytes(10).toString('hex'),
    uid: 'ID0123456789',
    email: 'someone@example.com',
    role: 'member',
    level: 3,
    state: 'active',
  }
}

type OneClaims = ReturnType<typeof claimsOfOne>

/** As tokens are minted: what they begin with is there already, the rest becomes JSON. */
function cutClaims({ iss, aud, sub, iat, exp }: OneClaims): (claims: OneClaims) => Claims {
  const shared = `${JSON.stringify({ iss, aud, sub, iat, exp }).slice(0, -1)},`
  return ({ jti, uid, email, role, level, state }) => ({
    shared,
    own: JSON.stringify({ jti, uid, email, role, level, state }).slice(1),
  })
}

const encodeWhole = (claims: OneClaims) => wholeClaims(JSON.stringify(claims))

function edRows(): Row[] {
  const { privateKey } = generateKeyPairSync('ed25519')
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
  const signer = createEd25519Signers(createWasmInstance()).prepare(seed)
  const tokens = signer.prepareTokens(headOf({ alg: 'EdDSA', kid: 'k1' }))
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  const rival = createSigner({ algorithm: 'EdDSA', key, kid: 'k1', noTimestamp: true })
  const claims = Array.from({ length: BATCH }, claimsOfOne)
  const [first] = claims as [OneClaims]
  const cut = cutClaims(first)
  return [
    compare({
      name: 'whole EdDSA JWT, claims to bytes, batch 16, against fast-jwt',
      must: 2.6,
      aim: 3.5,
      ours: () => tokens.signBearers(claims.map(encodeWhole)),
      theirs: () => rival(first),
      oursCount: BATCH,
    }),
    compare({
      name: 'whole EdDSA JWT, claims to bytes, single, against fast-jwt',
      ...OPEN,
      ours: () => tokens.signBearer(encodeWhole(first)),
      theirs: () => rival(first),
    }),
    compare({
      name: 'whole EdDSA JWT, claims begun already, batch 16, against all of them encoded',
      ...OPEN,
      ours: () => tokens.signBearers(claims.map(cut)),
      theirs: () => tokens.signBearers(claims.map(encodeWhole)),
    }),
  ]
}

function p256Rows(): Row[] {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
  const signer = createP256Signers(createWasmInstance()).prepare(secret)
  const head = headOf({ alg: 'ES256', kid: 'k1' })
  const tokens = signer.prepareTokens(head)
  const claims = Array.from({ length: BATCH }, claimsOfOne)
  const [first] = claims as [OneClaims]
  const cut = cutClaims(first)
  const inputOf = (each: OneClaims) =>
    head + Buffer.from(JSON.stringify(each)).toString('base64url')
  const bearerOf = (input: string, signature: Uint8Array = new Uint8Array(0)) =>
    Buffer.from(`Bearer ${input}.${Buffer.from(signature).toString('base64url')}`, 'latin1')
  const bytesOf = (input: string) => Buffer.from(input, 'latin1')
  return [
    compare({
      name: 'whole ES256 JWT, in WebAssembly, batch 16, against joined in JavaScript',
      ...OPEN,
      ours: () => tokens.signBearers(claims.map(cut)),
      theirs: () => {
        const inputs = claims.map(inputOf)
        const signatures = signer.signMany(inputs.map(bytesOf))
        return inputs.map((input, at) => bearerOf(input, signatures[at]))
      },
    }),
    compare({
      name: 'whole ES256 JWT, in WebAssembly, single, against joined in JavaScript',
      ...OPEN,
      ours: () => tokens.signBearer(cut(first)),
      theirs: () => {
        const input = inputOf(first)
        return bearerOf(input, signer.sign(bytesOf(input)))
      },
    }),
  ]
}

/** What whole tokens are measured by. */
export function measureTokens(): Row[] {
  return [...edRows(), ...p256Rows()]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const row of measureTokens()) process.stdout.write(`${describe(row)}\n`)
}
