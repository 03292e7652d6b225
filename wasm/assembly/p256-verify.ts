/**
 * Verification of ECDSA over P-256 with SHA-256 (FIPS 186-5 §6.4.2). All of it is public: tables
 * are indexed, and branches may depend on the signature.
 */
import { gcdInvertN } from './gcd'
import { BASE_X_P, mulN, mulP, R2_P, R3_N, storeConstants, sub } from './generated/p256'
import { PARAMETERS } from './layout'
import {
  canonicalN,
  canonicalP,
  isScalar,
  isZero,
  negateWhere,
  ORDER_0,
  ORDER_1,
  ORDER_2,
  ORDER_3,
  reduceOnceP,
  toLane,
} from './p256-field'
import {
  DIGITS_A,
  ENTRY_A,
  ENTRY_BYTES,
  NUMBER_A,
  PAIR_BYTES,
  POINTS,
  SCALARS,
  SUM,
  TABLES,
  TREE,
  VERIFY_KEYS,
} from './p256-layout'
import { addPoints, mergeSums, onCurve, SUM_X, SUM_ZZ, startSums, unpackPoints } from './p256-point'
import { copy32, digitAt, digitEntry, digitSign, recode, reverse32 } from './p256-scalar'
import { digestMessage } from './p256-sign'
import { buildTable, tableBytes } from './p256-table'

// Nine bits a digit for the base point; seven for a key, of which there are many.
const BASE_WIDTH: i32 = 9
const BASE_POSITIONS: i32 = 29
const KEY_WIDTH: i32 = 7
const KEY_POSITIONS: i32 = 37

const R: usize = SCALARS
const S: usize = SCALARS + 32
const DIGEST: usize = SCALARS + 64
const INVERSE: usize = SCALARS + 96
const FACTORS: usize = SCALARS + 128
const NUMBERS: usize = SCALARS + 208
const R_PAIR: usize = SCALARS + 288
/** The entries to be added: an address and a sign of four bytes each. */
const CHOSEN: usize = TREE

const INVALID: i32 = 0
const VALID: i32 = 1
const UNDECIDED: i32 = 2

/** Builds the table of the base point; to be called once before anything else. */
export function p256StartVerifying(): void {
  storeConstants()
  memory.copy(POINTS, BASE_X_P, 2 * PAIR_BYTES)
  buildTable(TABLES, BASE_WIDTH, BASE_POSITIONS, false)
}

/** Where tables of keys may lie, to the end of the memory. */
export function p256KeysAt(): usize {
  return VERIFY_KEYS
}

/** The room one key's table takes, with what is read past its end. */
export function p256KeyBytes(): usize {
  return tableBytes(KEY_WIDTH, KEY_POSITIONS) + ENTRY_BYTES
}

/**
 * 1 if the point at PARAMETERS, x and y in 32 bytes each with the most significant first, has
 * coordinates below the prime and lies on the curve; else 0. That makes its order the curve's.
 */
export function p256KeyIsSound(): i32 {
  for (let half: usize = 0; half < 2; half++) {
    reverse32(NUMBER_A, PARAMETERS + half * 32)
    toLane(POINTS + half * PAIR_BYTES, 0, NUMBER_A)
    toLane(POINTS + half * PAIR_BYTES, 1, NUMBER_A)
    if (reduceOnceP(NUMBER_A) === 0) return 0
    mulP(POINTS + half * PAIR_BYTES, POINTS + half * PAIR_BYTES, R2_P)
  }
  return onCurve(POINTS) & 1
}

/** Builds the table of the key at PARAMETERS; 0 if the key is not sound. */
export function p256PrepareKey(table: usize): i32 {
  if (p256KeyIsSound() === 0) return 0
  return buildTable(table, KEY_WIDTH, KEY_POSITIONS, false)
}

/**
 * Verifies the signature at PARAMETERS, r and s in 32 bytes each with the most significant first,
 * over the first message (`length` as in p256Sign) by a prepared key. Returns 1 if it is valid and
 * 0 if not; and 2 if the sum met a point and itself, which only who chose the key can bring about:
 * another implementation must decide then.
 */
export function p256Verify(table: usize, length: u32): i32 {
  reverse32(R, PARAMETERS)
  reverse32(S, PARAMETERS + 32)
  if ((isScalar(R) & isScalar(S)) === 0) return INVALID
  digestMessage(DIGEST, 0, length)
  gcdInvertN(INVERSE, S)
  toLane(FACTORS, 0, INVERSE)
  toLane(FACTORS, 1, INVERSE)
  mulN(FACTORS, FACTORS, R3_N)
  reverse32(DIGEST, DIGEST)
  toLane(NUMBERS, 0, DIGEST)
  toLane(NUMBERS, 1, R)
  mulN(NUMBERS, NUMBERS, FACTORS)
  canonicalN(NUMBER_A, NUMBERS)
  if (isZero(NUMBER_A)) return UNDECIDED
  copy32(NUMBERS, NUMBER_A)
  copy32(NUMBERS + 32, NUMBER_A + 32)
  choose(CHOSEN, NUMBERS, TABLES, BASE_WIDTH, BASE_POSITIONS)
  choose(CHOSEN + 8 * BASE_POSITIONS, NUMBERS + 32, table, KEY_WIDTH, KEY_POSITIONS)
  sumChosen(BASE_POSITIONS + KEY_POSITIONS)
  mergeSums(SUM)
  return hasX()
}

/** Lists the entries whose sum is scalar times the table's point. */
function choose(target: usize, scalar: usize, table: usize, width: i32, positions: i32): void {
  const flip = <i32>recode(DIGITS_A, scalar, width * positions)
  const slabBytes = ENTRY_BYTES << (<usize>(width - 1))
  for (let position = 0; position < positions; position++) {
    const digit = digitAt(DIGITS_A, position, width)
    const sign = digitSign(digit, width)
    const entry = <usize>digitEntry(digit, sign, width) * ENTRY_BYTES
    store<u32>(target + <usize>position * 8, <u32>(table + <usize>position * slabBytes + entry))
    store<i32>(target + <usize>position * 8, sign ^ flip, 4)
  }
}

/** Adds an even number of entries, every other one in the other lane. */
function sumChosen(count: i32): void {
  const end = CHOSEN + count * 8
  for (let at = CHOSEN; at < end; at += 16) {
    unpackPoints(POINTS, load<u32>(at), load<u32>(at, 8))
    negateWhere(POINTS + PAIR_BYTES, load<i32>(at, 4), load<i32>(at, 12))
    if (at === CHOSEN) startSums(SUM, POINTS)
    else addPoints(SUM, POINTS)
  }
}

/**
 * Whether the sum's x, mod the order, is r: x is r, or r plus the order if that is below the prime.
 */
function hasX(): i32 {
  canonicalP(NUMBER_A, SUM + SUM_ZZ)
  if (isZero(NUMBER_A)) return UNDECIDED
  copy32(ENTRY_A, R)
  addOrderIfBelowPrime(ENTRY_A)
  toLane(R_PAIR, 0, R)
  toLane(R_PAIR, 1, ENTRY_A)
  mulP(R_PAIR, R_PAIR, R2_P)
  mulP(R_PAIR, R_PAIR, SUM + SUM_ZZ)
  sub(R_PAIR, R_PAIR, SUM + SUM_X)
  canonicalP(NUMBER_A, R_PAIR)
  return (isZero(NUMBER_A) | isZero(NUMBER_A + 32)) === 0 ? INVALID : VALID
}

/** Leaves the number alone if the sum is not below the prime. */
function addOrderIfBelowPrime(at: usize): void {
  const r0 = load<u64>(at),
    r1 = load<u64>(at, 8)
  // The prime less the order has 127 bits.
  if ((load<u64>(at, 16) | load<u64>(at, 24)) !== 0) return
  if (r1 > GAP_1 || (r1 === GAP_1 && r0 >= GAP_0)) return
  const s0 = r0 + ORDER_0
  const c0 = u64(s0 < r0)
  const s1 = r1 + ORDER_1
  const c1 = u64(s1 < r1)
  const t1 = s1 + c0
  const carry = c1 + u64(t1 < s1)
  const s2 = ORDER_2 + carry
  store<u64>(at, s0)
  store<u64>(at, t1, 8)
  store<u64>(at, s2, 16)
  store<u64>(at, ORDER_3 + u64(s2 < carry), 24)
}

const GAP_0: u64 = 0x0c46353d039cdaae
const GAP_1: u64 = 0x4319055358e8617b
