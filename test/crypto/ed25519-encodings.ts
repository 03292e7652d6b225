import { fromHex } from './wasm-fixture.ts'

const P = 2n ** 255n - 19n
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

export function littleEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(32)
  for (let at = 0; at < 32; at++) bytes[at] = Number((value >> BigInt(8 * at)) & 255n)
  return bytes
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

const EIGHTH = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'
const OTHER_EIGHTH = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'

/** `sign` is the highest bit, x's parity. */
export function encoded(y: bigint, isOdd = false): Buffer {
  return littleEndian(y | (isOdd ? 2n ** 255n : 0n))
}

export const SMALL_ORDER = [
  { name: 'the neutral point', bytes: encoded(1n) },
  { name: 'the point of order 2', bytes: encoded(P - 1n) },
  { name: 'a point of order 4', bytes: encoded(0n) },
  { name: 'the other point of order 4', bytes: encoded(0n, true) },
  ...[EIGHTH, OTHER_EIGHTH].flatMap((hex) => [
    { name: `the even point of order 8 at ${hex}`, bytes: fromHex(hex) },
    {
      name: `the odd point of order 8 at ${hex}`,
      bytes: encoded(fromLittleEndian(fromHex(hex)), true),
    },
  ]),
]

export const NOT_CANONICAL = [
  { name: 'y = p, a second spelling of 0', bytes: encoded(P) },
  { name: 'y = p + 1, a second spelling of 1', bytes: encoded(P + 1n) },
  { name: 'y = p + 3 with a sign', bytes: encoded(P + 3n, true) },
  { name: 'y = 2^255 - 1', bytes: encoded(2n ** 255n - 1n) },
  { name: 'x = 0 with a sign, at y = 1', bytes: encoded(1n, true) },
  { name: 'x = 0 with a sign, at y = -1', bytes: encoded(P - 1n, true) },
]

export const NO_POINT = [2n, 7n, P - 2n].map((y) => ({
  name: `y = ${y}, off the curve`,
  bytes: encoded(y),
}))
export const NO_LENGTH = [0, 31, 33].map((length) => ({
  name: `${length} bytes`,
  bytes: Buffer.alloc(length, 3),
}))
