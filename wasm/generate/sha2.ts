import { range } from './text.ts'

/** What differs between SHA-256 and SHA-512 (FIPS 180-4 §4.1, §5.3, §6). */
interface Hash {
  readonly name: string
  readonly word: 'u32' | 'u64'
  readonly wordBytes: number
  readonly rounds: number
  /**
   * Distances of the sums and of the schedule; the last of a schedule's three shifts, not
   * rotates.
   */
  readonly sumA: readonly [number, number, number]
  readonly sumE: readonly [number, number, number]
  readonly early: readonly [number, number, number]
  readonly late: readonly [number, number, number]
}

const SHA256: Hash = {
  name: 'sha256',
  word: 'u32',
  wordBytes: 4,
  rounds: 64,
  sumA: [2, 13, 22],
  sumE: [6, 11, 25],
  early: [7, 18, 3],
  late: [17, 19, 10],
}

const SHA512: Hash = {
  name: 'sha512',
  word: 'u64',
  wordBytes: 8,
  rounds: 80,
  sumA: [28, 34, 39],
  sumE: [14, 18, 41],
  early: [1, 8, 7],
  late: [19, 61, 6],
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

function writeSchedule(hash: Hash, x: string, [a, b, c]: readonly [number, number, number]) {
  return `(rotr<${hash.word}>(${x}, ${a}) ^ rotr<${hash.word}>(${x}, ${b}) ^ (${x} >> ${c}))`
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
    `both = i64x2.add(${v(0)}, v128.load(K512, ${round * 8}))`,
    `w0 = i64x2.extract_lane(both, 0)`,
    `w1 = i64x2.extract_lane(both, 1)`,
  ]
}

function writeRound(hash: Hash, round: number, constant: bigint): string {
  // The eight variables keep their names and change their parts from round to round.
  const name = (part: number) => 'abcdefgh'.charAt((part - round + 80) % 8)
  const [a, b, d, e, f, g, h] = [0, 1, 3, 4, 5, 6, 7].map(name) as [string, ...string[]]
  const w = (index: number) => `w${index % 16}`
  const lines: string[] = []
  const isPaired = hash.word === 'u64'
  if (isPaired) {
    if (round % 2 === 0) lines.push(...writePair(round))
  } else if (round >= 16) {
    const late = writeSchedule(hash, w(round - 2), hash.late)
    const early = writeSchedule(hash, w(round - 15), hash.early)
    lines.push(`${w(round)} = ${w(round)} + ${w(round - 7)} + ${late} + ${early}`)
  }
  const fresh = isPaired ? `w${round % 2}` : `${hex(constant)} + ${w(round)}`
  const chosen = `(${g} ^ (${e} & (${f} ^ ${g})))`
  lines.push(
    // The sum over e is ready last, so it is added last: in any other order the additions behind it
    // would lengthen the chain from one round's e to the next.
    `${h} = ${h} + ${fresh} + ${chosen} + ${writeSum(hash, e as string, hash.sumE)}`,
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
  if (hash.word === 'u64') {
    const vectors = range(8).map((group) => `    let v${group} = ${loadGroup(group)}`)
    const rest = ['early', 'late', 'both'].map((name) => `    let ${name} = v0`)
    return [...vectors, ...rest, '    let w0: u64 = 0', '    let w1: u64 = 0'].join('\n')
  }
  return range(16 / lanes)
    .map((group) => {
      const words = range(lanes).map(
        (index) =>
          `    let w${group * lanes + index}: u32 = i32x4.extract_lane(v${group}, ${index})`,
      )
      return [`    const v${group} = ${loadGroup(group)}`, ...words].join('\n')
    })
    .join('\n')
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
  const table =
    hash.word === 'u64'
      ? `const K512: usize = memory.data<u64>([${constants.map(hex).join(', ')}], 16)\n\n`
      : ''
  return `${table}/** Writes the state a digest begins with. */
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
${constants.map((constant, round) => writeRound(hash, round, constant)).join('\n')}
${state.map((name) => `    ${name}0 = ${name}0 + ${name}`).join('\n')}
    source += ${16 * size}
  }
${state.map((name, at) => writeStore(`${name}0`, at)).join('\n')}
}
`
}
