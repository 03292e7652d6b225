import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createBlakeKeys } from '../../src/crypto/blake.ts'
import { createHmacKeys } from '../../src/crypto/hmac.ts'
import { createWasmInstance } from '../../src/crypto/wasm.ts'
import type { Row } from './crypto-measure.ts'
import { compare, describe } from './crypto-measure.ts'

const secret = randomBytes(32)

function hmacRow(length: number): Row {
  const key = createHmacKeys(createWasmInstance()).prepare(secret)
  const message = randomBytes(length).toString('base64url').slice(0, length)
  const macHex = createHmac('sha256', secret).update(message).digest('hex')
  return compare({
    name: `HMAC-SHA-256 verify, ${length} B, against createHmac`,
    must: length <= 100 ? 2.8 : 0,
    aim: length <= 100 ? 4.5 : 0,
    ours: () => key.verifyHex(message, macHex),
    theirs: () => {
      const mac = createHmac('sha256', secret).update(message).digest()
      return timingSafeEqual(mac, Buffer.from(macHex, 'hex'))
    },
  })
}

/** The strongest other way to know a random secret again: one call that hashes it. */
function oneShotRow(length: number): Row {
  const key = createHmacKeys(createWasmInstance()).prepare(secret)
  const message = randomBytes(length).toString('base64url').slice(0, length)
  const macHex = Buffer.from(key.sign(message)).toString('hex')
  return compare({
    name: `HMAC-SHA-256 verify, ${length} B, against crypto.hash`,
    must: 0,
    aim: 1,
    ours: () => key.verifyHex(message, macHex),
    theirs: () => hash('sha256', message, 'hex') === macHex,
  })
}

function blakeRow(length: number): Row {
  const key = createBlakeKeys(createWasmInstance()).prepare(secret)
  const message = randomBytes(length).toString('base64url').slice(0, length)
  const mac = key.signText(message)
  return compare({
    name: `keyed BLAKE3 verify, ${length} B, against crypto.hash`,
    must: 0,
    aim: 1,
    ours: () => key.verifyText(message, mac),
    theirs: () => hash('sha256', message, 'base64url') === mac,
  })
}

/** What MACs are measured by. */
export function measureMacs(): Row[] {
  return [hmacRow(43), hmacRow(100), hmacRow(200), oneShotRow(43), blakeRow(43)]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const row of measureMacs()) process.stdout.write(`${describe(row)}\n`)
}
