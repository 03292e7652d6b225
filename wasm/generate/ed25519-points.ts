import { limbsOf } from './ed25519-limbs.ts'
import { range } from './text.ts'

// The curve's constants, computed from their definitions (RFC 8032 §5.1).

const P = 2n ** 255n - 19n

export const sources = { 'ed25519-points.ts': writePoints }

/** A constant in both lanes: twenty numbers, five vectors. */
function pairOf(value: bigint): string {
  const limbs = limbsOf(((value % P) + P) % P)
  return range(5)
    .flatMap((k) => [limbs[2 * k], limbs[2 * k], limbs[2 * k + 1], limbs[2 * k + 1]])
    .join(', ')
}

function entryOf(values: readonly bigint[]): string {
  return [...values.flatMap(limbsOf), 0n, 0n].join(', ')
}

function bytesOf(value: bigint): bigint[] {
  return range(32).map((byte) => (value >> BigInt(8 * byte)) & 255n)
}

/** A square root, by the prime's being 5 mod 8; `undefined` for what is no square. */
function squareRoot(value: bigint): bigint | undefined {
  const wanted = ((value % P) + P) % P
  const first = power(wanted, (P + 3n) / 8n)
  const second = (first * power(2n, (P - 1n) / 4n)) % P
  return [first, second].find((root) => (root * root) % P === wanted)
}

/**
 * Orders 1 and 2 have y = 1 and -1, order 4 has y = 0. Doubled to order 4, order 8 has x² = -y²,
 * and the curve then says d y⁴ + 2 y² - 1 = 0 with the sign of y free.
 */
function smallOrderYs(d: bigint): bigint[] {
  const discriminant = squareRoot(1n + d)
  if (discriminant === undefined) throw new Error('1 + d is a square')
  const squares = [-1n + discriminant, -1n - discriminant].map(
    (value) => (((value % P) + P) * power(d, P - 2n)) % P,
  )
  const eighth = squares.map(squareRoot).find((root) => root !== undefined)
  if (eighth === undefined) throw new Error('a point of order 8 exists')
  return [0n, 1n, P - 1n, eighth, P - eighth]
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let factor = ((base % P) + P) % P
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * factor) % P
    factor = (factor * factor) % P
  }
  return result
}

function writePoints(): string {
  const d = ((P - 121665n) * power(121666n, P - 2n)) % P
  const y = (4n * power(5n, P - 2n)) % P
  // The even root, RFC 8032 §5.1.3.
  const u = (y * y - 1n) % P
  const v = (d * y * y + 1n) % P
  const rootOfMinusOne = power(2n, (P - 1n) / 4n)
  let x = (u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n)) % P
  if ((v * x * x - u) % P !== 0n) x = (x * rootOfMinusOne) % P
  if (x % 2n === 1n) x = P - x
  const smallOrder = smallOrderYs(d).flatMap(bytesOf)
  const pair = (name: string, value: bigint) =>
    `export const ${name}: usize = memory.data<i32>([${pairOf(value)}], 16)`
  return `${pair('ONE', 1n)}
${pair('D', d)}
${pair('INVERSE_OF_D', power(d, P - 2n))}
${pair('TWICE_D', 2n * d)}
${pair('ROOT_OF_MINUS_ONE', rootOfMinusOne)}
${pair('BASE_X', x)}
${pair('BASE_Y', y)}
/** Lane 0 twice d, lane 1 two: what the product of T and that of Z are multiplied with. */
export const TWICE_D_AND_TWO: usize = memory.data<i32>([${limbsOf((2n * d) % P)
    .map((limb, at) => `${limb}, ${at === 0 ? 2 : 0}`)
    .join(', ')}], 16)
/** Encodings, without a sign, of y of the points whose order divides 8. */
export const SMALL_ORDER_Y: usize = memory.data<u8>([${smallOrder.join(', ')}], 16)
/** The neutral point as a table's entry: y + x, y - x and 2dxy. */
export const NEUTRAL: usize = memory.data<i32>([${entryOf([1n, 1n, 0n])}], 16)
`
}
