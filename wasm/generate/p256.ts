/**
 * Writes the arithmetic of P-256: numbers are nine limbs of 29 bits, two numbers at a time in the
 * lanes of a vector, in Montgomery's form with R = 2^261. A limb may be negative or have one bit
 * too many, so sums and differences are not carried before they are multiplied.
 */

const LIMB_BITS = 29
const LIMBS = 9
/** A pair of numbers in memory: limb by limb, the first number's word beside the second's. */
const PAIR_BYTES = LIMBS * 8
const MASK = 2n ** 29n - 1n

const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const CURVE_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
const BASE_X = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n
const BASE_Y = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n
const R = 2n ** 261n

/** The order is three powers of two less this. */
const ORDER_TAIL = 2n ** 256n - 2n ** 224n + 2n ** 192n - ORDER

/** Both lanes of each hold the value. */
const CONSTANTS: Readonly<Record<string, bigint>> = {
  UNIT: 1n,
  ONE_P: R % PRIME,
  TWO_P: (2n * R) % PRIME,
  THREE_P: (3n * R) % PRIME,
  R2_P: (R * R) % PRIME,
  CURVE_B_P: (CURVE_B * R) % PRIME,
  BASE_X_P: (BASE_X * R) % PRIME,
  BASE_Y_P: (BASE_Y * R) % PRIME,
  ONE_N: R % ORDER,
  R2_N: (R * R) % ORDER,
  R3_N: (R * R * R) % ORDER,
  // Brings the upper half of 512 bits into its place and into the form.
  R2_UPPER_N: (R * R * 2n ** 256n) % ORDER,
}

export const sources = { 'p256.ts': generateP256 }

/** AssemblyScript text of the products and the constants. */
export function generateP256(): string {
  return [
    "import { P256_CONSTANTS } from '../p256-layout'\n",
    ...constants(),
    ...sums(),
    product({ name: 'mulP', reduce: reduceByPrime, form: 'mul' }),
    product({ name: 'mulLessP', reduce: reduceByPrime, form: 'mulLess' }),
    product({ name: 'sqrP', reduce: reduceByPrime, form: 'sqr' }),
    product({ name: 'sqrLessP', reduce: reduceByPrime, form: 'sqrLess' }),
    product({ name: 'mulN', reduce: reduceByOrder, form: 'mul' }),
  ].join('\n')
}

function limbsOf(value: bigint): bigint[] {
  return Array.from({ length: LIMBS }, (_, at) => {
    const rest = value >> BigInt(at * LIMB_BITS)
    return at === LIMBS - 1 ? rest : rest & MASK
  })
}

function constants(): string[] {
  const names = Object.keys(CONSTANTS)
  const places = names.map((name, index) => {
    return `export const ${name}: usize = P256_CONSTANTS + ${index * PAIR_BYTES}\n`
  })
  const stores = Object.entries(CONSTANTS).flatMap(([name, value]) =>
    limbsOf(value).map((limb, at) => {
      const both = limb | (limb << 32n)
      return `  store<u64>(${name} + ${at * 8}, 0x${both.toString(16)})\n`
    }),
  )
  return [...places, `export function storeConstants(): void {\n${stores.join('')}}\n`]
}

type Form = 'mul' | 'mulLess' | 'sqr' | 'sqrLess'

const PARAMETERS: Readonly<Record<Form, readonly string[]>> = {
  mul: ['a', 'b'],
  mulLess: ['a', 'b', 'w'],
  sqr: ['a'],
  sqrLess: ['a', 'w'],
}

type Sign = 'add' | 'sub'

/** What is added to later columns once the lowest limb's multiple of the modulus is known. */
interface Reduction {
  /** Statements that define the multiple from column `c`, and that clear the column's low bits. */
  readonly lines: readonly string[]
  /** By how many columns later, and the term with its sign. */
  readonly terms: readonly (readonly [number, Sign, string])[]
}

/** The prime is −1 mod 2^96: the limb itself is the multiple, and the rest is shifts. */
function reduceByPrime(at: number): Reduction {
  return {
    lines: [`const m${at} = v128.and(c, MASK)`],
    terms: [
      [3, 'add', `i64x2.shl(m${at}, 9)`],
      [6, 'add', `i64x2.shl(m${at}, 18)`],
      [7, 'sub', `i64x2.shl(m${at}, 21)`],
      [8, 'add', `i64x2.shl(m${at}, 24)`],
    ],
  }
}

/** As the prime in its upper half; the tail of the lower is multiplied out. */
function reduceByOrder(at: number): Reduction {
  const tail = limbsOf(ORDER_TAIL).slice(0, 5)
  let inverse = ORDER_TAIL & MASK
  for (let round = 0; round < 5; round++) inverse = (inverse * (2n - ORDER_TAIL * inverse)) & MASK
  const times = (limb: bigint) => {
    return `i64x2.extmul_low_i32x4_s(n${at}, i32x4(${limb}, ${limb}, ${limb}, ${limb}))`
  }
  const word = `i32x4(${inverse}, 0, ${inverse}, 0)`
  return {
    lines: [
      `const m${at} = v128.and(i32x4.mul(c, ${word}), MASK)`,
      `const n${at} = v128.shuffle<i32>(m${at}, m${at}, 0, 2, 0, 2)`,
      `c = i64x2.sub(c, ${times(tail[0] ?? 0n)})`,
    ],
    terms: [
      ...tail.slice(1).map((limb, index) => [index + 1, 'sub', times(limb)] as const),
      [6, 'add', `i64x2.shl(m${at}, 18)`],
      [7, 'sub', `i64x2.shl(m${at}, 21)`],
      [8, 'add', `i64x2.shl(m${at}, 24)`],
    ],
  }
}

/**
 * One product by columns. Each column starts from the carry of the last, which keeps the compiler
 * from having all of them alive at once; and from a bias, so that a logical shift may carry (the
 * arithmetic one is six instructions where there is no AVX-512).
 */
function product(options: { name: string; reduce: (at: number) => Reduction; form: Form }): string {
  const { name, reduce, form } = options
  const parameters = PARAMETERS[form]
  const lines = parameters.flatMap((value) => loads(value))
  if (form.startsWith('sqr')) lines.push(...doubles())
  const splat = (value: bigint) => `i64x2(0x${value.toString(16)}, 0x${value.toString(16)})`
  lines.push(`const MASK = ${splat(MASK)}`)
  const later = new Map<number, (readonly [Sign, string])[]>()
  const less = (at: number, sum: string) => {
    return form.endsWith('Less') ? `i64x2.sub(${sum}, i64x2.extend_low_i32x4_s(w${at}))` : sum
  }
  for (let column = 0; column < 2 * LIMBS - 1; column++) {
    let sum = columnSum(form, column)
    for (const [sign, term] of later.get(column) ?? []) sum = `i64x2.${sign}(${sum}, ${term})`
    if (column >= LIMBS) sum = less(column - LIMBS, sum)
    const carry = `i64x2.add(i64x2.shr_u(c, ${LIMB_BITS}), ${splat(BIAS - BIAS_CARRY)})`
    lines.push(
      column === 0
        ? `let c = i64x2.add(${splat(BIAS)}, ${sum})`
        : `c = i64x2.add(${carry}, ${sum})`,
    )
    if (column >= LIMBS) {
      lines.push(`const r${column - LIMBS} = v128.and(c, MASK)`)
      continue
    }
    const { lines: step, terms } = reduce(column)
    lines.push(...step)
    for (const [by, sign, term] of terms) {
      later.set(column + by, [...(later.get(column + by) ?? []), [sign, term]])
    }
  }
  const top = less(LIMBS - 1, `i64x2.shr_u(c, ${LIMB_BITS})`)
  lines.push(`const r${LIMBS - 1} = i64x2.sub(${top}, ${splat(BIAS_CARRY)})`)
  lines.push(...stores())
  const signature = ['target', ...parameters].map((each) => `${each}: usize`).join(', ')
  const body = lines.map((line) => `  ${line}\n`).join('')
  return `export function ${name}(${signature}): void {\n${body}}\n`
}

/** Above every sum of products of which one factor may have the bit too many. */
const BIAS = 2n ** 63n
const BIAS_CARRY = BIAS >> BigInt(LIMB_BITS)

function loads(value: string): string[] {
  return Array.from({ length: LIMBS }, (_, at) => {
    return `const ${value}${at} = v128.load64_zero(${value}, ${at * 8})`
  })
}

/** Two limbs at a time: their low words are gathered into one vector. */
function stores(): string[] {
  const pairs = [0, 2, 4, 6].map((at) => {
    const both = `v128.shuffle<i32>(r${at}, r${at + 1}, 0, 2, 4, 6)`
    return `v128.store(target, ${both}, ${at * 8})`
  })
  return [...pairs, 'v128.store64_lane(target, v128.shuffle<i32>(r8, r8, 0, 2, 0, 2), 0, 64)']
}

function doubles(): string[] {
  return Array.from({ length: LIMBS }, (_, at) => `const d${at} = i32x4.add(a${at}, a${at})`)
}

function columnSum(form: Form, column: number): string {
  const products: string[] = []
  const times = (x: string, y: string) => `i64x2.extmul_low_i32x4_s(${x}, ${y})`
  const square = form.startsWith('sqr')
  for (let i = Math.max(0, column - LIMBS + 1); i <= Math.min(column, LIMBS - 1); i++) {
    const j = column - i
    if (!square) products.push(times(`a${i}`, `b${j}`))
    else if (i < j) products.push(times(`d${i}`, `a${j}`))
    else if (i === j) products.push(times(`a${i}`, `a${i}`))
  }
  return products.reduce((sum, each) => `i64x2.add(${sum}, ${each})`)
}

/** Sums and differences without a carry, and copies: too short to be called. */
function sums(): string[] {
  const each = (lane: (load: string, at: number) => string) => {
    const most = [0, 16, 32, 48].map((at) => `v128.store(target, ${lane('v128.load', at)}, ${at})`)
    const last = `v128.store64_lane(target, ${lane('v128.load64_zero', 64)}, 0, 64)`
    return [...most, last].map((line) => `  ${line}\n`).join('')
  }
  const write = (name: string, parameters: string, body: string) => {
    const head = `export function ${name}(target: usize, ${parameters}): void`
    return `// @ts-ignore: decorator\n@inline\n${head} {\n${body}}\n`
  }
  const sum = (name: string) =>
    write(
      name,
      'a: usize, b: usize',
      each((load, at) => `i32x4.${name}(${load}(a, ${at}), ${load}(b, ${at}))`),
    )
  return [
    sum('add'),
    sum('sub'),
    write(
      'copyPair',
      'source: usize',
      each((load, at) => `${load}(source, ${at})`),
    ),
  ]
}
