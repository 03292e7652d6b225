// Tables of multiples: for every window of w bits at position p, the entries 1 to 2^(w-1) times
// 2^(w p) times a point, as y + x, y - x and 2dxy in ten limbs each. With signed digits a scalar is
// then one addition per window and no doubling.

import { invertMany } from './ed25519-invert'
import { addEntry, copyPair, copyPoint, double } from './ed25519-point'
import {
  ENTRY,
  NIELS,
  PAIR,
  POINT,
  POINTS,
  STRETCH,
  STRETCH_END,
  STRETCH_ENTRIES,
} from './ed25519-scratch'
import { mul } from './generated/ed25519-field'
import { BASE_X, BASE_Y, ONE, TWICE_D } from './generated/ed25519-points'
import { ED_BASE, ED_COMB, ED_SLICED } from './layout'

export const COMB_BITS: usize = 6
export const COMB_WINDOWS: usize = 42
export const COMB_ENTRIES: usize = 32
export const SLICED_BITS: usize = 8
export const SLICED_WINDOWS: usize = 32
export const SLICED_ENTRIES: usize = 128
export const BASE_BITS: usize = 10
export const BASE_WINDOWS: usize = 26
export const BASE_ENTRIES: usize = 512

const SUM = POINTS
const STEP = POINTS + POINT
const X = STRETCH_END
const Y = STRETCH_END + PAIR

/** Brings X and Y of a point whose inverse Z is known to an entry of both lanes. */
function entryOf(target: usize, point: usize): void {
  mul(X, point, point + 2 * PAIR)
  mul(Y, point + PAIR, point + 2 * PAIR)
  for (let at: usize = 0; at < PAIR; at += 16) {
    const x = v128.load(X + at)
    const y = v128.load(Y + at)
    v128.store(target + at, i32x4.add(y, x))
    v128.store(target + at, i32x4.sub(y, x), PAIR)
  }
  mul(X, X, Y)
  mul(target + 2 * PAIR, X, TWICE_D)
}

/** Writes one lane of an entry where additions read it, 128 bytes to an entry. */
function storeDirect(target: usize, entry: usize): void {
  for (let limb: usize = 0; limb < 30; limb++) {
    store<i32>(target + limb * 4, load<i32>(entry + limb * 8))
  }
  store<i64>(target, 0, 120)
}

/** Writes one lane of an entry as column `index` of 120 rows of 128 bytes. */
function storeSliced(target: usize, entry: usize, index: usize): void {
  for (let byte: usize = 0; byte < 120; byte++) {
    const limb = byte >> 2
    store<u8>(target + byte * 128 + index, load<u8>(entry + limb * 8 + (byte & 3)))
  }
}

/** STRETCH_ENTRIES entries, from `first` on, of the two windows at `target`. */
function storeStretch(
  target: usize,
  windowBytes: usize,
  first: usize,
  lanes: usize,
  isSliced: bool,
): void {
  // The shared inversion takes sixteen at a time.
  for (let from: usize = 0; from < STRETCH_ENTRIES; from += 16) {
    const part = STRETCH + from * POINT
    invertMany(part + 2 * PAIR, POINT, 16)
    for (let index: usize = 0; index < 16; index++) {
      entryOf(NIELS, part + index * POINT)
      const entry = first + from + index
      for (let lane: usize = 0; lane < lanes; lane++) {
        const window = target + lane * windowBytes
        if (isSliced) storeSliced(window, NIELS + lane * 4, entry)
        else storeDirect(window + entry * ENTRY, NIELS + lane * 4)
      }
    }
  }
}

/**
 * Builds a table from the point in both lanes at POINTS, which has Z = 1. Two windows are made at a
 * time, one in each lane.
 */
export function buildTable(
  target: usize,
  bits: usize,
  windows: usize,
  entries: usize,
  isSliced: bool,
): void {
  const windowBytes: usize = isSliced ? 120 * 128 : entries * ENTRY
  // The second lane is one window ahead.
  copyPoint(STEP, SUM)
  for (let bit: usize = 0; bit < bits; bit++) double(STEP)
  for (let pair: usize = 0; pair < 4; pair++) {
    const at = pair * PAIR
    for (let limb: usize = 0; limb < PAIR; limb += 8) {
      store<i32>(STEP + at + limb, load<i32>(SUM + at + limb))
    }
  }
  for (let window: usize = 0; window < windows; window += 2) {
    const lanes: usize = window + 1 < windows ? 2 : 1
    buildWindows(target + window * windowBytes, windowBytes, entries, lanes, isSliced)
    for (let bit: usize = 0; bit < 2 * bits; bit++) double(STEP)
  }
}

/** All entries of the two windows whose first entries are the lanes of STEP. */
function buildWindows(
  target: usize,
  windowBytes: usize,
  entries: usize,
  lanes: usize,
  isSliced: bool,
): void {
  const unit = STRETCH_END + 2 * PAIR
  copyPoint(STRETCH, STEP)
  invertMany(STRETCH + 2 * PAIR, POINT, 1)
  entryOf(unit, STRETCH)
  copyPoint(SUM, STEP)
  for (let first: usize = 0; first < entries; first += STRETCH_ENTRIES) {
    for (let index: usize = 0; index < STRETCH_ENTRIES; index++) {
      copyPoint(STRETCH + index * POINT, SUM)
      addEntry(SUM, unit)
    }
    storeStretch(target, windowBytes, first, lanes, isSliced)
  }
}

function loadBase(): void {
  copyPair(SUM, BASE_X)
  copyPair(SUM + PAIR, BASE_Y)
  copyPair(SUM + 2 * PAIR, ONE)
  mul(SUM + 3 * PAIR, BASE_X, BASE_Y)
}

/** Builds what signing needs: once per instance. */
export function edPrepareSign(): void {
  loadBase()
  buildTable(ED_COMB, COMB_BITS, COMB_WINDOWS, COMB_ENTRIES, false)
  loadBase()
  buildTable(ED_SLICED, SLICED_BITS, SLICED_WINDOWS, SLICED_ENTRIES, true)
}

/** Builds what verification needs: once per instance. */
export function edPrepareVerify(): void {
  loadBase()
  buildTable(ED_BASE, BASE_BITS, BASE_WINDOWS, BASE_ENTRIES, false)
}
