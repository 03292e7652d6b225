/** One modulus of the inversion, as signed limbs of 30 bits: few of them are not zero. */
interface Modulus {
  readonly name: string
  readonly limbs: readonly number[]
  /** The modulus' inverse mod 2^30. */
  readonly inverse: number
}

const LIMB_BITS = 30
const LIMBS = 9
const MASK = (1n << 30n) - 1n

/**
 * A sum of signed powers of two, as limbs: a limb that is zero costs no multiplication. That the
 * limbs are not in the range of digits does no harm, the first update brings them there.
 */
function modulusOf(name: string, terms: readonly (readonly [bigint, number])[]): Modulus {
  const limbs = new Array<bigint>(LIMBS).fill(0n)
  let value = 0n
  for (const [factor, exponent] of terms) {
    const at = Math.min(Math.floor(exponent / LIMB_BITS), LIMBS - 1)
    limbs[at] = (limbs[at] ?? 0n) + factor * (1n << BigInt(exponent - at * LIMB_BITS))
    value += factor * (1n << BigInt(exponent))
  }
  return { name, limbs: carried(limbs).map(Number), inverse: Number(inverseOf(value)) }
}

/** The same number with every limb in a word of 32 bits. */
function carried(limbs: readonly bigint[]): bigint[] {
  const wide = (limb: bigint) => limb > MASK || limb < -MASK
  if (!limbs.some(wide)) return [...limbs]
  const result: bigint[] = []
  let carry = 0n
  limbs.forEach((limb, at) => {
    const sum = limb + carry
    const last = at === LIMBS - 1
    result.push(last ? sum : sum & MASK)
    carry = sum >> BigInt(LIMB_BITS)
  })
  return result
}

/** Newton's iteration: five doublings of the bits that are right cover the thirty. */
function inverseOf(value: bigint): bigint {
  let inverse = value & MASK
  for (let round = 0; round < 5; round++) inverse = (inverse * (2n - value * inverse)) & MASK
  return inverse
}

/**
 * 2^256 − ORDER_P256_TAIL is the order of P-256 but for the powers of two it shares with the prime.
 */
const ORDER_P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const MODULI: readonly Modulus[] = [
  modulusOf('25519', [
    [1n, 255],
    [-19n, 0],
  ]),
  modulusOf('P', [
    [1n, 256],
    [-1n, 224],
    [1n, 192],
    [1n, 96],
    [-1n, 0],
  ]),
  modulusOf('N', [
    [1n, 256],
    [-1n, 224],
    [1n, 192],
    [ORDER_P256 - (1n << 256n) + (1n << 224n) - (1n << 192n), 0],
  ]),
]

export const sources = { 'gcd.ts': generateGcd }

/** AssemblyScript text of the unrolled steps of wasm/assembly/gcd.ts. */
export function generateGcd(): string {
  return [
    updateFg(),
    ...MODULI.flatMap((modulus) => [start(modulus), updateDe(modulus), finish(modulus)]),
  ].join('\n')
}

function procedure(name: string, parameters: string, lines: readonly string[]): string {
  const body = lines.map((line) => `  ${line}\n`).join('')
  const head = `export function ${name}(${parameters}): void`
  return `// @ts-ignore: decorator\n@inline\n${head} {\n${body}}\n`
}

const MATRIX = 'state: usize, u: i64, v: i64, q: i64, r: i64'

// Where in the state its four numbers lie, 48 bytes each.
const GCD_F = 0
const GCD_G = 48
const GCD_D = 96
const GCD_E = 144

const limb = (row: number, at: number) => `<i64>load<i32>(state + ${row + 4 * at})`
const keep = (row: number, at: number, value: string) =>
  `store<i32>(state + ${row + 4 * at}, <i32>(${value}))`

/** (f, g) times the matrix, over 2^30: the division is exact. */
function updateFg(): string {
  const lines = [`let f = ${limb(GCD_F, 0)}, g = ${limb(GCD_G, 0)}`]
  lines.push('let cf = (u * f + v * g) >> 30, cg = (q * f + r * g) >> 30')
  for (let at = 1; at < LIMBS; at++) {
    lines.push(`f = ${limb(GCD_F, at)}; g = ${limb(GCD_G, at)}`)
    lines.push('cf += u * f + v * g; cg += q * f + r * g')
    lines.push(keep(GCD_F, at - 1, `cf & ${MASK}`), keep(GCD_G, at - 1, `cg & ${MASK}`))
    lines.push('cf >>= 30; cg >>= 30')
  }
  lines.push(keep(GCD_F, LIMBS - 1, 'cf'), keep(GCD_G, LIMBS - 1, 'cg'))
  return procedure('updateFg', MATRIX, lines)
}

/**
 * (d, e) times the matrix, over 2^30 mod the modulus: a multiple of the modulus is added that makes
 * the division exact, and that keeps both between −2 and 1 times the modulus.
 */
function updateDe(modulus: Modulus): string {
  const term = (at: number, factor: string) => {
    const value = modulus.limbs[at] ?? 0
    return value === 0 ? '' : ` + ${factor} * ${value}`
  }
  const lines = [`let d = ${limb(GCD_D, 8)} >> 31, e = ${limb(GCD_E, 8)} >> 31`]
  lines.push('let md = (u & d) + (v & e), me = (q & d) + (r & e)')
  lines.push(`d = ${limb(GCD_D, 0)}; e = ${limb(GCD_E, 0)}`)
  lines.push('let cd = u * d + v * e, ce = q * d + r * e')
  lines.push(`md -= (${modulus.inverse} * cd + md) & ${MASK}`)
  lines.push(`me -= (${modulus.inverse} * ce + me) & ${MASK}`)
  lines.push(`cd = (cd${term(0, 'md')}) >> 30; ce = (ce${term(0, 'me')}) >> 30`)
  for (let at = 1; at < LIMBS; at++) {
    lines.push(`d = ${limb(GCD_D, at)}; e = ${limb(GCD_E, at)}`)
    lines.push(`cd += u * d + v * e${term(at, 'md')}; ce += q * d + r * e${term(at, 'me')}`)
    lines.push(keep(GCD_D, at - 1, `cd & ${MASK}`), keep(GCD_E, at - 1, `ce & ${MASK}`))
    lines.push('cd >>= 30; ce >>= 30')
  }
  lines.push(keep(GCD_D, LIMBS - 1, 'cd'), keep(GCD_E, LIMBS - 1, 'ce'))
  return procedure(`updateDe${modulus.name}`, MATRIX, lines)
}

/** f is the modulus and g the number; d is 0 and e is 1. */
function start(modulus: Modulus): string {
  const lines = ['const a = load<u64>(source), b = load<u64>(source, 8)']
  lines.push('const c = load<u64>(source, 16), x = load<u64>(source, 24)')
  const words = ['a', 'b', 'c', 'x']
  for (let at = 0; at < LIMBS; at++) {
    const low = at * LIMB_BITS
    const word = low >> 6
    const shift = low & 63
    const spill = shift + LIMB_BITS > 64 && word < 3 ? ` | ${words[word + 1]} << ${64 - shift}` : ''
    lines.push(keep(GCD_G, at, `(${words[word]} >> ${shift}${spill}) & ${MASK}`))
    lines.push(keep(GCD_F, at, `${modulus.limbs[at] ?? 0}`))
    lines.push(keep(GCD_D, at, '0'), keep(GCD_E, at, at === 0 ? '1' : '0'))
  }
  return procedure(`start${modulus.name}`, 'state: usize, source: usize', lines)
}

/** The inverse is d, with the sign of f, brought into 0 … modulus − 1. */
function finish(modulus: Modulus): string {
  const names = Array.from({ length: LIMBS }, (_, at) => `d${at}`)
  const carry = names.slice(1).flatMap((name, at) => {
    return [`${name} += d${at} >> 30; d${at} &= ${MASK}`]
  })
  const addIfNegative = [
    'mask = d8 >> 63',
    ...names.flatMap((name, at) =>
      modulus.limbs[at] ? [`${name} += mask & ${modulus.limbs[at]}`] : [],
    ),
  ]
  const lines = names.map((name, at) => `let ${name} = ${limb(GCD_D, at)}`)
  lines.push('let mask: i64 = 0', ...addIfNegative)
  lines.push(`mask = ${limb(GCD_F, 8)} >> 31`)
  lines.push(...names.map((name) => `${name} = (${name} ^ mask) - mask`))
  lines.push(...carry, ...addIfNegative, ...carry)
  lines.push('store<u64>(target, d0 | d1 << 30 | d2 << 60)')
  lines.push('store<u64>(target, d2 >> 4 | d3 << 26 | d4 << 56, 8)')
  lines.push('store<u64>(target, d4 >> 8 | d5 << 22 | d6 << 52, 16)')
  lines.push('store<u64>(target, d6 >> 12 | d7 << 18 | d8 << 48, 24)')
  return procedure(`finish${modulus.name}`, 'target: usize, state: usize', lines)
}
