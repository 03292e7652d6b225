import { randomFillSync } from 'node:crypto'

/** One call to the generator costs over a microsecond however little it fills, so it fills this. */
const POOL_BYTES = 4096
const JTI_BYTES = 10
const SECRET_ID_BYTES = 32

const pool = Buffer.alloc(POOL_BYTES)
let takenBytes = POOL_BYTES

function take(count: number, encoding: 'hex' | 'base64url'): string {
  if (takenBytes + count > POOL_BYTES) {
    randomFillSync(pool)
    takenBytes = 0
  }
  const start = takenBytes
  takenBytes += count
  const text = pool.toString(encoding, start, takenBytes)
  // What was handed out must not lie in memory to be handed out again or read later.
  pool.fill(0, start, takenBytes)
  return text
}

/** A token's identifier: 80 random bits as 20 hex digits. */
export function createJti(): string {
  return take(JTI_BYTES, 'hex')
}

/** An identifier that is a secret: 256 random bits as 43 base64url characters. */
export function createSecretId(): string {
  return take(SECRET_ID_BYTES, 'base64url')
}
