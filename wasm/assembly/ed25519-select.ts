// Multiples of the base point by secret digits. Every entry of a window is read whatever the
// digit is, every address is the same for every key and message, and masks take the place of
// branches.
import { DIGITS, ENTRIES, ENTRY, NIELS } from './ed25519-scratch'
import { COMB_ENTRIES, COMB_WINDOWS, SLICED_WINDOWS } from './ed25519-table'
import { selectGroup, selectHalfGroup } from './generated/ed25519-slices'
import { ED_COMB, ED_SLICED } from './layout'

/**
 * Signed digits of 6 bits, -32 to 32, of the 32 bytes at `scalar`; turned around where `sign` is
 * all ones. Two bytes a digit: its amount and its sign as a mask.
 */
export function splitForComb(digits: usize, scalar: usize, sign: i32): void {
  let carried: i32 = 0
  for (let window: usize = 0; window < COMB_WINDOWS; window++) {
    const bit = window * 6
    const digit = carried + ((<i32>load<u16>(scalar + (bit >> 3)) >> <i32>(bit & 7)) & 63)
    // The last one takes what is left: a scalar below half the order leaves at most 32.
    carried = ((digit + 31) >> 6) & -(<i32>(window + 1 < COMB_WINDOWS))
    storeDigit(digits + 2 * window, digit - (carried << 6), sign)
  }
}

function storeDigit(target: usize, digit: i32, sign: i32): void {
  const mask = digit >> 31
  store<u8>(target, (digit ^ mask) - mask)
  store<u8>(target, mask ^ sign, 1)
}

/** Digits of 8 bits, -128 to 127, of the 32 bytes at `scalar`, one every 16 bytes. */
export function splitForSlices(digits: usize, scalar: usize): void {
  let carried: i32 = 0
  for (let window: usize = 0; window < SLICED_WINDOWS; window++) {
    const digit = carried + <i32>load<u8>(scalar + window)
    carried = (digit + 128) >> 8
    store<u8>(digits + 16 * window, digit)
  }
}

/** The entry of one window that a digit names, at `target`; the neutral one for 0. */
function selectOne(target: usize, window: usize, digit: i32): void {
  const wanted = i32x4.splat(digit)
  const one = i32x4.splat(1)
  // With no entry taken the sums y + x and y - x are still to be 1.
  const neutral = v128.and(i32x4.eq(wanted, i32x4.splat(0)), one)
  let at0 = v128.and(neutral, i32x4(1, 0, 0, 0))
  let at1 = i64x2.splat(0)
  let at2 = v128.and(neutral, i32x4(0, 0, 1, 0))
  let at3 = at1
  let at4 = at1
  let at5 = at1
  let at6 = at1
  let at7 = at1
  let number = one
  const end = window + COMB_ENTRIES * ENTRY
  for (let entry = window; entry < end; entry += ENTRY) {
    const mask = i32x4.eq(number, wanted)
    number = i32x4.add(number, one)
    at0 = v128.or(at0, v128.and(v128.load(entry), mask))
    at1 = v128.or(at1, v128.and(v128.load(entry, 16), mask))
    at2 = v128.or(at2, v128.and(v128.load(entry, 32), mask))
    at3 = v128.or(at3, v128.and(v128.load(entry, 48), mask))
    at4 = v128.or(at4, v128.and(v128.load(entry, 64), mask))
    at5 = v128.or(at5, v128.and(v128.load(entry, 80), mask))
    at6 = v128.or(at6, v128.and(v128.load(entry, 96), mask))
    at7 = v128.or(at7, v128.and(v128.load(entry, 112), mask))
  }
  v128.store(target, at0)
  v128.store(target, at1, 16)
  v128.store(target, at2, 32)
  v128.store(target, at3, 48)
  v128.store(target, at4, 64)
  v128.store(target, at5, 80)
  v128.store(target, at6, 96)
  v128.store(target, at7, 112)
}

/**
 * Lays two entries side by side as one of two lanes, and turns either around where its sign is all
 * ones: y + x and y - x change places, 2dxy changes its sign.
 */
export function joinEntries(first: usize, second: usize, firstSign: i32, secondSign: i32): void {
  for (let at: usize = 0; at < ENTRY; at += 16) {
    const left = v128.load(first + at)
    const right = v128.load(second + at)
    v128.store(NIELS + 2 * at, i32x4.shuffle(left, right, 0, 4, 1, 5))
    v128.store(NIELS + 2 * at, i32x4.shuffle(left, right, 2, 6, 3, 7), 16)
  }
  const sign = i32x4.replace_lane(i32x4.splat(firstSign), 1, secondSign)
  const mask = i32x4.shuffle(sign, sign, 0, 1, 0, 1)
  for (let at: usize = 0; at < 80; at += 16) {
    const sum = v128.load(NIELS + at)
    const difference = v128.load(NIELS + at, 80)
    const change = v128.and(v128.xor(sum, difference), mask)
    v128.store(NIELS + at, v128.xor(sum, change))
    v128.store(NIELS + at, v128.xor(difference, change), 80)
    const product = v128.load(NIELS + at, 160)
    v128.store(NIELS + at, i32x4.sub(v128.xor(product, mask), mask), 160)
  }
}

/** The entries of windows `window` and `window` + 1 by the digits of splitForComb, as one. */
export function selectPair(window: usize): void {
  const table = ED_COMB + window * COMB_ENTRIES * ENTRY
  const digits = DIGITS + 2 * window
  selectOne(ENTRIES, table, load<u8>(digits))
  selectOne(ENTRIES + ENTRY, table + COMB_ENTRIES * ENTRY, load<u8>(digits, 2))
  joinEntries(ENTRIES, ENTRIES + ENTRY, load<i8>(digits, 1), load<i8>(digits, 3))
}

/** The entries of one window for the sixteen digits at DIGITS, signs apart, at ENTRIES. */
export function selectSixteen(window: usize): void {
  const digits = DIGITS + 16 * window
  const table = ED_SLICED + window * 120 * 128
  for (let group: usize = 0; group < 7; group++) {
    selectGroup(table + group * 2048, ENTRIES + group * 16, digits)
  }
  selectHalfGroup(table + 7 * 2048, ENTRIES + 7 * 16, digits)
  // Where a digit is 0 nothing was found; the sums y + x and y - x, bytes 0 and 40, are still to
  // be 1.
  for (let lane: usize = 0; lane < 16; lane++) {
    const entry = ENTRIES + lane * ENTRY
    const neutral = i32(load<u8>(digits + lane) == 0)
    store<u8>(entry, load<u8>(entry) | neutral)
    store<u8>(entry, load<u8>(entry, 40) | neutral, 40)
  }
}
