import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createEd25519Signers } from '../../src/crypto/ed25519.ts'
import { createEd25519Keys } from '../../src/crypto/ed25519-verifier.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Row } from './crypto-measure.ts'
import { compare, describe } from './crypto-measure.ts'

const MESSAGE_BYTES = 343
const BATCH = 16
const TABLES_BYTES_MAX = 1 << 20

const seed = randomBytes(32)
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
})
const publicKey = createPublicKey(privateKey)

function signRows(): Row[] {
  const signer = createEd25519Signers(createWasmInstance()).prepare(seed)
  const messages = Array.from({ length: BATCH }, () => randomBytes(MESSAGE_BYTES))
  const [first] = messages as [Buffer]
  const theirs = () => sign(null, first, privateKey)
  return [
    compare({
      name: 'EdDSA sign, single, against node:crypto',
      must: 1.7,
      aim: 2.2,
      ours: () => signer.sign(first),
      theirs,
    }),
    compare({
      name: 'EdDSA sign, batch 16, against node:crypto',
      must: 2.7,
      aim: 3.5,
      ours: () => signer.signMany(messages),
      theirs,
      oursCount: BATCH,
    }),
  ]
}

function verifyRows(): Row[] {
  const instance = createWasmInstance({ keyTablesBytesMax: TABLES_BYTES_MAX })
  const keys = createEd25519Keys(instance, { usesBeforeTable: 1 })
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const key = keys.prepare(spki.subarray(-32))
  if (key === undefined) throw new Error('the key is sound')
  const items = Array.from({ length: BATCH }, () => {
    const message = randomBytes(MESSAGE_BYTES)
    return { key, message, signature: sign(null, message, privateKey) }
  })
  const [{ message, signature }] = items as [(typeof items)[number]]
  const theirs = () => verify(null, message, publicKey, signature)
  const kib = Math.round(instance.keyTableBytes / 1024)
  return [
    compare({
      name: `Ed25519 verify, ${kib} KiB per key, single, against node:crypto`,
      must: 4,
      aim: 5.5,
      ours: () => key.verify(message, signature),
      theirs,
    }),
    compare({
      name: `Ed25519 verify, ${kib} KiB per key, batch 16, against node:crypto`,
      must: 4.5,
      aim: 6.5,
      ours: () => keys.verifyMany(items),
      theirs,
      oursCount: BATCH,
    }),
  ]
}

/** What Ed25519 is measured by. */
export function measureEd25519(): Row[] {
  return [...signRows(), ...verifyRows()]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const row of measureEd25519()) process.stdout.write(`${describe(row)}\n`)
}
