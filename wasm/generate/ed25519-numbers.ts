import { bitAt, bitsOf } from './ed25519-limbs.ts'
import { range } from './text.ts'

// Conversions between bytes, field limbs and scalar limbs, unrolled.

/**
 * The order of the base point is 2^252 + c; a scalar is nine limbs of 28 bits, so 2^252 is limb
 * 9.
 */
const ORDER_REST = 27742317777372353535851937790883648493n
const SCALAR_BITS = 28
const SCALAR_LIMBS = 9

export const sources = {
  'ed25519-bytes.ts': writeBytes,
  'ed25519-scalar.ts': writeScalar,
}

function writeBytes(): string {
  const limb = (index: number) => `h${index}`
  const chainQ = range(10).map((i) => `  q = (${limb(i)} + q) >> ${bitsOf(i)}`)
  const carries = range(10).map((i) =>
    i < 9
      ? `  ${limb(i + 1)} += ${limb(i)} >> ${bitsOf(i)}\n  ${limb(i)} &= ${2 ** bitsOf(i) - 1}`
      : `  ${limb(i)} &= ${2 ** bitsOf(i) - 1}`,
  )
  // Limbs 0 to 9 begin at these bits of 256; gather them into four words of 64.
  const words = range(4).map((word) => {
    const parts = range(10)
      .filter((i) => bitAt(i) < word * 64 + 64 && bitAt(i) + bitsOf(i) > word * 64)
      .map((i) => {
        const shift = bitAt(i) - word * 64
        return shift >= 0 ? `(${limb(i)} << ${shift})` : `(${limb(i)} >> ${-shift})`
      })
    return `  store<i64>(target, ${parts.join(' | ')}, ${word * 8})`
  })
  const reads = range(10).map((i) => {
    const first = bitAt(i) >> 3
    // Four bytes hold a limb and its shift, but for those that begin late in a byte.
    const from = Math.min(first, 28)
    const shift = bitAt(i) - from * 8
    const isWide = shift + bitsOf(i) > 32
    const at = isWide ? Math.min(from, 24) : from
    const by = bitAt(i) - at * 8
    const value = isWide ? `load<u64>(source, ${at})` : `<u64>load<u32>(source, ${at})`
    return `  store<i32>(target, <i32>((${value} >> ${by}) & ${2 ** bitsOf(i) - 1}), ${i * 8})`
  })
  return `/**
 * Writes the 32 bytes, below p, of the value whose limbs begin at \`source\`, eight bytes apart:
 * a pair for its first lane, a pair and four bytes for its second.
 */
export function toBytes(target: usize, source: usize): void {
${range(10)
  .map((i) => `  let ${limb(i)}: i64 = load<i32>(source, ${i * 8})`)
  .join('\n')}
  // How often p goes into it: once too often if 19 more would pass 2^255.
  let q: i64 = (19 * h9 + (1 << 24)) >> 25
${chainQ.join('\n')}
  h0 += 19 * q
${carries.join('\n')}
${words.join('\n')}
}

/** The value of 32 bytes, their highest bit left out, as limbs eight bytes apart. */
export function fromBytes(target: usize, source: usize): void {
${reads.join('\n')}
}
`
}

function scalarLimbs(value: bigint, count: number): bigint[] {
  const mask = (1n << BigInt(SCALAR_BITS)) - 1n
  return range(count).map((limb) =>
    limb === count - 1
      ? value >> BigInt(SCALAR_BITS * limb)
      : (value >> BigInt(SCALAR_BITS * limb)) & mask,
  )
}

/** Takes limb `from` times 2^252 out: 2^252 is -c. */
function fold(from: number): string[] {
  return scalarLimbs(ORDER_REST, 5).map(
    (part, at) => `  x${from - SCALAR_LIMBS + at} -= x${from} * ${part}`,
  )
}

/** Carries from limb `first` up to `last`; limbs come out around zero, or above it if `floor`. */
function carry(first: number, last: number, floor = false): string[] {
  return range(last - first, first).flatMap((limb) => {
    const rounded = floor ? `x${limb}` : `(x${limb} + ${2 ** (SCALAR_BITS - 1)})`
    return [
      `  carried = ${rounded} >> ${SCALAR_BITS}`,
      `  x${limb + 1} += carried`,
      `  x${limb} -= carried << ${SCALAR_BITS}`,
    ]
  })
}

/** The lines that bring x0 to x18 below the order, into x0 to x8. */
function reduction(): string[] {
  const zero = (limb: number) => [`  x${limb} = 0`]
  return [
    '  let carried: i64 = 0',
    ...range(5, 14).reverse().flatMap(fold),
    ...zero(14),
    ...carry(5, 14),
    ...fold(14),
    ...carry(5, 13),
    ...range(5, 9).reverse().flatMap(fold),
    ...zero(9),
    ...carry(0, 9),
    ...fold(9),
    ...zero(9),
    ...carry(0, 9, true),
    ...fold(9),
    // Between -c and the order by now; the order is added if it is negative, by a mask.
    ...carry(0, 8, true),
    '  carried = x8 >> 63',
    ...scalarLimbs(ORDER_REST, 5).map((part, at) => `  x${at} += carried & ${part}`),
    `  x8 += carried & ${2 ** SCALAR_BITS}`,
    ...carry(0, 8, true),
  ]
}

function writeScalar(): string {
  const stores = range(SCALAR_LIMBS).map((limb) => `  store<i64>(target, x${limb}, ${limb * 8})`)
  const mask = 2 ** SCALAR_BITS - 1
  const reads = (count: number, whole: number) =>
    range(count).map((limb) => {
      const bit = limb * SCALAR_BITS
      const byte = bit >> 3
      const value = byte + 4 <= whole ? `load<u32>(source, ${byte})` : `load<u8>(source, ${byte})`
      return `  let x${limb}: i64 = (<i64>${value} >> ${bit & 7}) & ${mask}`
    })
  const order = scalarLimbs(2n ** 252n + ORDER_REST, SCALAR_LIMBS)
  const half = scalarLimbs((2n ** 252n + ORDER_REST - 1n) / 2n, SCALAR_LIMBS)
  const lessThanHalf = (part: bigint, limb: number) =>
    `  carried = (${part} - x${limb} + carried) >> ${SCALAR_BITS}`
  const product = range(17).map((column) => {
    const terms = range(SCALAR_LIMBS)
      .filter((i) => column - i >= 0 && column - i < SCALAR_LIMBS)
      .map((i) => `a${i} * b${column - i}`)
    if (column < SCALAR_LIMBS) terms.push(`load<i64>(plus, ${column * 8})`)
    return `  let x${column}: i64 = ${terms.join(' + ')}`
  })
  return `/** The 64 bytes at \`source\` mod the order, as nine limbs of eight bytes. */
export function scalarReduce(target: usize, source: usize): void {
${reads(19, 64).join('\n')}
${reduction().join('\n')}
${stores.join('\n')}
}

/** left times right plus \`plus\`, mod the order; all of them limbs. */
export function scalarMulAdd(target: usize, left: usize, right: usize, plus: usize): void {
${range(SCALAR_LIMBS)
  .map(
    (i) => `  const a${i} = load<i64>(left, ${i * 8})\n  const b${i} = load<i64>(right, ${i * 8})`,
  )
  .join('\n')}
${product.join('\n')}
  let x17: i64 = 0
  let x18: i64 = 0
${['  let carried: i64 = 0', ...carry(0, 18), ...reduction().slice(1)].join('\n')}
${stores.join('\n')}
}

/** Limbs to 32 bytes. */
export function scalarToBytes(target: usize, source: usize): void {
${range(4)
  .map((k) => {
    const low = `load<u64>(source, ${k * 16})`
    const high = `(load<u64>(source, ${k * 16 + 8}) << ${SCALAR_BITS})`
    return `  store<u64>(target, ${low} | ${high}, ${k * 7})`
  })
  .join('\n')}
  store<u32>(target, <u32>load<u64>(source, 64), 28)
}

/** 32 bytes to limbs, as they are. */
export function scalarFromBytes(target: usize, source: usize): void {
${range(SCALAR_LIMBS)
  .map((limb) => {
    const bit = limb * SCALAR_BITS
    const kept = limb === 8 ? 0xffffffff : mask
    const part = `(<i64>load<u32>(source, ${bit >> 3}) >> ${bit & 7}) & ${kept}`
    return `  store<i64>(target, ${part}, ${limb * 8})`
  })
  .join('\n')}
}

/** All ones if limbs are below the order, as a number of 64 bits. */
export function scalarIsCanonical(source: usize): i64 {
  let carried: i64 = 0
${order
  .map(
    (part, limb) =>
      `  carried = (load<i64>(source, ${limb * 8}) - ${part} + carried) >> ${SCALAR_BITS}`,
  )
  .join('\n')}
  return carried >> 63
}

/**
 * Replaces a scalar by its negative if that is the smaller, and returns all ones if so: the
 * greater of the two has 253 bits, the smaller 252, which is one window less. Without a branch.
 */
export function scalarHalve(scalar: usize): i64 {
${range(SCALAR_LIMBS)
  .map((limb) => `  const x${limb} = load<i64>(scalar, ${limb * 8})`)
  .join('\n')}
  let carried: i64 = 0
${half.map(lessThanHalf).join('\n')}
  const isGreater = carried >> 63
  carried = 0
  let y: i64 = 0
${order
  .map((part, limb) =>
    [
      `  y = ${part} - x${limb} + carried`,
      ...(limb < 8 ? [`  carried = y >> ${SCALAR_BITS}`, `  y &= ${mask}`] : []),
      `  store<i64>(scalar, x${limb} ^ ((x${limb} ^ y) & isGreater), ${limb * 8})`,
    ].join('\n'),
  )
  .join('\n')}
  return isGreater
}
`
}
