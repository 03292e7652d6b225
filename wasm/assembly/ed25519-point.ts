// Points of edwards25519, two at a time, in extended coordinates (Hisil, Wong, Carter and Dawson
// 2008, "Twisted Edwards Curves Revisited", §3.1 and §3.3). The formulas are complete: no pair of
// points is an exception, so there is nothing to branch on.

import { PAIR, POINT, WORK } from './ed25519-scratch'
import { mul, square } from './generated/ed25519-field'
import { INVERSE_OF_D, ONE, TWICE_D_AND_TWO } from './generated/ed25519-points'

const A = WORK
const B = WORK + PAIR
const C = WORK + 2 * PAIR
const D = WORK + 3 * PAIR
const E = WORK + 4 * PAIR
const F = WORK + 5 * PAIR
const G = WORK + 6 * PAIR
const H = WORK + 7 * PAIR

export function add(target: usize, left: usize, right: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    v128.store(target + at, i32x4.add(v128.load(left + at), v128.load(right + at)))
  }
}

export function sub(target: usize, left: usize, right: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    v128.store(target + at, i32x4.sub(v128.load(left + at), v128.load(right + at)))
  }
}

export function copyPair(target: usize, source: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) v128.store(target + at, v128.load(source + at))
}

/** Both lanes become what the first (or second) of `source` is. */
export function spreadLane(target: usize, source: usize, lane: usize): void {
  for (let at: usize = 0; at < PAIR; at += 8) {
    const limb = load<i32>(source + at + lane * 4)
    store<i32>(target + at, limb)
    store<i32>(target + at, limb, 4)
  }
}

/** The lanes of `source` change places. */
export function swapLanes(target: usize, source: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    const pair = v128.load(source + at)
    v128.store(target + at, i32x4.shuffle(pair, pair, 1, 0, 3, 2))
  }
}

/** The first lane of `first` and the first of `second`, side by side. */
export function joinFirst(target: usize, first: usize, second: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    const joined = i32x4.shuffle(v128.load(first + at), v128.load(second + at), 0, 4, 2, 6)
    v128.store(target + at, joined)
  }
}

/** The second lane of `first` and the second of `second`, side by side. */
export function joinSecond(target: usize, first: usize, second: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    const joined = i32x4.shuffle(v128.load(first + at), v128.load(second + at), 1, 5, 3, 7)
    v128.store(target + at, joined)
  }
}

/**
 * point += entry, where the entry is y + x, y - x and 2dxy of both lanes: seven multiplications.
 */
export function addEntry(point: usize, entry: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    const x = v128.load(point + at)
    const y = v128.load(point + at, PAIR)
    const z = v128.load(point + at, 2 * PAIR)
    v128.store(A + at, i32x4.sub(y, x))
    v128.store(B + at, i32x4.add(y, x))
    v128.store(D + at, i32x4.add(z, z))
  }
  mul(A, A, entry + PAIR)
  mul(B, B, entry)
  mul(C, point + 3 * PAIR, entry + 2 * PAIR)
  finish(point)
}

/** From A, B, C and D to the sum. */
function finish(point: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    const a = v128.load(A + at)
    const b = v128.load(B + at)
    const c = v128.load(C + at)
    const d = v128.load(D + at)
    v128.store(E + at, i32x4.sub(b, a))
    v128.store(F + at, i32x4.sub(d, c))
    v128.store(G + at, i32x4.add(d, c))
    v128.store(H + at, i32x4.add(b, a))
  }
  mul(point, E, F)
  mul(point + PAIR, G, H)
  mul(point + 2 * PAIR, F, G)
  mul(point + 3 * PAIR, E, H)
}

/**
 * The point an entry stands for: (y + x) ∓ (y - x) are 2y and 2x, so with Z = 2 only T asks for a
 * multiplication, and the first of many additions is saved.
 */
export function startFromEntry(point: usize, entry: usize): void {
  for (let at: usize = 0; at < PAIR; at += 16) {
    const sum = v128.load(entry + at)
    const difference = v128.load(entry + at, PAIR)
    const one = v128.load(ONE + at)
    v128.store(point + at, i32x4.sub(sum, difference))
    v128.store(point + at, i32x4.add(sum, difference), PAIR)
    v128.store(point + at, i32x4.add(one, one), 2 * PAIR)
  }
  mul(point + 3 * PAIR, entry + 2 * PAIR, INVERSE_OF_D)
}

export function double(point: usize): void {
  const x = point
  const y = point + PAIR
  const z = point + 2 * PAIR
  add(H, x, y)
  add(D, z, z)
  square(A, x)
  square(B, y)
  mul(C, D, z)
  square(G, H)
  for (let at: usize = 0; at < PAIR; at += 16) {
    const a = v128.load(A + at)
    const b = v128.load(B + at)
    const sum = i32x4.add(a, b)
    const difference = i32x4.sub(a, b)
    v128.store(H + at, sum)
    v128.store(E + at, i32x4.sub(sum, v128.load(G + at)))
    v128.store(G + at, difference)
    v128.store(F + at, i32x4.add(v128.load(C + at), difference))
  }
  mul(x, E, F)
  mul(y, G, H)
  mul(z, F, G)
  mul(point + 3 * PAIR, E, H)
}

/**
 * Adds the lanes of a point. Instead of nine multiplications one after another, two run in the
 * lanes of each of five. Leaves X in the first and Y in the second lane at `point`, Z in both of
 * its third.
 */
export function addLanes(point: usize): void {
  const xy = WORK + 8 * PAIR
  const yx = WORK + 9 * PAIR
  sub(A, point + PAIR, point)
  add(B, point + PAIR, point)
  joinFirst(xy, A, B)
  joinSecond(yx, A, B)
  mul(A, xy, yx)
  joinFirst(xy, point + 3 * PAIR, point + 2 * PAIR)
  joinSecond(yx, point + 3 * PAIR, point + 2 * PAIR)
  mul(B, xy, yx)
  mul(B, B, TWICE_D_AND_TWO)
  // A holds A and B, B holds C and D; their differences and sums are E, F and H, G.
  swapLanes(C, A)
  swapLanes(D, B)
  sub(E, C, A)
  add(H, C, A)
  sub(F, D, B)
  add(G, D, B)
  joinFirst(xy, E, G)
  joinFirst(yx, F, H)
  mul(point, xy, yx)
  spreadLane(F, F, 0)
  spreadLane(G, G, 0)
  mul(point + 2 * PAIR, F, G)
}

export function copyPoint(target: usize, source: usize): void {
  for (let at: usize = 0; at < POINT; at += 16) v128.store(target + at, v128.load(source + at))
}
