import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { P256Nonce } from '../../src/crypto/p256.ts'
import { createP256Signers, P256_BATCH_MAX } from '../../src/crypto/p256.ts'
import { createP256Keys } from '../../src/crypto/p256-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Row } from './crypto-measure.ts'
import { compare, describe } from './crypto-measure.ts'

const MESSAGE_BYTES = 343

/**
 * What is asked of a row with the nonces that are used by default; others are shown for comparison.
 */
const GOALS: Readonly<Record<number, { must: number; aim: number }>> = {
  1: { must: 1.15, aim: 1.4 },
  16: { must: 2.4, aim: 3 },
}

const ecdh = createECDH('prime256v1')
ecdh.generateKeys()
const secret = ecdh.getPrivateKey()
const point = ecdh.getPublicKey().subarray(1)
const jwk = {
  kty: 'EC',
  crv: 'P-256',
  x: point.subarray(0, 32).toString('base64url'),
  y: point.subarray(32).toString('base64url'),
}
const d = Buffer.concat([Buffer.alloc(32 - secret.length), secret])
const privateKey = createPrivateKey({
  key: { ...jwk, d: d.toString('base64url') },
  format: 'jwk',
})
const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
const dsaEncoding = 'ieee-p1363' as const
// The same object every time: a fresh one would cost the other side.
const signInput = { key: privateKey, dsaEncoding }
const verifyInput = { key: publicKey, dsaEncoding }

function signRows(nonce: P256Nonce, counts: readonly number[]): Row[] {
  const signer = createP256Signers(createWasmInstance(), { nonce }).prepare(d)
  return counts.map((count) => {
    const messages = Array.from({ length: count }, () => randomBytes(MESSAGE_BYTES))
    const [first] = messages as [Buffer]
    const size = count === 1 ? 'single' : `batch ${count}`
    return compare({
      name: `ES256 sign, ${size}, ${nonce} nonce, against node:crypto`,
      ...((nonce === 'hedged' && GOALS[count]) || { must: 0, aim: 0 }),
      ours: count === 1 ? () => signer.sign(first) : () => signer.signMany(messages),
      theirs: () => sign('sha256', first, signInput),
      oursCount: count,
    })
  })
}

function verifyRow(): Row {
  const instance = createWasmInstance({ keyTablesBytesMax: 1 << 20 })
  const key = createP256Keys(instance, { usesBeforeTable: 1 }).prepare(point)
  const message = randomBytes(MESSAGE_BYTES)
  const signature = sign('sha256', message, signInput)
  if (key?.verify(message, signature) !== true) throw new Error('the signature is valid')
  const kib = Math.round(instance.entry('p256KeyBytes')() / 1024)
  return compare({
    name: `ES256 verify, ${kib} KiB per key, single, against node:crypto`,
    must: 2.2,
    aim: 3,
    ours: () => key.verify(message, signature),
    theirs: () => verify('sha256', message, verifyInput, signature),
  })
}

/** What ES256 is measured by. */
export function measureP256(): Row[] {
  return [
    ...signRows('hedged', [1, 2, 3, 4, 8, P256_BATCH_MAX]),
    ...signRows('deterministic', [1, P256_BATCH_MAX]),
    verifyRow(),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const row of measureP256()) process.stdout.write(`${describe(row)}\n`)
}
