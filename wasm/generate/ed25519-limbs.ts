import { range } from './text.ts'

/** How many bits a limb of the field has, and at which it begins. */
export function bitsOf(limb: number): number {
  return limb % 2 === 0 ? 26 : 25
}

export function bitAt(limb: number): number {
  return Math.ceil(25.5 * limb)
}

/** The ten limbs of a number below 2^255. */
export function limbsOf(value: bigint): bigint[] {
  return range(10).map(
    (limb) => (value >> BigInt(bitAt(limb))) & ((1n << BigInt(bitsOf(limb))) - 1n),
  )
}
