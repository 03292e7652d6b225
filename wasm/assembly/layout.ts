// The memory map: every address this module ever touches, once. Nothing is allocated at run time
// and the memory never grows. The host brings the memory, so the instance that verifies may be
// longer than the one that holds secrets; only the last region, tables of public keys, uses the
// difference.
//
// Below STATIC_END lies what the compiler places (constants). Each region starts on a 64-byte line.

const KIB: usize = 1024

export const STATIC_END: usize = 64 * KIB

// Sixteen messages, each with room before it for what is hashed ahead of it (R and A of Ed25519)
// and behind it for padding. The stride is no multiple of 4 KiB: sixteen equal offsets would share
// one set of a first-level cache.
export const LANES: usize = 16
export const MESSAGE_HEAD: usize = 64
export const MESSAGE_BYTES_MAX: usize = 7680
export const MESSAGE_STRIDE: usize = 8320
export const MESSAGES: usize = STATIC_END

// What a call answers with: sixteen results of up to 1 KiB, or the lengths beside them.
export const OUTPUT: usize = 208 * KIB

// What a call is given beside messages: keys, signatures, hex text; or sixteen lengths, behind them
// the random bytes of hedged nonces, and behind those the beginning of tokens.
export const PARAMETERS: usize = OUTPUT + 16 * KIB
export const RANDOM_BYTES: usize = 16
export const RANDOM_OFFSET: usize = 64
export const JWT_BEGINNING_OFFSET: usize = 1024

// Secrets that stay: hash midstates and expanded signing keys, by slot.
export const MAC_SLOTS: usize = PARAMETERS + 16 * KIB
export const MAC_SLOT_BYTES: usize = 64
export const MAC_SLOTS_MAX: usize = 16384
export const ED_SIGN_SLOTS: usize = MAC_SLOTS + MAC_SLOT_BYTES * MAC_SLOTS_MAX
export const ED_SIGN_SLOT_BYTES: usize = 256
export const ED_SIGN_SLOTS_MAX: usize = 64

// Prepared beginnings of tokens, by slot: as many for each key that signs tokens.
export const JWT_HEADS: usize = ED_SIGN_SLOTS + ED_SIGN_SLOT_BYTES * ED_SIGN_SLOTS_MAX
export const JWT_HEAD_BYTES: usize = 2048
export const JWT_KEY_HEADS_MAX: usize = 8
export const JWT_KEYS_MAX: usize = 16
/** Of the text a token begins with, and of the claims that follow. */
export const JWT_TEXT_BYTES_MAX: usize = 1536
export const JWT_CLAIMS_BYTES_MAX: usize = 2560
// Within a message's place: the claims wait behind where the token is put together.
export const JWT_CLAIMS_OFFSET: usize = 5440

// Working memory of SHA, MACs and Ed25519; wiped after every call.
export const SCRATCH: usize = JWT_HEADS + JWT_HEAD_BYTES * JWT_KEY_HEADS_MAX * JWT_KEYS_MAX
export const SCRATCH_BYTES: usize = 64 * KIB

// Multiples of the Ed25519 base point: for one signature (scanned whole), for sixteen (byte-sliced)
// and for verification (indexed).
export const ED_COMB: usize = SCRATCH + SCRATCH_BYTES
export const ED_COMB_BYTES: usize = 42 * 32 * 128
export const ED_SLICED: usize = ED_COMB + ED_COMB_BYTES
export const ED_SLICED_BYTES: usize = 32 * 120 * 128
export const ED_BASE: usize = ED_SLICED + ED_SLICED_BYTES
export const ED_BASE_BYTES: usize = 26 * 512 * 128

// P-256 divides its region itself, in p256-layout.ts.
export const P256_BASE: usize = ED_BASE + ED_BASE_BYTES
export const P256_BYTES: usize = 3072 * KIB
export const P256_END: usize = P256_BASE + P256_BYTES

// Tables of public keys, to the end of the memory the host gave.
export const ED_KEYS: usize = P256_END
// A table, then the key's own bytes.
export const ED_KEY_TABLE_BYTES: usize = 42 * 32 * 128
export const ED_KEY_BYTES: usize = ED_KEY_TABLE_BYTES + 64
