// Where P-256 and the inversion keep what they work on: this part of the memory map is theirs
// alone.
import { P256_BASE, P256_END } from './layout'

// The four numbers of an inversion, nine limbs of 30 bits in 48 bytes each; and those of a second
// one.
export const GCD: usize = P256_BASE
export const GCD_SECOND: usize = P256_BASE + 192
export const GCD_BYTES: usize = 192

// Two numbers side by side: nine limbs of 29 bits, each a word of the first beside one of the
// second.
export const PAIR_BYTES: usize = 72
// Two points with affine coordinates: x and behind it y.
export const POINTS_BYTES: usize = 2 * PAIR_BYTES
// The same for one point in a table: x and y reduced, 32 bytes each, least byte first.
export const ENTRY_BYTES: usize = 64

// Numbers that never change, written at the start.
export const P256_CONSTANTS: usize = P256_BASE + 384

// Working memory, wiped after every call. First what the lowest functions use.
export const P256_SCRATCH: usize = P256_BASE + 2048
export const PAIR_A: usize = P256_SCRATCH
export const PAIR_B: usize = P256_SCRATCH + 80
export const NUMBER_A: usize = P256_SCRATCH + 160
export const NUMBER_B: usize = P256_SCRATCH + 224
// Eight pairs for the formulas of points.
export const POINT_SCRATCH: usize = P256_SCRATCH + 288
// A running sum of two lanes, and two points to be added to it.
export const SUM: usize = P256_SCRATCH + 928
export const POINTS: usize = P256_SCRATCH + 1216
// Digits of two scalars, and two entries chosen for them (with room for reading past the end).
export const DIGITS_A: usize = P256_SCRATCH + 1376
export const DIGITS_B: usize = P256_SCRATCH + 1424
export const ENTRY_A: usize = P256_SCRATCH + 1472
export const ENTRY_B: usize = P256_SCRATCH + 1552
// What signing and verifying give names to, and what the nonce is derived in.
export const SCALARS: usize = P256_SCRATCH + 1664
export const NONCE_SCRATCH: usize = P256_SCRATCH + 2240

// One shared inversion: up to 128 differences and the products before them.
export const SHARED_MAX: usize = 128
export const SHARED_PRODUCT: usize = P256_SCRATCH + 3072
export const SHARED_INVERSE: usize = P256_SCRATCH + 3152
export const SHARED_VALUES: usize = P256_SCRATCH + 3264
export const SHARED_PREFIXES: usize = SHARED_VALUES + SHARED_MAX * PAIR_BYTES
export const SHARED_END: usize = SHARED_PREFIXES + SHARED_MAX * PAIR_BYTES

// The points of a batch: 32 for each of sixteen signatures; and the rows that one position's
// entries are gathered in. The same room serves for building tables.
export const TREE: usize = SHARED_END
export const TREE_BYTES: usize = 32 * 8 * POINTS_BYTES
export const GATHERED: usize = TREE + TREE_BYTES
export const GATHERED_BYTES: usize = 16 * ENTRY_BYTES + 64
export const CHAIN: usize = TREE
export const BATCH: usize = GATHERED + GATHERED_BYTES
export const BATCH_BYTES: usize = 4608
// Four states of SHA-256, word by word; and the same before the last compression.
export const FOUR_STATES: usize = BATCH + BATCH_BYTES
export const FOUR_KEPT: usize = FOUR_STATES + 128
export const P256_SCRATCH_END: usize = FOUR_KEPT + 128

// Secret keys, by slot; and states of SHA-256 that every nonce begins with.
export const KEY_SLOTS: usize = P256_BASE + 128 * 1024
export const KEY_SLOT_BYTES: usize = 192
export const KEY_SLOTS_MAX: usize = 64
export const NONCE_CONSTANTS: usize = KEY_SLOTS + KEY_SLOT_BYTES * KEY_SLOTS_MAX
// The constants of SHA-256's rounds.
export const FOUR_CONSTANTS: usize = NONCE_CONSTANTS + 64

// Tables of odd multiples. One instance signs and another verifies, so the room for the multiples
// of the base point is shared between them.
export const TABLES: usize = P256_BASE + 192 * 1024

// Tables of public keys, to the end of the memory of an instance that verifies.
export const VERIFY_KEYS: usize = P256_END
