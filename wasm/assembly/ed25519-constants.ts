// Numbers of edwards25519 (RFC 8032 §5.1), laid out as the field code reads them.

// A column of a product is lifted by 2^62 so that a shift without a sign carries it, and by half a
// limb so that limbs come out around zero. From the second on, less what the carry brought along.
export const LIFT_FIRST: usize = memory.data<i64>(
  [(1 << 62) + (1 << 25), (1 << 62) + (1 << 25)],
  16,
)
export const LIFT_ODD: usize = memory.data<i64>(
  [(1 << 62) + (1 << 24) - (1 << 36), (1 << 62) + (1 << 24) - (1 << 36)],
  16,
)
export const LIFT_EVEN: usize = memory.data<i64>(
  [(1 << 62) + (1 << 25) - (1 << 37), (1 << 62) + (1 << 25) - (1 << 37)],
  16,
)
export const LIFT_LAST: usize = memory.data<i64>([1 << 37, 1 << 37], 16)
export const LIFT_WHOLE: usize = memory.data<i64>([1 << 62, 1 << 62], 16)
export const MASK_26: usize = memory.data<i64>([0x3ffffff, 0x3ffffff], 16)
export const MASK_25: usize = memory.data<i64>([0x1ffffff, 0x1ffffff], 16)
export const MASK_PAIR: usize = memory.data<i32>([0x3ffffff, 0x3ffffff, 0x1ffffff, 0x1ffffff], 16)
export const HALF: usize = memory.data<i32>([0x2000000, 0x2000000, 0x1000000, 0x1000000], 16)
export const NINETEEN: usize = memory.data<i32>([19, 19, 19, 19], 16)
export const ODD_ONLY: usize = memory.data<i32>([0, 0, -1, -1], 16)
