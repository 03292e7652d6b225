import { range } from './text.ts'

/** What differs between SHA-256 and SHA-512 (FIPS 180-4 §4.1, §5.3, §6). */
interface Hash {
  readonly name: string
  readonly word: 'u32' | 'u64'
  readonly wordBytes: number
  readonly rounds: number
  /** Distances of the sums. */
  readonly sumA: readonly [number, number, number]
  readonly sumE: readonly [number, number, number]
  /** What makes the words of a vector, from this round on. */
  readonly writeWords: (round: number) => readonly string[]
}

const SHA256: Hash = {
  name: 'sha256',
  word: 'u32',
  wordBytes: 4,
  rounds: 64,
  sumA: [2, 13, 22],
  sumE: [6, 11, 25],
  writeWords: writeFour,
}

const SHA512: Hash = {
  name: 'sha512',
  word: 'u64',
  wordBytes: 8,
  rounds: 80,
  sumA: [28, 34, 39],
  sumE: [14, 18, 41],
  writeWords: writePair,
}

export const sources = {
  'sha256.ts': () => writeHash(SHA256),
  'sha512.ts': () => writeHash(SHA512),
}

/** The first primes, whose roots' fractions are the constants of FIPS 180-4 §4.2 and §5.3. */
function primes(count: number): bigint[] {
  const found: bigint[] = []
  for (let candidate = 2n; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0n)) found.push(candidate)
  }
  return found
}

/** The first `bits` bits of the fraction of the `degree`-th root of `value`. */
function rootFraction(value: bigint, degree: bigint, bits: bigint): bigint {
  const scaled = value << (degree * bits)
  let root = 0n
  for (let bit = bits + 5n; bit >= 0n; bit--) {
    const tried = root | (1n << bit)
    if (tried ** degree <= scaled) root = tried
  }
  return root & ((1n << bits) - 1n)
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}

function bitsOf(hash: Hash): bigint {
  return BigInt(hash.wordBytes * 8)
}

/**
 * A sum of three rotations, nested: rotr2(x ^ rotr11(x ^ rotr9(x))) turns by 2, 13 and 22 in as
 * many operations as three rotations side by side, but holds one value at a time instead of
 * three.
 */
function writeSum(hash: Hash, x: string, [a, b, c]: readonly [number, number, number]): string {
  const turn = (text: string, by: number) => `rotr<${hash.word}>(${text}, ${by})`
  return turn(`${x} ^ ${turn(`${x} ^ ${turn(x, c - b)}`, b - a)}`, a)
}

/**
 * The schedule of SHA-256 four words at a time, in vectors, which leave the registers to the eight
 * variables. The last two of four need the first two: their part is added behind. A word beside
 * itself, as one of 64 bits, is turned by one shift (Gueron and Krasnov, 2012).
 */
function writeFour(round: number): string[] {
  const v = (index: number) => `v${((round >> 2) + index) % 4}`
  const next = (left: string, right: string) => `i32x4.shuffle(${left}, ${right}, 1, 2, 3, 4)`
  const xor = (first: string, ...more: string[]): string =>
    more.reduce((all, one) => `v128.xor(${all}, ${one})`, first)
  const right = (by: number) => `i32x4.shr_u(early, ${by})`
  const left = (by: number) => `i32x4.shl(early, ${by})`
  const early = xor(right(7), left(25), right(18), left(14), right(3))
  const late = xor('i64x2.shr_u(late, 17)', 'i64x2.shr_u(late, 19)', 'i32x4.shr_u(late, 10)')
  const addLate = (from: string, pair: string, to: string) => [
    `late = i32x4.shuffle(${from}, ${from}, ${pair})`,
    `${v(0)} = i32x4.add(${v(0)}, i32x4.shuffle(${late}, i64x2.splat(0), ${to}))`,
  ]
  const schedule =
    round < 16
      ? []
      : [
          `early = ${next(v(0), v(1))}`,
          `${v(0)} = i32x4.add(i32x4.add(${v(0)}, ${next(v(2), v(3))}), ${early})`,
          ...addLate(v(3), '2, 2, 3, 3', '0, 2, 4, 4'),
          ...addLate(v(0), '0, 0, 1, 1', '4, 4, 0, 2'),
        ]
  return [
    ...schedule,
    `sums = i32x4.add(${v(0)}, v128.load(K256, ${round * 4}))`,
    ...range(4).map((lane) => `w${lane} = i32x4.extract_lane(sums, ${lane})`),
  ]
}

/**
 * The schedule of SHA-512 two words at a time, in vectors: neither of two neighbours needs the
 * other, and the sixteen words leave the registers to the eight variables.
 */
function writePair(round: number): string[] {
  const v = (index: number) => `v${((round >> 1) + index) % 8}`
  const turn = (x: string, by: number) =>
    `v128.or(i64x2.shr_u(${x}, ${by}), i64x2.shl(${x}, ${64 - by}))`
  const byte = range(16).map((at) => (at & 8) | ((at + 1) & 7))
  const straddle = (left: string, right: string) => `i64x2.shuffle(${left}, ${right}, 1, 2)`
  const byByte = `i8x16.shuffle(early, early, ${byte.join(', ')})`
  const early = `v128.xor(v128.xor(${turn('early', 1)}, ${byByte}), i64x2.shr_u(early, 7))`
  const late = `v128.xor(v128.xor(${turn('late', 19)}, ${turn('late', 61)}), i64x2.shr_u(late, 6))`
  const schedule =
    round < 16
      ? []
      : [
          `early = ${straddle(v(0), v(1))}`,
          `late = ${v(7)}`,
          `${v(0)} = i64x2.add(i64x2.add(${v(0)}, ${straddle(v(4), v(5))}), ${early})`,
          `${v(0)} = i64x2.add(${v(0)}, ${late})`,
        ]
  return [
    ...schedule,
    `sums = i64x2.add(${v(0)}, v128.load(K512, ${round * 8}))`,
    `w0 = i64x2.extract_lane(sums, 0)`,
    `w1 = i64x2.extract_lane(sums, 1)`,
  ]
}

function writeRound(hash: Hash, round: number): string {
  // The eight variables keep their names and change their parts from round to round.
  const name = (part: number) => 'abcdefgh'.charAt((part - round + 80) % 8)
  const [a, b, d, e, f, g, h] = [0, 1, 3, 4, 5, 6, 7].map(name) as [string, ...string[]]
  const lanes = 16 / hash.wordBytes
  const lines = round % lanes === 0 ? [...hash.writeWords(round)] : []
  const chosen = `(${g} ^ (${e} & (${f} ^ ${g})))`
  lines.push(
    // The sum over e is ready last, so it is added last: in any other order the additions behind it
    // would lengthen the chain from one round's e to the next.
    `${h} = ${h} + w${round % lanes} + ${chosen} + ${writeSum(hash, e as string, hash.sumE)}`,
    `${d} = ${d} + ${h}`,
    // Majority by what differs: a ^ b of this round is b ^ c of the next.
    `next = ${a} ^ ${b}`,
    `${h} = ${h} + ${writeSum(hash, a, hash.sumA)} + (${b} ^ (next & last))`,
    'last = next',
  )
  return lines.map((line) => `    ${line}`).join('\n')
}

function writeLoads(hash: Hash): string {
  const lanes = 16 / hash.wordBytes
  const order = range(16).map((byte) => {
    const word = Math.floor(byte / hash.wordBytes)
    return word * hash.wordBytes + (hash.wordBytes - 1 - (byte % hash.wordBytes))
  })
  const loadGroup = (group: number) =>
    `i8x16.swizzle(v128.load(source, ${group * 16}), i8x16(${order.join(', ')}))`
  const vectors = range(16 / lanes).map((group) => `    let v${group} = ${loadGroup(group)}`)
  const rest = ['early', 'late', 'sums'].map((name) => `    let ${name} = v0`)
  const words = range(lanes).map((lane) => `    let w${lane}: ${hash.word} = 0`)
  return [...vectors, ...rest, ...words].join('\n')
}

function writeHash(hash: Hash): string {
  const constants = primes(hash.rounds).map((prime) => rootFraction(prime, 3n, bitsOf(hash)))
  const initial = primes(8).map((prime) => rootFraction(prime, 2n, bitsOf(hash)))
  const size = hash.wordBytes
  const state = range(8).map((index) => 'abcdefgh'.charAt(index))
  const writeStore = (value: string, at: number) =>
    `  store<${hash.word}>(state, ${value}, ${at * size})`
  const writeLoad = (name: string, at: number) =>
    `  let ${name}0: ${hash.word} = load<${hash.word}>(state, ${at * size})`
  const table = `K${size * 64}: usize = memory.data<${hash.word}>`
  return `const ${table}([${constants.map(hex).join(', ')}], 16)

/** Writes the state a digest begins with. */
export function ${hash.name}Start(state: usize): void {
${initial.map((value, at) => writeStore(hex(value), at)).join('\n')}
}

/** Folds \`blocks\` whole blocks at \`source\` into the state. */
export function ${hash.name}Blocks(state: usize, source: usize, blocks: usize): void {
${state.map(writeLoad).join('\n')}
  for (let left = blocks; left > 0; left--) {
${writeLoads(hash)}
${state.map((name) => `    let ${name} = ${name}0`).join('\n')}
    let last = b ^ c
    let next = last
${constants.map((_, round) => writeRound(hash, round)).join('\n')}
${state.map((name) => `    ${name}0 = ${name}0 + ${name}`).join('\n')}
    source += ${16 * size}
  }
${state.map((name, at) => writeStore(`${name}0`, at)).join('\n')}
}
`
}
