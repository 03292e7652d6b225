import { range } from './text.ts'

export const sources = { 'p256-lookup.ts': generateLookup }

/** AssemblyScript text of what wasm/assembly/p256-lookup.ts has unrolled. */
export function generateLookup(): string {
  return [transpose(), gather(), unpack()].join('\n')
}

/** Four times the first and the second half are interleaved: then rows are columns. */
function transpose(): string {
  const low = range(16).map((at) => (at >> 1) + (at & 1) * 16)
  const high = low.map((at) => at + 8)
  const lines = range(16).map((row) => `let a${row} = v128.load(source + ${row} * stride)`)
  let [from, to] = ['a', 'b']
  for (let round = 0; round < 4; round++) {
    for (const row of range(8)) {
      const pair = `${from}${row}, ${from}${row + 8}`
      const declare = round === 0 ? 'let ' : ''
      lines.push(`${declare}${to}${row * 2} = i8x16.shuffle(${pair}, ${low.join(', ')})`)
      lines.push(`${declare}${to}${row * 2 + 1} = i8x16.shuffle(${pair}, ${high.join(', ')})`)
    }
    ;[from, to] = [to, from]
  }
  lines.push(...range(16).map((row) => `v128.store(target + ${row} * step, ${from}${row})`))
  const parameters = 'target: usize, step: usize, source: usize, stride: usize'
  return `export function transpose16(${parameters}): void {\n  ${lines.join('\n  ')}\n}\n`
}

/**
 * A swizzle gives zero for an index outside its sixteen bytes, so eight of them cover 128 entries.
 */
function gather(): string {
  const lines = ['let i0 = indexes']
  for (const part of range(7)) {
    lines.push(`const i${part + 1} = i8x16.sub(i${part}, i8x16.splat(16))`)
  }
  lines.push('for (let row: usize = 0; row < rows; row++) {')
  const found = range(8).map((part) => `i8x16.swizzle(v128.load(slab, ${part * 16}), i${part})`)
  const or = (terms: readonly string[]): string => {
    if (terms.length === 1) return terms[0] ?? ''
    const half = terms.length / 2
    return `v128.or(${or(terms.slice(0, half))}, ${or(terms.slice(half))})`
  }
  lines.push(`  v128.store(target + row * 16, ${or(found)})`, '  slab += 128', '}')
  const parameters = 'target: usize, slabAt: usize, at: usize, rows: usize'
  lines.unshift('let slab = slabAt', 'const indexes = v128.load(at)')
  return `export function gatherRows(${parameters}): void {\n  ${lines.join('\n  ')}\n}\n`
}

/**
 * Two numbers of 32 bytes into a pair: every limb of 29 bits lies within eight bytes of its first.
 */
function unpack(): string {
  const lines = range(9).flatMap((at) => {
    const [byte, shift] = [(at * 29) >> 3, (at * 29) & 7]
    const mask = at === 8 ? '0xffffff' : '0x1fffffff'
    const words = `v128.load64_lane(b, v128.load64_zero(a, ${byte}), 1, ${byte})`
    return [
      `const l${at} = v128.and(i64x2.shr_u(${words}, ${shift}), i64x2(${mask}, ${mask}))`,
      `v128.store64_lane(target, v128.shuffle<i32>(l${at}, l${at}, 0, 2, 0, 2), 0, ${at * 8})`,
    ]
  })
  const parameters = 'target: usize, a: usize, b: usize'
  return `export function unpackNumbers(${parameters}): void {\n  ${lines.join('\n  ')}\n}\n`
}
