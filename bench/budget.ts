/** One row that speed is promised for: how many times as fast as the other way it must be. */
export interface Goal {
  readonly name: string
  /** The comparison that answers for it: exactly one measured name matches. */
  readonly measuredAs: RegExp
  /** The least that is promised, and what is hoped for. */
  readonly must: number
  readonly aim: number
  /** Which public keys' tables it depends on; they may take no more than `KEY_TABLE_BYTES_MAX`. */
  readonly table?: 'Ed25519'
}

/** Speed must not be bought with memory that an attacker can make us spend. */
export const KEY_TABLE_BYTES_MAX = 181 * 1024

/** From nothing to a module that has proved itself, in a fresh process. */
export const COLD_START_MS_MAX = 60

/** Two classes of input whose times differ by more standard errors than this can be told apart. */
export const TIMING_T_MAX = 4.5

export const CRYPTO_GOALS: readonly Goal[] = [
  {
    name: 'EdDSA sign, single',
    measuredAs: /^EdDSA sign, single, against node:crypto$/,
    must: 1.7,
    aim: 2.2,
  },
  {
    name: 'EdDSA sign, batch 16',
    measuredAs: /^EdDSA sign, batch 16, against node:crypto$/,
    must: 2.7,
    aim: 3.5,
  },
  {
    name: 'ES256 sign, single',
    measuredAs: /^ES256 sign, single, hedged nonce, against node:crypto$/,
    must: 1.15,
    aim: 1.4,
  },
  {
    name: 'ES256 sign, batch 16',
    measuredAs: /^ES256 sign, batch 16, hedged nonce, against node:crypto$/,
    must: 2.4,
    aim: 3,
  },
  {
    name: 'Ed25519 verify, cached key, single',
    measuredAs: /^Ed25519 verify, \d+ KiB per key, single, against node:crypto$/,
    must: 4,
    aim: 5.5,
    table: 'Ed25519',
  },
  {
    name: 'Ed25519 verify, cached key, batch 16',
    measuredAs: /^Ed25519 verify, \d+ KiB per key, batch 16, against node:crypto$/,
    must: 4.5,
    aim: 6.5,
    table: 'Ed25519',
  },
  {
    name: 'ES256 verify, cached key, single',
    measuredAs: /^ES256 verify, \d+ KiB per key, single, against node:crypto$/,
    must: 2.2,
    aim: 3,
  },
  {
    name: 'HMAC-SHA-256 verify, 43 B, string to boolean',
    measuredAs: /^HMAC-SHA-256 verify, 43 B, against createHmac$/,
    must: 2.8,
    aim: 4.5,
  },
  {
    name: 'HMAC-SHA-256 verify, 100 B, string to boolean',
    measuredAs: /^HMAC-SHA-256 verify, 100 B, against createHmac$/,
    must: 2.8,
    aim: 4.5,
  },
  {
    name: 'whole EdDSA JWT, batch 16, against fast-jwt',
    measuredAs: /^whole EdDSA JWT, claims to bytes, batch 16, against fast-jwt$/,
    must: 2.6,
    aim: 3.5,
  },
]

/** Why a comparison may be lost; one lost without standing here is reported as unexplained. */
export const REASONS: readonly { readonly measuredAs: RegExp; readonly why: string }[] = [
  {
    measuredAs: /^HMAC-SHA-256 verify, .*crypto\.hash/,
    why:
      'The other side hashes once with the processor’s own SHA instructions, which WebAssembly ' +
      'does not have; HMAC hashes twice. Where the format is ours, keyed BLAKE3 takes its place.',
  },
  {
    measuredAs: /^keyed BLAKE3 verify/,
    why:
      'One call into native code with the processor’s SHA instructions is about as long as one ' +
      'compression in WebAssembly with its text written and read.',
  },
  {
    measuredAs: /^HMAC-SHA-256.*openssl speed/,
    why:
      'Native code with the processor’s SHA instructions hashes a block in a quarter of the ' +
      'time. What is won against createHmac is its calls and objects; openssl speed makes none.',
  },
  {
    measuredAs: /^HMAC-SHA-256 verify, \d+ B, against createHmac$/,
    why: 'Beyond some 850 bytes the processor’s SHA instructions win over the calls saved.',
  },
  {
    measuredAs: /^ES256 sign.*single/,
    why:
      'OpenSSL signs with P-256 in assembler that multiplies 64 by 64 bits; WebAssembly has 32 ' +
      'by 32. One signature alone cannot share an inversion; a batch does, and wins.',
  },
  {
    measuredAs: /^ES256 sign, batch [23], /,
    why: 'So few share one inversion between too few.',
  },
]
