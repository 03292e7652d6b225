/** Where P-256 and the inversion keep what they work on; all of it inside the region of layout.ts. */
export const P256_BASE: usize = 1 << 20

/** The four numbers of the inversion: nine limbs of 30 bits each, in 48 bytes. */
export const GCD_F: usize = P256_BASE
export const GCD_G: usize = P256_BASE + 48
export const GCD_D: usize = P256_BASE + 96
export const GCD_E: usize = P256_BASE + 144
export const GCD_BYTES: usize = 192
