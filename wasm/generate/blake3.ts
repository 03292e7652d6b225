import { range } from './text.ts'

/** BLAKE3 §2.2: how a round's words are taken for the next. */
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
const IV = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a]
const ROUNDS = 7
/** CHUNK_START, CHUNK_END, ROOT and KEYED_HASH: a message of one block is all of these at once. */
const FLAGS = 1 | 2 | 8 | 16

export const sources = { 'blake3.ts': writeBlake3 }

function writeMix(parts: readonly [number, number, number, number], x: number, y: number) {
  const [a, b, c, d] = parts.map((part) => `v${part}`)
  const half = (word: number, turnD: number, turnB: number) => [
    `${a} = ${a} + ${b} + m${word}`,
    `${d} = rotr<u32>(${d} ^ ${a}, ${turnD})`,
    `${c} = ${c} + ${d}`,
    `${b} = rotr<u32>(${b} ^ ${c}, ${turnB})`,
  ]
  return [...half(x, 16, 12), ...half(y, 8, 7)]
}

function writeRounds(): string[] {
  const lines: string[] = []
  let order = range(16)
  for (let round = 0; round < ROUNDS; round++) {
    for (const half of [0, 1]) {
      for (const column of range(4)) {
        const turn = (row: number) => row * 4 + ((column + row * half) % 4)
        const at = half * 8 + column * 2
        const [x, y] = [order[at] as number, order[at + 1] as number]
        lines.push(...writeMix([turn(0), turn(1), turn(2), turn(3)], x, y))
      }
    }
    order = PERMUTATION.map((from) => order[from] as number)
  }
  return lines
}

function writeBlake3(): string {
  const words = (from: number, name: (index: number) => string, text: (index: number) => string) =>
    range(8, from).map((index) => `  let ${name(index)}: u32 = ${text(index - from)}`)
  return `/**
 * Writes the 32 bytes of BLAKE3's keyed hash of the one block at \`source\`: \`length\` bytes,
 * zeros up to 64.
 */
export function blake3Block(target: usize, key: usize, source: usize, length: u32): void {
${range(16)
  .map((index) => `  const m${index} = load<u32>(source, ${index * 4})`)
  .join('\n')}
${words(
  0,
  (index) => `v${index}`,
  (index) => `load<u32>(key, ${index * 4})`,
).join('\n')}
${IV.map((value, index) => `  let v${index + 8}: u32 = 0x${value.toString(16)}`).join('\n')}
  let v12: u32 = 0
  let v13: u32 = 0
  let v14: u32 = length
  let v15: u32 = ${FLAGS}
${writeRounds()
  .map((line) => `  ${line}`)
  .join('\n')}
${range(8)
  .map((index) => `  store<u32>(target, v${index} ^ v${index + 8}, ${index * 4})`)
  .join('\n')}
}
`
}
