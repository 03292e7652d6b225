// base64url without padding (RFC 4648 §5), twelve bytes at a time and without tables.

/** The letters of sixteen numbers below 64. */
function letters(numbers: v128): v128 {
  // 'A' + n; 'a' lies 6 further from 26 on, '0' 75 back from 52, '-' 13 back at 62, '_' 49 on at
  // 63.
  let text = i8x16.add(numbers, i8x16.splat(65))
  text = i8x16.add(text, v128.and(i8x16.gt_s(numbers, i8x16.splat(25)), i8x16.splat(6)))
  text = i8x16.add(text, v128.and(i8x16.gt_s(numbers, i8x16.splat(51)), i8x16.splat(-75)))
  text = i8x16.add(text, v128.and(i8x16.gt_s(numbers, i8x16.splat(61)), i8x16.splat(-13)))
  return i8x16.add(text, v128.and(i8x16.gt_s(numbers, i8x16.splat(62)), i8x16.splat(49)))
}

/**
 * Writes the text of `length` bytes at `source` and returns its length. Reads up to 15 bytes behind
 * the source and writes up to 15 behind the text. `target` may not overlap `source`.
 */
export function encodeBase64url(target: usize, source: usize, length: usize): usize {
  const order = i8x16(2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1)
  const textBytes = (length * 4 + 2) / 3
  const past = length % 12
  const whole = source + length - past
  let at = target
  for (let from = source; from < whole; from += 12) {
    v128.store(at, encode12(i8x16.swizzle(v128.load(from), order)))
    at += 16
  }
  if (past > 0) {
    // Bytes behind the message must not show in its last letter.
    const kept = i8x16.lt_u(COUNT(), i8x16.splat(<i8>past))
    v128.store(at, encode12(i8x16.swizzle(v128.and(v128.load(whole), kept), order)))
  }
  return textBytes
}

function COUNT(): v128 {
  return i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
}

function encode12(words: v128): v128 {
  const first = v128.and(i32x4.shr_u(words, 18), i32x4.splat(0x3f))
  const second = v128.and(i32x4.shr_u(words, 4), i32x4.splat(0x3f00))
  const third = v128.and(i32x4.shl(words, 10), i32x4.splat(0x3f0000))
  const fourth = v128.and(i32x4.shl(words, 24), i32x4.splat(0x3f000000))
  return letters(v128.or(v128.or(first, second), v128.or(third, fourth)))
}

function within(text: v128, low: i8, high: i8): v128 {
  return v128.and(i8x16.ge_s(text, i8x16.splat(low)), i8x16.le_s(text, i8x16.splat(high)))
}

/** The numbers of sixteen letters; a character that is none becomes 255. */
function numbers(text: v128): v128 {
  const upper = v128.and(within(text, 65, 90), i8x16.splat(-65))
  const lower = within(text, 97, 122)
  const digit = within(text, 48, 57)
  const dash = i8x16.eq(text, i8x16.splat(45))
  const line = i8x16.eq(text, i8x16.splat(95))
  let shift = upper
  shift = v128.or(shift, v128.and(lower, i8x16.splat(-71)))
  shift = v128.or(shift, v128.and(digit, i8x16.splat(4)))
  shift = v128.or(shift, v128.and(dash, i8x16.splat(17)))
  shift = v128.or(shift, v128.and(line, i8x16.splat(-32)))
  const known = v128.or(v128.or(within(text, 65, 90), lower), v128.or(v128.or(digit, dash), line))
  return v128.or(i8x16.add(text, shift), v128.not(known))
}

/**
 * Writes the bytes of `length` letters and returns how many, or -1 unless the text is the one
 * canonical spelling of them: only letters of the alphabet, no impossible length, no bits left
 * over. Reads up to 15 characters behind the text and writes up to 15 bytes behind the result.
 * `target` may be `source`: what is written lies behind what is read.
 */
export function decodeBase64url(target: usize, source: usize, length: usize): i32 {
  const order = i8x16(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)
  const past = length & 15
  const whole = source + length - past
  let bad = i64x2.splat(0)
  let at = target
  for (let from = source; from < whole; from += 16) {
    const parts = numbers(v128.load(from))
    bad = v128.or(bad, parts)
    v128.store(at, i8x16.swizzle(decode16(parts), order))
    at += 12
  }
  let left: u32 = 0
  if (past > 0) {
    const kept = i8x16.lt_u(COUNT(), i8x16.splat(<i8>past))
    const parts = v128.and(numbers(v128.load(whole)), kept)
    bad = v128.or(bad, parts)
    v128.store(at, i8x16.swizzle(decode16(parts), order))
    left = load<u8>(at + ((past * 6) >> 3))
  }
  const isWrong = u32(i8x16.bitmask(bad)) | (u32((length & 3) == 1) << 16) | left
  if (isWrong != 0) return -1
  return <i32>((length * 3) >> 2)
}

function decode16(parts: v128): v128 {
  const first = i32x4.shl(v128.and(parts, i32x4.splat(0x3f)), 18)
  const second = i32x4.shl(v128.and(parts, i32x4.splat(0x3f00)), 4)
  const third = i32x4.shr_u(v128.and(parts, i32x4.splat(0x3f0000)), 10)
  const fourth = i32x4.shr_u(v128.and(parts, i32x4.splat(0x3f000000)), 24)
  return v128.or(v128.or(first, second), v128.or(third, fourth))
}
