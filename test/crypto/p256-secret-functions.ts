/** Every export of P-256 and of the inversions that touches a key or a nonce. */
export const P256_SECRET_EXPORTS = [
  'gcdInvert25519',
  'gcdInvertBoth',
  'gcdInvertN',
  'gcdInvertP',
  'jwtP256Sign',
  'jwtP256SignMany',
  'p256ForgetKey',
  'p256KeepKey',
  'p256PublicKey',
  'p256Sign',
  'p256SignBatch',
] as const

/** Functions that must be among those reached from there, or nothing was shown. */
export const P256_SECRET_FUNCTIONS = [
  'gcd/gcdInvertBoth',
  'gcd/gcdInvertP',
  'generated/p256/mulN',
  'generated/p256/mulP',
  'generated/p256/sqrP',
  'generated/p256-lookup/transpose16',
  'p256-sign/deriveNonce',
  'p256-scalar/recode',
  'p256-shared/addAffine',
] as const

/**
 * Where a secret becomes a flag: a key or a nonce out of its range, a point that is not on the
 * curve, a product that is zero. Each ends the call, or refuses a candidate that is then not used.
 */
export const P256_FLAGS = [
  'p256-batch/finish',
  'p256-batch/p256SignBatch',
  'p256-field/invertPairP',
  'p256-field/isScalar',
  'p256-point/onCurve',
  'p256-sign/multiplyBase',
  'p256-sign/p256Sign',
] as const
