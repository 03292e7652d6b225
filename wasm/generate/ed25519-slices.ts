import { range } from './text.ts'

// Sixteen bytes of sixteen table entries at once: each byte of an entry is a row of 128, one for
// every entry of the window, and a swizzle picks from sixteen of a row for all sixteen digits.
// Then the sixteen by sixteen bytes are turned over, so that each digit's bytes lie together.

const ROW_BYTES = 128
const DIGITS = 16

export const sources = { 'ed25519-slices.ts': writeSlices }

function selectRow(row: number): string {
  const found = range(8).map(
    (part) => `i8x16.swizzle(v128.load(table, ${row * ROW_BYTES + part * 16}), i${part})`,
  )
  return found.reduce((left, right) => `v128.or(${left}, ${right})`)
}

/** Rounds of interleaving: bytes, then pairs, fours and eights, turn columns into rows. */
function transpose(names: readonly string[]): { lines: string[]; names: string[] } {
  const lines: string[] = []
  let current = [...names]
  for (const round of range(4)) {
    const next = range(DIGITS).map((index) => `t${round}_${index}`)
    const half = DIGITS / 2
    for (const index of range(half)) {
      const [left, right] = [current[index] as string, current[index + half] as string]
      const low = range(8).flatMap((byte) => [byte, byte + 16])
      const high = range(8).flatMap((byte) => [byte + 8, byte + 24])
      lines.push(
        `const ${next[2 * index]} = i8x16.shuffle(${left}, ${right}, ${low.join(', ')})`,
        `const ${next[2 * index + 1]} = i8x16.shuffle(${left}, ${right}, ${high.join(', ')})`,
      )
    }
    current = next
  }
  return { lines, names: current }
}

function writeSlices(): string {
  const indexes = range(8, 1).map(
    (part) => `const i${part} = i8x16.sub(i${part - 1}, i8x16.splat(16))`,
  )
  const rows = range(16).map((row) => `const r${row} = ${selectRow(row)}`)
  const whole = transpose(range(16).map((row) => `r${row}`))
  const stores = (names: readonly string[]) =>
    names.map((name, digit) => `v128.store(target, ${name}, ${digit * ROW_BYTES})`)
  const lines = [
    'const i0 = i8x16.sub(i8x16.abs(v128.load(digits)), i8x16.splat(1))',
    ...indexes.slice(0, 7),
  ]
  const indent = (text: readonly string[]) => text.map((line) => `  ${line}`).join('\n')
  const half = range(16).map((row) =>
    row < 8 ? `const r${row} = ${selectRow(row)}` : `const r${row} = none`,
  )
  return `/** Sixteen bytes of the entries that sixteen signed digits name; zeros for 0. */
export function selectGroup(table: usize, target: usize, digits: usize): void {
${indent(lines)}
${indent(rows)}
${indent(whole.lines)}
${indent(stores(whole.names))}
}

/** The last eight bytes of sixteen entries, and zeros. */
export function selectHalfGroup(table: usize, target: usize, digits: usize): void {
  const none = i64x2.splat(0)
${indent(lines)}
${indent(half)}
${indent(whole.lines)}
${indent(stores(whole.names))}
}
`
}
