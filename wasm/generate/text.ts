/** The whole numbers from 0 to `count` - 1. */
export function range(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index)
}
