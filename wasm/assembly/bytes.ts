// Comparing and spelling bytes without a branch or an address that depends on them.

/** The digits that sixteen nibbles are spelled with. */
function hexDigits(nibbles: v128): v128 {
  // '0' + n, and 39 more from ten on: 'a' is 87 + 10.
  const late = v128.and(i8x16.gt_s(nibbles, i8x16.splat(9)), i8x16.splat(39))
  return i8x16.add(i8x16.add(nibbles, i8x16.splat(48)), late)
}

function spread(high: v128, low: v128): v128 {
  return i8x16.shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}

/** Zero if the 64 characters at `text` are the lowercase hex of the 32 bytes at `bytes`. */
export function differsFromHex(bytes: usize, text: usize): i32 {
  let difference = i64x2.splat(0)
  for (let half: usize = 0; half < 2; half++) {
    const run = v128.load(bytes + half * 16)
    const high = hexDigits(i8x16.shr_u(run, 4))
    const low = hexDigits(v128.and(run, i8x16.splat(15)))
    const first = i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
    const second = spread(high, low)
    const at = text + half * 32
    difference = v128.or(difference, v128.xor(first, v128.load(at)))
    difference = v128.or(difference, v128.xor(second, v128.load(at, 16)))
  }
  return i32(v128.any_true(difference))
}

/** Zero if the 32 bytes at both addresses are the same. */
export function differs32(left: usize, right: usize): i32 {
  const first = v128.xor(v128.load(left), v128.load(right))
  const second = v128.xor(v128.load(left, 16), v128.load(right, 16))
  return i32(v128.any_true(v128.or(first, second)))
}

/** Zero if the 43 bytes at both addresses are the same. */
export function differs43(left: usize, right: usize): i32 {
  const first = v128.xor(v128.load(left), v128.load(right))
  const second = v128.xor(v128.load(left, 16), v128.load(right, 16))
  // The last sixteen overlap the ones before.
  const third = v128.xor(v128.load(left, 27), v128.load(right, 27))
  return i32(v128.any_true(v128.or(v128.or(first, second), third)))
}
