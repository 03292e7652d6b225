import { range } from './text.ts'

export const sources = { 'p256-digests.ts': generateDigests }

/** The fractions of the cube roots of the first primes (FIPS 180-4 §4.2.2), 32 bits each. */
function roundConstants(): bigint[] {
  const primes: bigint[] = []
  for (let candidate = 2n; primes.length < 64; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0n)) primes.push(candidate)
  }
  return primes.map((prime) => {
    let root = 0n
    for (let bit = 1n << 36n; bit > 0n; bit >>= 1n) {
      if ((root + bit) ** 3n <= prime << 96n) root += bit
    }
    return root & 0xffffffffn
  })
}

const add = (...terms: readonly string[]) =>
  terms.reduce((sum, term) => `i32x4.add(${sum}, ${term})`)
const xor = (left: string, right: string) => `v128.xor(${left}, ${right})`
const and = (left: string, right: string) => `v128.and(${left}, ${right})`
const shift = (x: string, by: number) => `i32x4.shr_u(${x}, ${by})`
const turn = (x: string, by: number) => `v128.or(${shift(x, by)}, i32x4.shl(${x}, ${32 - by}))`

/** AssemblyScript text of one compression of SHA-256 for four messages, in the lanes of vectors. */
function generateDigests(): string {
  const stores = roundConstants().map((constant, at) => {
    return `  store<u32>(constants, 0x${constant.toString(16)}, ${at * 4})`
  })
  const names = [...'abcdefgh']
  const states = names.map((name, at) => `  let ${name} = v128.load(states, ${at * 16})`)
  const sums = names.map((name, at) => {
    return `  v128.store(states, ${add(name, `v128.load(states, ${at * 16})`)}, ${at * 16})`
  })
  const head = 'export function compressFour(states: usize, constants: usize, '
  return [
    `export function storeRoundConstants(constants: usize): void {\n${stores.join('\n')}\n}\n`,
    `${head}m0: usize, m1: usize, m2: usize, m3: usize): void {`,
    ...loads(),
    ...states,
    '  let s: v128, t: v128',
    ...range(64).flatMap(round),
    ...sums,
    '}\n',
  ].join('\n')
}

/** Words w0 to w15 of all four blocks: each group of sixteen bytes is turned about its diagonal. */
function loads(): string[] {
  const order = range(16).map((byte) => (byte & 12) + 3 - (byte & 3))
  const pair = (left: string, right: string, lanes: string) =>
    `v128.shuffle<i32>(${left}, ${right}, ${lanes})`
  return range(4).flatMap((group) => {
    const rows = range(4).map((lane) => {
      const bytes = `v128.load(m${lane}, ${group * 16})`
      return `  const r${group}${lane} = i8x16.swizzle(${bytes}, i8x16(${order.join(', ')}))`
    })
    const [r0, r1, r2, r3] = range(4).map((lane) => `r${group}${lane}`) as [string, ...string[]]
    const [x, y, z, u] = ['x', 'y', 'z', 'u'].map((name) => `${name}${group}`) as [
      string,
      ...string[],
    ]
    return [
      ...rows,
      `  const ${x} = ${pair(r0, r1 as string, '0, 4, 1, 5')}`,
      `  const ${y} = ${pair(r2 as string, r3 as string, '0, 4, 1, 5')}`,
      `  const ${z} = ${pair(r0, r1 as string, '2, 6, 3, 7')}`,
      `  const ${u} = ${pair(r2 as string, r3 as string, '2, 6, 3, 7')}`,
      `  let w${group * 4} = ${pair(x, y as string, '0, 1, 4, 5')}`,
      `  let w${group * 4 + 1} = ${pair(x, y as string, '2, 3, 6, 7')}`,
      `  let w${group * 4 + 2} = ${pair(z as string, u as string, '0, 1, 4, 5')}`,
      `  let w${group * 4 + 3} = ${pair(z as string, u as string, '2, 3, 6, 7')}`,
    ]
  })
}

/** FIPS 180-4 §6.2.2; the three turns of a sum are nested, so that one value is held at a time. */
function round(at: number): string[] {
  const name = (part: number) => 'abcdefgh'.charAt((part - at + 64) % 8)
  const [a, b, c, d] = [name(0), name(1), name(2), name(3)]
  const [e, f, g, h] = [name(4), name(5), name(6), name(7)]
  const w = (index: number) => `w${index % 16}`
  const lines: string[] = []
  if (at >= 16) {
    const [early, late] = [w(at - 15), w(at - 2)]
    lines.push(
      `s = ${xor(xor(turn(early, 7), turn(early, 18)), shift(early, 3))}`,
      `t = ${xor(xor(turn(late, 17), turn(late, 19)), shift(late, 10))}`,
      `${w(at)} = ${add(w(at), w(at - 7), 's', 't')}`,
    )
  }
  const constant = `v128.load32_splat(constants, ${at * 4})`
  lines.push(
    `s = ${xor(e, turn(e, 14))}`,
    `s = ${xor(e, turn('s', 5))}`,
    `${h} = ${add(add(h, w(at), constant), xor(g, and(e, xor(f, g))), turn('s', 6))}`,
    `${d} = ${add(d, h)}`,
    `s = ${xor(a, turn(a, 9))}`,
    `s = ${xor(a, turn('s', 11))}`,
    `t = ${xor(and(a, b), and(c, xor(a, b)))}`,
    `${h} = ${add(h, turn('s', 2), 't')}`,
  )
  return lines.map((line) => `  ${line}`)
}
