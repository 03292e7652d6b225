import { range } from './text.ts'

// A value mod 2^255 - 19 is ten limbs of 26 and 25 bits in turn, limb i weighing 2^ceil(25.5 i),
// each a signed 32-bit number. Two values travel together: vector k holds limbs 2k of both and
// then limbs 2k + 1 of both, so five vectors, 80 bytes, are two values.

const PAIRS = 5

export const sources = { 'ed25519-field.ts': writeField }

/** One product of two limbs, both lanes: `low` takes even limbs, `high` odd ones. */
function product(half: 'low' | 'high', left: string, right: string): string {
  return `i64x2.extmul_${half}_i32x4_s(${left}, ${right})`
}

/**
 * The sum as nested calls, the carry its outermost term: a shape that the engine keeps in
 * registers. Columns computed side by side and carried afterwards run half as fast again.
 */
function sum(terms: readonly string[]): string {
  return terms.reduce((left, right) => `i64x2.add(${left}, ${right})`)
}

/** The columns of f times g, least first; wrapped ones come in nineteenfold. */
function mulColumns(): string[][] {
  const columns: string[][] = range(10).map(() => [])
  for (const i of range(PAIRS)) {
    for (const j of range(PAIRS)) {
      const even = i + j
      // Limbs of odd places weigh half a bit more each, so their product counts twice: d is f with
      // its odd limbs doubled.
      columns[(2 * even) % 10]?.push(product('low', `d${i}`, even < 5 ? `g${j}` : `n${j}`))
      columns[(2 * even + 2) % 10]?.push(product('high', `d${i}`, even < 4 ? `g${j}` : `n${j}`))
      const odd = columns[(2 * even + 1) % 10]
      odd?.push(product('low', `f${i}`, even < 5 ? `s${j}` : `t${j}`))
      odd?.push(product('high', `f${i}`, even < 5 ? `s${j}` : `t${j}`))
    }
  }
  return columns
}

/** The columns of f times f, each product of two different limbs taken once and doubled. */
function squareColumns(): string[][] {
  const columns: string[][] = range(10).map(() => [])
  for (const i of range(PAIRS)) {
    for (const j of range(PAIRS).filter((other) => other >= i)) {
      const even = i + j
      // e is 2f and q is 4f in odd places: what mulColumns would have met twice.
      const twice = i === j ? 'd' : 'q'
      columns[(2 * even) % 10]?.push(product('low', `${twice}${i}`, even < 5 ? `f${j}` : `n${j}`))
      columns[(2 * even + 2) % 10]?.push(
        product('high', `${twice}${i}`, even < 4 ? `f${j}` : `n${j}`),
      )
      const odd = columns[(2 * even + 1) % 10]
      odd?.push(product('low', `e${i}`, even < 5 ? `s${j}` : `t${j}`))
      if (i !== j) odd?.push(product('high', `e${i}`, even < 5 ? `s${j}` : `t${j}`))
    }
  }
  return columns
}

/**
 * Carries through the columns. There is no arithmetic shift of 64-bit lanes, so every column is
 * lifted by 2^62 before its shift; the next column's constant takes away what came over too much.
 */
function writeCarries(columns: readonly (readonly string[])[]): string[] {
  const lines: string[] = []
  columns.forEach((terms, index) => {
    const bits = index % 2 === 0 ? 26 : 25
    const lift = index === 0 ? 'FIRST' : index % 2 === 0 ? 'EVEN' : 'ODD'
    const carry = index === 0 ? [] : [`c${index - 1}`]
    lines.push(
      `const h${index} = ${sum([sum(terms), ...carry, `v128.load(LIFT_${lift})`])}`,
      `const c${index} = i64x2.shr_u(h${index}, ${bits})`,
    )
  })
  lines.push(
    'const over = i64x2.sub(c9, v128.load(LIFT_LAST))',
    'const over19 = i64x2.add(i64x2.add(i64x2.shl(over, 4), i64x2.shl(over, 1)), over)',
    // The remainder of column 0 once more, lifted as before: it is below 2^26 already.
    'const r0 = i64x2.add(v128.and(h0, v128.load(MASK_26)), over19)',
    'const k0 = i64x2.add(r0, v128.load(LIFT_WHOLE))',
    'const r1 = i64x2.add(v128.and(h1, v128.load(MASK_25)), i64x2.shr_u(k0, 26))',
    'const low0 = i32x4.shuffle(v128.and(k0, v128.load(MASK_26)), r1, 0, 2, 4, 6)',
    'v128.store(target, i32x4.sub(low0, v128.load(HALF)))',
  )
  for (const k of range(PAIRS - 1, 1)) {
    const pair = `i32x4.shuffle(h${2 * k}, h${2 * k + 1}, 0, 2, 4, 6)`
    lines.push(
      `const low${k} = v128.and(${pair}, v128.load(MASK_PAIR))`,
      `v128.store(target, i32x4.sub(low${k}, v128.load(HALF)), ${k * 16})`,
    )
  }
  return lines
}

function writeField(): string {
  const indent = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n')
  const each = (text: (index: number) => string) => range(PAIRS).map(text)
  const swap = (name: string) => `i32x4.shuffle(${name}, ${name}, 2, 3, 0, 1)`
  return `import {
  HALF,
  LIFT_EVEN,
  LIFT_FIRST,
  LIFT_LAST,
  LIFT_ODD,
  LIFT_WHOLE,
  MASK_25,
  MASK_26,
  MASK_PAIR,
  NINETEEN,
  ODD_ONLY,
} from '../ed25519-constants'

/**
 * target = f g. Limbs of f and g below 1.65 times 2^26 and 2^25; target's at most half of those.
 */
export function mul(target: usize, left: usize, right: usize): void {
${indent(each((k) => `const f${k} = v128.load(left, ${k * 16})`))}
${indent(each((k) => `const g${k} = v128.load(right, ${k * 16})`))}
${indent(each((k) => `const s${k} = ${swap(`g${k}`)}`))}
${indent(each((k) => `const n${k} = i32x4.mul(g${k}, v128.load(NINETEEN))`))}
${indent(each((k) => `const t${k} = ${swap(`n${k}`)}`))}
${indent(each((k) => `const d${k} = i32x4.add(f${k}, v128.and(f${k}, v128.load(ODD_ONLY)))`))}
${indent(writeCarries(mulColumns()))}
}

/** target = f f, with the bounds of mul. */
export function square(target: usize, source: usize): void {
${indent(each((k) => `const f${k} = v128.load(source, ${k * 16})`))}
${indent(each((k) => `const s${k} = ${swap(`f${k}`)}`))}
${indent(each((k) => `const n${k} = i32x4.mul(f${k}, v128.load(NINETEEN))`))}
${indent(each((k) => `const t${k} = ${swap(`n${k}`)}`))}
${indent(each((k) => `const e${k} = i32x4.add(f${k}, f${k})`))}
${indent(each((k) => `const d${k} = i32x4.add(f${k}, v128.and(f${k}, v128.load(ODD_ONLY)))`))}
${indent(each((k) => `const q${k} = i32x4.add(d${k}, d${k})`))}
${indent(writeCarries(squareColumns()))}
}
`
}
